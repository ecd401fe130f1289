"""`mediflow erase`."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mediflow_assets.cli import context, output

if TYPE_CHECKING:
    from mediflow_assets.privacy.erasure.premises import Premises
    from mediflow_assets.privacy.erasure.proof import Proof
    from mediflow_assets.settings import Settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("erase")(erase)


def erase(
    reason_code: Annotated[str | None, typer.Option(help="why, as a code: consent_withdrawn, court_order, …")] = None,
    ticket: Annotated[str | None, typer.Option(help="the number of the request that asks for it")] = None,
    ids_file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="patients' ids, one a line")
    ] = None,
    namespace: Annotated[
        str | None, typer.Option(help="whose ids these are: mrn, synthea, fhir, …; where one stands for several")
    ] = None,
    user: Annotated[str | None, typer.Option(help="your MediFlow name; asked for if not given")] = None,
    is_unknown_ok: Annotated[
        bool, typer.Option("--unknown-too", help="refuse patients in future even if nothing of them is found")
    ] = False,
    is_resumed: Annotated[bool, typer.Option("--resume", help="finish an erasure that was cut short")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON, for a program to read")] = False,
) -> None:
    """Remove patients from every zone, prove it, and refuse them in future. Ids are typed, piped in, or in a file."""
    from mediflow_assets.cli import officer
    from mediflow_assets.privacy.erasure import erase as steps

    settings = context.settings()
    if not is_resumed and not (reason_code and ticket):
        context.usage("Say why: --reason-code and --ticket.")
    told = "resumed" if is_resumed else _told(str(reason_code), str(ticket))
    with officer.acting(settings, user, "erase", told) as who:
        place = premises(settings)
        if not is_resumed:
            ids = _ids(ids_file)
            request = steps.Request(ids, str(reason_code), str(ticket), who.name, is_unknown_ok, namespace)
            asked = steps.begin(place, request)
            who.detail = f"erasure {asked.erasure_id}; {told}"
        proof = steps.finish(place, refresh, lambda stage: output.warn(f"erase: {stage}"), settings.lease_wait_seconds)
        who.detail = f"erasure {proof.erasure_id}; {_told(proof.reason_code, proof.ticket)}; {proof.patients} patients"
    _show(proof, as_json, ids_file)


def _told(reason_code: str, ticket: str) -> str:
    from mediflow_assets.cli import officer

    return f"reason {officer.code(reason_code, 'reason code')}; ticket {officer.code(ticket, 'ticket')}"


def _ids(file: Path | None) -> tuple[str, ...]:
    if file is not None:
        return tuple(file.read_text(encoding="utf-8-sig").splitlines())
    if not sys.stdin.isatty():
        return tuple(line.rstrip("\r\n") for line in sys.stdin)
    ids = []
    while line := str(typer.prompt("Patient's id (an empty line ends)", default="", show_default=False, err=True)):
        ids.append(line)
    return tuple(ids)


def premises(settings: "Settings") -> "Premises":
    """Where an erasure of this home works."""
    from mediflow_assets.privacy.erasure.premises import Premises
    from mediflow_assets.sources import Feeds

    inbox = settings.open_inbox(Feeds.load(settings.sources_file))
    return Premises(settings.root, context.lake(settings), inbox, settings.ops_url, settings.pseudonym_key())


def refresh() -> None:
    """Make what is computed again. A check that fails holds its table back, as in any run; it does not stop this."""
    from mediflow_assets.cli import running
    from mediflow_assets.errors import EngineFailed

    code = running.launch("refresh", wait=context.settings().lease_wait_seconds, has_all_made=True)
    if code not in (0, context.CHECK_FAILED):
        raise EngineFailed(
            "The tables could not be made again. Run 'mediflow erase --resume' once 'mediflow run' works."
        )


def _show(proof: "Proof", as_json: bool, file: Path | None) -> None:
    if as_json:
        output.as_json(asdict(proof))
        return
    output.line(f"Erasure {proof.erasure_id}: {proof.patients} patients, {proof.records} records of Bronze.")
    output.line(f"Searched: {proof.files_searched} files, {proof.bytes_searched:,} bytes; found: {proof.hits}.")
    trained = ", ".join(proof.models) or "none"
    output.line(f"Models trained while they were in the lake: {trained}.")
    if file is not None:
        output.warn("The file of ids still names them: remove it.")
