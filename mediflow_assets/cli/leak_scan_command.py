"""`mediflow leak-scan`."""

from typing import Annotated

import typer

from mediflow_assets.cli import context, output

_NAMES = ("place", "columns of Silver", "times")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("leak-scan")(leak_scan)


def leak_scan(
    is_full: Annotated[bool, typer.Option("--full/--new", help="everything, or what is new since a clean scan")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="JSON, for a program to read")] = False,
) -> None:
    """Look for Silver's identifiers where none may stand: Gold, masked, OMOP, models, exports, logs, databases.
    Exit 3 if one is found."""
    from mediflow_assets.cli import officer
    from mediflow_assets.privacy import leak_scan as steps
    from mediflow_assets.storage.errors import storage_errors
    from mediflow_assets.storage.lease import lake_lease

    settings = context.settings()
    settings.require_home()
    kind = steps.FULL if is_full else steps.NEW
    with officer.recorded(settings, "leak-scan", kind) as who:
        with lake_lease(settings.lock, "leak-scan"), storage_errors("leak scan"):
            lake = context.lake(settings)
            found = steps.Scan(settings.root, lake, settings.pseudonym_key()).run(kind)
            steps.write_down(lake, found, "by hand")
        who.detail = f"{kind}; {found.files} files; {found.hits} hits"
        if as_json:
            told = {"kind": kind, "identifiers": found.identifiers, "files": found.files, "bytes": found.bytes}
            kinds = [dict(zip(_NAMES, (*of, times), strict=True)) for of, times in sorted(found.kinds.items())]
            output.as_json(told | {"hits": found.hits, "places": dict(found.places), "kinds": kinds})
        else:
            output.line(
                f"Looked for {found.identifiers:,} identifiers in {found.files:,} files ({found.bytes:,} bytes)."
            )
            if found.hits:
                output.table("identifiers found", ("place", "times"), sorted(found.places.items()))
                output.table("what they are", _NAMES, [(*of, times) for of, times in sorted(found.kinds.items())])
            else:
                output.line("None was found.")
        if found.hits:
            raise typer.Exit(context.CHECK_FAILED)
