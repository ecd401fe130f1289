"""`mediflow export`."""

from pathlib import Path
from typing import Annotated

import typer

from mediflow_assets.cli import context, output
from mediflow_assets.contracts.profiles import Format, Profile

LONGEST_REASON = 150
ROLES = {Profile.SAFE_HARBOR: ("privacy_officer", "analyst"), Profile.LIMITED: ("privacy_officer",)}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("export")(export)


def export(
    table: Annotated[str, typer.Argument(help="a masked table, such as masked/encounters")],
    reason: Annotated[str, typer.Option(help="what for; it stands in the manifest and in the audit log")],
    profile: Annotated[Profile, typer.Option(help="safe_harbor: keys of this export only; limited: the pseudonyms")],
    form: Annotated[Format, typer.Option("--format", help="format of the file")] = Format.PARQUET,
    out: Annotated[Path | None, typer.Option(help="the folder for it; default <home>/exports")] = None,
    user: Annotated[str | None, typer.Option(help="your MediFlow name; asked for if not given")] = None,
) -> None:
    """Write a masked table to a file, with a manifest. Takes a login as privacy_officer; safe_harbor as analyst too."""
    from mediflow_assets.cli import officer
    from mediflow_assets.privacy import table_export

    settings = context.settings()
    if not 0 < len(reason.strip()) <= LONGEST_REASON:
        context.usage(f"Say in 1 to {LONGEST_REASON} characters what for.")
    with officer.acting(settings, user, "export", f"{profile}; {reason.strip()}", ROLES[profile]) as who:
        made = table_export.export(
            context.lake(settings),
            table,
            profile,
            form,
            reason.strip(),
            settings.pseudonym_key(),
            out or settings.root / "exports",
            settings.timezone,
        )
        who.detail = f"export {made.export_id}; {made.table}; {profile}; {made.rows} rows; {reason.strip()}"
    output.line(f"{made.table}: {made.rows:,} rows, in {made.folder}")
