"""`mediflow maintain`."""

import typer

from mediflow_assets.cli import context, output


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("maintain")(maintain)


def maintain() -> None:
    """Join small files and remove old versions, while no run writes the lake."""
    from mediflow_assets.ingest.event_lease import events_asked_for
    from mediflow_assets.storage import maintenance
    from mediflow_assets.storage.lease import lake_lease

    settings = context.settings()
    settings.require_home()
    with lake_lease(settings.lock, "maintain"), events_asked_for(settings.root, "maintain"):
        tidied = maintenance.maintain(context.lake(settings), settings.keep_versions_hours)
    output.table(
        "maintenance",
        ("table", "files before", "files after", "old files removed", "failure"),
        [(each.table, each.files_before, each.files_after, each.removed, each.failure) for each in tidied],
    )
    if not tidied:
        output.line("There are no tables yet.")
    if any(each.failure for each in tidied):
        raise typer.Exit(context.FAILED)
