"""`mediflow init`, `reset` and `generate`."""

from pathlib import Path
from typing import Annotated

import typer

from mediflow_assets.cli import context, output
from mediflow_assets.contracts.time_zones import time_zone


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("init")(init)
    app.command("generate")(generate)
    app.command("reset")(reset)


def init(admin: Annotated[str, typer.Option(help="name of the first admin")] = "admin") -> None:
    """Make the home folder, the secrets, an example of sources.toml, and the first admin."""
    from mediflow_assets.operations import home

    settings = context.settings()
    made = home.set_up(settings, admin)
    output.line(f"Home: {settings.root}")
    if made.new:
        output.line(f"Made: {', '.join(made.new)}")
    if made.found:
        output.line(f"There already: {', '.join(made.found)}")
    output.line(f"Pseudonym key: {made.key_id}")
    if made.password:
        output.line(f"Password of {admin}, shown this once: {made.password}")


def generate(
    out: Annotated[Path, typer.Option(help="a new or empty folder")],
    rows: Annotated[int, typer.Option(help="how many encounters")] = 50_000,
    seed: Annotated[int, typer.Option(help="the same seed gives the same bytes")] = 7,
    merges: Annotated[int, typer.Option(min=0, help="how many patients came under two ids and are merged")] = 0,
    timezone: Annotated[
        str | None, typer.Option(help="the IANA time zone whose local times it writes; UTC without one")
    ] = None,
    odd: Annotated[
        int, typer.Option(min=0, help="how many cases of each kind of odd ids, versions and dates; see truth/odd.json")
    ] = 0,
) -> None:
    """Write the synthetic hospital: OUT/deliveries, and OUT/truth with what was planted in it."""
    from mediflow_assets import synthetic

    zone = time_zone(timezone, "--timezone") if timezone else None
    with output.counting("generate") as count:
        made = synthetic.generate(out, rows, seed, count, merges, zone, odd)
    output.line(f"{made.records:,} records of {made.encounters:,} encounters and {made.patients:,} patients")
    broken = sum(made.broken.values())
    output.line(f"{made.duplicates:,} duplicates, {made.updates:,} updates, {broken:,} broken records")
    output.line(f"Deliveries: {out / 'deliveries'}")
    output.line(f"Truth: {made.truth}")


def reset(
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
    is_all: Annotated[bool, typer.Option("--all", help="secrets, users, models and sources.toml as well")] = False,
) -> None:
    """Remove the tables, runs, logs and deliveries of this home. Secrets, users and sources.toml are kept."""
    from mediflow_assets.cli import officer
    from mediflow_assets.operations import home

    settings = context.settings()
    paths = home.removable(settings, is_all)
    for path in paths:
        output.line(f"To be removed: {path}")
    if settings.lake:
        output.line("The lake lies elsewhere (MEDIFLOW_LAKE) and is left as it is.")
    if paths and not yes and context.ask("Type 'reset' to remove them").strip() != "reset":
        output.warn("Nothing was removed.")
        raise typer.Exit(context.FAILED)
    if not paths:
        output.line("There is nothing to remove.")
        return
    home.remove(settings, paths)
    if not is_all:
        # the audit log stays with the users; with --all it has gone too
        with officer.recorded(settings, "reset", ", ".join(path.name for path in paths)):
            pass
    output.line("Removed.")
