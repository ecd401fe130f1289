"""`mediflow upgrade`."""

from typing import Annotated

import typer

from mediflow_assets.cli import context, output


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("upgrade")(upgrade)


def upgrade(
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would be done")] = False,
) -> None:
    """Carry a lake forward that an older MediFlow wrote: say what will be done, do it, and bring every table up to
    date."""
    from mediflow_assets.cli import officer, running
    from mediflow_assets.pipeline.damage import require_readable
    from mediflow_assets.pipeline.upgrade import carry_forward, plan
    from mediflow_assets.privacy.erasure.journal import refuse_half_erased
    from mediflow_assets.secrets.key_change import refuse_half_changed
    from mediflow_assets.storage.lease import lake_lease

    settings = context.settings()
    settings.require_home()
    lake = context.lake(settings)
    require_readable(lake)
    tasks = plan(lake)
    if not tasks:
        output.line("The lake is as this MediFlow writes it. There is nothing to do.")
        return
    output.table("upgrade", ("place", "what will be done"), [(task.place, task.says) for task in tasks])
    output.line("An older MediFlow may refuse the lake afterwards: the way back is a backup ('mediflow backup').")
    if dry_run:
        return
    if not yes and context.ask("Type 'upgrade' to do it").strip() != "upgrade":
        output.warn("Nothing was done.")
        raise typer.Exit(context.FAILED)
    with officer.recorded(settings, "upgrade", f"{len(tasks)} tasks"):
        with lake_lease(settings.lock, "upgrade"):
            refuse_half_erased(settings.root)
            refuse_half_changed(settings.secrets)
            carry_forward(lake, settings.root, is_asked=True)
        raise typer.Exit(running.launch("refresh", has_all_made=True))
