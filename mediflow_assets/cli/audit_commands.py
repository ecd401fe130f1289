"""`mediflow audit`."""

from dataclasses import asdict
from typing import Annotated

import typer

from mediflow_assets.cli import context, output


def register(app: typer.Typer) -> None:
    """Add the group."""
    context.group(app, "audit", "Who did what: the hash-chained audit log.", verify=verify)


def verify(as_json: Annotated[bool, typer.Option("--json", help="JSON, for a program to read")] = False) -> None:
    """Walk the whole chain; names the first record that was changed, removed or moved. Exit 3 if it does not hold."""
    from mediflow_assets.identity.audit import AuditLog

    settings = context.settings()
    settings.require_home()
    verdict = AuditLog(settings.ops_url, settings.audit_head).verify()
    if as_json:
        output.as_json(asdict(verdict))
    elif verdict.is_intact:
        output.line(f"The audit log holds: {verdict.says}.")
    else:
        output.warn(f"The audit log does NOT hold: {verdict.says}.")
    if not verdict.is_intact:
        raise typer.Exit(context.CHECK_FAILED)
