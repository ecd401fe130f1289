"""`mediflow doctor`."""

from typing import Annotated

import typer

from mediflow_assets.cli import context, output


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("doctor")(doctor)


def doctor(
    deep: Annotated[bool, typer.Option("--deep", help="read every file of every table to its end")] = False,
) -> None:
    """Check what MediFlow stands on, and say what to do where something is wrong."""
    from mediflow_assets.operations import health

    settings = context.settings()
    findings = list(health.examine(settings))
    if deep:
        with output.counting("doctor") as count:
            findings += health.read_tables(settings, count)
    rows = [(finding.name, "ok" if finding.is_ok else "PROBLEM", finding.says) for finding in findings]
    output.table("doctor", ("piece", "state", "says"), rows)
    if not all(finding.is_ok for finding in findings):
        raise typer.Exit(context.FAILED)
