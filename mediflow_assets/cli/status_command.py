"""`mediflow status`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from mediflow_assets.cli import context, output

if TYPE_CHECKING:
    from mediflow_assets.operations.status import Status


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status")(status)


def status(as_json: Annotated[bool, typer.Option("--json", help="JSON, for a program to read")] = False) -> None:
    """Show deliveries, tables, sums and checks.

    Exits 3 where a sum does not agree or a blocking check failed, 1 where a table is damaged.
    """
    from mediflow_assets.operations import status

    settings = context.settings()
    inbox = status.inbox_of(settings.inbox)
    shown = status.read_status(context.lake(settings), inbox)
    if as_json:
        output.as_json(shown)
    else:
        _show(shown, len(inbox.dropped()))
    for damaged in shown.get("damaged", ()):
        output.warn(f"Error: {damaged['says']}")
    if "damaged" in shown:
        raise typer.Exit(context.FAILED)
    if not status.is_sound(shown):
        raise typer.Exit(context.CHECK_FAILED)


def _show(shown: "Status", dropped: int) -> None:
    _rows("deliveries", shown["deliveries"])
    _rows("tables", [{"table": name} | row for name, row in shown["tables"].items()])
    _rows("reconciliation", shown["reconciliation"])
    failed = [check for check in shown["checks"] if not check["passed"]]
    _rows("checks that failed", failed)
    if dropped:
        output.line(f"{dropped} files lie in the inbox; the next run takes those that are at rest.")
    if not shown["tables"] and not shown["deliveries"]:
        output.line("Nothing is here yet. Put deliveries in with 'mediflow ingest PATH', then 'mediflow run'.")
        return
    unbalanced = sum(not row["balanced"] for row in shown["reconciliation"])
    output.line(f"Checks: {len(shown['checks']) - len(failed)} hold, {len(failed)} do not.")
    output.line(f"Sums that do not agree: {unbalanced}.")


def _rows(title: str, rows: list[dict[str, Any]]) -> None:
    output.table(title, tuple(rows[0]) if rows else (), [tuple(row.values()) for row in rows])
