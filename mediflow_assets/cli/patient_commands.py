"""`mediflow patients`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from mediflow_assets.cli import context, output

ROLES = ("privacy_officer", "admin")
Why = Annotated[str, typer.Option("--reason-code", help="why, as a code: duplicate, wrong_person, …")]
Namespace = Annotated[str, typer.Option(help="whose ids they are: mrn, fhir, synthea, or a feed's own")]
MergedNamespace = Annotated[
    str | None, typer.Option(help="whose id the merged patient's is, if it is not of the same namespace")
]
Ids = Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help="two lines: who stays, then who is merged")]
User = Annotated[str | None, typer.Option(help="your MediFlow name; asked for if not given")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    context.group(
        app,
        "patients",
        "Patients who are one person: merge them, undo it, see what was stated.",
        merge=merge,
        unmerge=unmerge,
        history=history,
    )


def merge(
    reason_code: Why,
    namespace: Namespace = "mrn",
    merged_namespace: MergedNamespace = None,
    ids_file: Ids = None,
    user: User = None,
) -> None:
    """Have one patient count under another. Ids are typed, piped in, or in a file. Takes a login."""
    _state("merge", reason_code, namespace, merged_namespace, ids_file, user)


def unmerge(
    reason_code: Why,
    namespace: Namespace = "mrn",
    merged_namespace: MergedNamespace = None,
    ids_file: Ids = None,
    user: User = None,
) -> None:
    """Undo a merge, wherever it came from: both patients are as if never merged. Takes a login."""
    _state("unmerge", reason_code, namespace, merged_namespace, ids_file, user)


def history(
    ids_file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="only of these patients: ids, one a line")
    ] = None,
    user: User = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON, for a program to read")] = False,
) -> None:
    """List what was stated of merges, and what each statement does. It names patients, so it takes a login."""
    from mediflow_assets.cli import officer
    from mediflow_assets.operations import patient_links

    settings = context.settings()
    ids = ids_file.read_text(encoding="utf-8-sig").splitlines() if ids_file else ()
    with officer.acting(settings, user, "patients history", "of some" if ids else "of all", ROLES) as who:
        rows = patient_links.history(context.lake(settings), ids)
        who.detail = f"{who.detail}; {len(rows)} statements"
    if as_json:
        output.as_json(rows)
    elif rows:
        output.table("merges", tuple(rows[0]), [tuple(row.values()) for row in rows])
    else:
        output.line("Nothing was stated of merges.")


def _state(
    action: str, reason_code: str, namespace: str, merged_namespace: str | None, ids_file: Path | None, user: str | None
) -> None:
    import datetime as dt

    from mediflow_assets.cli import officer
    from mediflow_assets.operations import patient_links
    from mediflow_assets.sources import Feeds

    settings = context.settings()
    reason = officer.code(reason_code, "reason code")
    with officer.acting(settings, user, f"patients {action}", f"reason {reason}", ROLES) as who:
        survivor, merged = _ids(ids_file)
        theirs = merged_namespace or namespace
        asked = patient_links.Asked((namespace, survivor), (theirs, merged), action, reason)
        inbox = settings.open_inbox(Feeds.load(settings.sources_file))
        delivery, known = patient_links.state(inbox, context.lake(settings), asked, dt.datetime.now(dt.UTC))
        who.detail = f"delivery {delivery.short}; reason {reason}"
    output.line(f"{delivery.short}: taken. The next run counts it so.")
    if known < 2:
        output.warn(f"{2 - known} of the two patients has not arrived: until then nothing changes.")
    if ids_file is not None:
        output.warn("The file of ids still names the patients: remove it.")


def _ids(file: Path | None) -> tuple[str, str]:
    if file is not None:
        lines = [*file.read_text(encoding="utf-8-sig").splitlines(), "", ""]
    elif sys.stdin.isatty():
        lines = [context.ask("Id of the patient who stays"), context.ask("Id of the patient who is merged")]
    else:
        lines = [*(line.rstrip("\r\n") for line in sys.stdin), "", ""]
    return lines[0].strip(), lines[1].strip()
