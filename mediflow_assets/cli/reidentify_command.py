"""`mediflow reidentify`."""

from dataclasses import asdict
from typing import Annotated

import typer

from mediflow_assets.cli import context, output

LONGEST_REASON = 150


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("reidentify")(reidentify)


def reidentify(
    key: Annotated[str, typer.Argument(help="a patient_key or encounter_key, 32 hex digits")],
    reason: Annotated[str, typer.Option(help="why, without naming anybody: it stays in the audit log for good")],
    user: Annotated[str | None, typer.Option(help="your MediFlow name; asked for if not given")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON, for a program to read")] = False,
) -> None:
    """Say whose pseudonym it is. Takes a login as privacy_officer; each attempt is recorded."""
    from mediflow_assets.cli import officer
    from mediflow_assets.privacy.reidentification import reidentify as find

    settings = context.settings()
    if not 0 < len(reason.strip()) <= LONGEST_REASON:
        context.usage(f"Say in 1 to {LONGEST_REASON} characters why.")
    # the reason is recorded once it is known not to name the patient; the pseudonym is not: it is one person's
    with officer.acting(settings, user, "reidentify", "reason given") as who:
        person = find(context.lake(settings), key, reason, settings.pseudonym_key())
        who.detail = f"found; {reason.strip()}"
    if as_json:
        output.as_json(asdict(person))
        return
    output.line(f"id_namespace: {person.id_namespace}")
    output.line(f"patient_id: {person.patient_id}")
    if person.encounter_id is not None:
        output.line(f"encounter_id: {person.encounter_id}")
    output.line(f"source_system: {person.source_system}")
