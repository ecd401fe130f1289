"""`mediflow lineage`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from mediflow_assets.cli import context, output


def register(app: typer.Typer) -> None:
    """Add the group."""
    context.group(app, "lineage", "Which column comes from which.", export=export)


def export(
    out: Annotated[Path | None, typer.Option(help="a file for the events, one a line; default: printed")] = None,
) -> None:
    """Write OpenLineage run events of the tables as they were last made, with column lineage and masking marked."""
    from mediflow_assets.contracts import TABLES, operational
    from mediflow_assets.operations.openlineage import events

    rows = context.lake(context.settings()).read(operational.CHECK_RESULTS, ["table", "run_id", "checked_at"])
    made = {row["table"]: (row["run_id"], row["checked_at"]) for row in rows.sort_by("checked_at").to_pylist()}
    lines = [json.dumps(event, sort_keys=True) for event in events(TABLES, made)]
    if not lines:
        output.warn("No table has been made yet. Run 'mediflow run'.")
        raise typer.Exit(context.FAILED)
    if out is None:
        typer.echo("\n".join(lines))
    else:
        out.write_text("\n".join(lines) + "\n", encoding="utf-8")
        output.line(f"{len(lines)} events in {out}")
