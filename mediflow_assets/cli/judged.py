"""What a run did with each delivery: accepted, waiting, quarantined, rejected, why, and what to type next."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from mediflow_assets.cli import output
from mediflow_assets.contracts import bronze, silver
from mediflow_assets.contracts.events import DELIVERY_PREFIX
from mediflow_assets.defs.launching import Outcome
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.rewriting import one_of

MOST_REASONS = 3
_COLUMNS = ("delivery", "table", "accepted", "waiting", "quarantined", "rejected", "most frequent reasons")


def show(outcome: Outcome, lake: Lake) -> None:
    """Say it for each delivery and table that this run judged, and for what it refused."""
    for refusal in outcome.landing.get("refused_deliveries", ()):
        output.warn(f"refused whole: {refusal}")
    if left := outcome.landing.get("not_at_rest"):
        output.warn(f"{left} files of the inbox are not at rest yet, or cannot be taken: a later run looks again.")
    rows = [(table, row) for table, found in outcome.fared.items() for row in found]
    sources = _sources(lake)
    reasons = _reasons(lake, {row["delivery"] for _, row in rows if row["records"] > row["accepted"] or row["rejects"]})
    output.table("deliveries of this run", _COLUMNS, [_told(table, row, sources, reasons) for table, row in rows])
    if step := _next_step(outcome, [row for _, row in rows]):
        output.line(f"Next: {step}")


def _told(
    table: str, row: Mapping[str, Any], sources: Mapping[str, str], reasons: Mapping[tuple[str, str], Counter[str]]
) -> tuple[Any, ...]:
    delivery = row["delivery"]
    found = reasons.get((table, delivery), Counter()) + reasons.get((bronze.REJECTS.name, delivery), Counter())
    why = [f"{reason} {count:,}" for reason, count in sorted(found.items(), key=lambda each: (-each[1], each[0]))]
    named = f"{sources[delivery]} {delivery[:12]}" if delivery in sources else delivery
    quarantined = row["records"] - row["accepted"] - row["waiting"]
    return named, table, row["accepted"], row["waiting"], quarantined, row["rejects"], why[:MOST_REASONS]


def _sources(lake: Lake) -> dict[str, str]:
    rows = lake.read(bronze.DELIVERIES, ["delivery_id", "source"])
    return dict(zip(rows["delivery_id"].to_pylist(), rows["source"].to_pylist(), strict=True))


def _reasons(lake: Lake, deliveries: set[str]) -> dict[tuple[str, str], Counter[str]]:
    """How often each reason stands, by table and delivery; of a record each of its reasons counts."""
    found: dict[tuple[str, str], Counter[str]] = {}
    if not deliveries:
        return found
    where = one_of("_delivery_id", sorted(deliveries))
    for row in lake.read(silver.QUARANTINE, ["target_table", "_delivery_id", "reasons", "status"], where).to_pylist():
        if row["status"] in ("open", "waiting"):
            found.setdefault((row["target_table"], row["_delivery_id"]), Counter()).update(row["reasons"])
    for row in lake.read(bronze.REJECTS, ["_delivery_id", "reason"], where).to_pylist():
        found.setdefault((bronze.REJECTS.name, row["_delivery_id"]), Counter()).update([row["reason"]])
    return found


def _next_step(outcome: Outcome, rows: list[Mapping[str, Any]]) -> str:
    refused = [row for row in rows if row["records"] > row["accepted"] + row["waiting"]]
    if refused:
        worst = max(refused, key=lambda row: float(row["share"]))["delivery"]
        name = worst if worst.startswith(DELIVERY_PREFIX) else worst[:12]
        look = f"'mediflow quarantine list --records --delivery {name}' shows which records, and why."
        if outcome.failed_checks:
            return f"{look} docs/operations.md, 'A run refuses most of a delivery', says how to go on."
        return look
    if outcome.landing.get("refused_files"):
        return "'mediflow sources suggest FILE' drafts a mapping for a refused file; they lie in inbox/refused."
    return "'mediflow status' shows all of it." if rows and outcome.is_success else ""
