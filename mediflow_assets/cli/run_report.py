"""What a run did with each delivery: accepted, waiting, quarantined, rejected, why, and what to type next."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.cli import output
from mediflow_assets.contracts import bronze, silver
from mediflow_assets.contracts.events import DELIVERY_PREFIX
from mediflow_assets.defs.launching import Outcome
from mediflow_assets.operations import quarantine
from mediflow_assets.operations.mending import what_mends
from mediflow_assets.pipeline import volume
from mediflow_assets.pipeline.checks import DELIVERY_VOLUME, QUARANTINE_RATE
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.rewriting import one_of

MOST_REASONS = 3
_COLUMNS = ("delivery", "table", "accepted", "waiting", "quarantined", "rejected", "refused", "most frequent reasons")
_WHY = ("delivery", "table", "refused because", "records", "what mends it")


@dataclass(frozen=True)
class Known:
    """What the ledger says of a delivery."""

    source: str = ""
    feed: str | None = None


Reasons = Mapping[tuple[str, str], Counter[str]]
"""How often each reason stands, by table and delivery."""


def show(outcome: Outcome, lake: Lake) -> None:
    """Say it for each delivery and table that this run validated, and for what it refused."""
    for refusal in outcome.landing.get("refused_deliveries", ()):
        output.warn(f"refused whole: {refusal}")
    if count := outcome.landing.get("refused_files"):
        output.warn(f"{count} files were refused (cut short, empty, unknown, past a limit): inbox/refused keeps them.")
    if left := outcome.landing.get("not_at_rest"):
        output.warn(f"{left} files of the inbox are not at rest yet, or cannot be taken: a later run looks again.")
    rows = [
        (table, row)
        for table, found in outcome.delivery_outcomes.items()
        for row in found
        if row["records"] or row["rejects"]
    ]
    ledger = _ledger(lake)
    reasons = _reasons(lake, {row["delivery"] for _, row in rows if row["records"] > row["accepted"] or row["rejects"]})
    output.table("deliveries of this run", _COLUMNS, [_told(table, row, ledger, reasons) for table, row in rows])
    why = [each for table, row in rows for each in _why(table, row["delivery"], ledger, reasons)]
    output.table("what was refused, and what mends it", _WHY, why)
    is_doubted = any(DELIVERY_VOLUME in warned for warned in outcome.warnings)
    for doubt in volume.doubts(lake, {row["delivery"] for _, row in rows}) if is_doubted else ():
        output.warn(f"{doubt.what}: {doubt.records:,} records, where {doubt.usual:,} are usual. Is the export whole?")
    if outcome.waits_for:
        output.line(
            f"The masked tables show what has come once {outcome.waits_for} is over, "
            "or now by 'mediflow run --publish'."
        )
    if step := _next_step(outcome, [row for _, row in rows]):
        output.line(f"Next: {step}")


def _told(table: str, row: Mapping[str, Any], ledger: Mapping[str, Known], reasons: Reasons) -> tuple[Any, ...]:
    delivery = row["delivery"]
    found = reasons.get((table, delivery), Counter()) + reasons.get((bronze.REJECTS.name, delivery), Counter())
    why = [f"{reason} {count:,}" for reason, count in _in_order(found)]
    counts = (row["accepted"], row["waiting"], _quarantined(row), row["rejects"], f"{row['share']:.1%}")
    return _named(delivery, ledger), table, *counts, why[:MOST_REASONS]


def _why(table: str, delivery: str, ledger: Mapping[str, Known], reasons: Reasons) -> Iterator[tuple[Any, ...]]:
    """Each reason of a delivery at a table, the most frequent first."""
    name, known = _named(delivery, ledger), ledger.get(delivery, Known())
    for reason, count in _in_order(reasons.get((table, delivery), Counter())):
        yield name, table, reason, count, what_mends(reason, known.feed, known.source)
    for reason, count in _in_order(reasons.get((bronze.REJECTS.name, delivery), Counter())):
        yield name, table, reason, count, "the export: these lines are not what its header says"


def _in_order(found: Counter[str]) -> list[tuple[str, int]]:
    return sorted(found.items(), key=lambda each: (-each[1], each[0]))


def _named(delivery: str, ledger: Mapping[str, Known]) -> str:
    return f"{ledger[delivery].source} {delivery[:12]}" if delivery in ledger else delivery


def _quarantined(row: Mapping[str, Any]) -> int:
    return int(row["records"] - row["accepted"] - row["waiting"])


def _ledger(lake: Lake) -> dict[str, Known]:
    rows = lake.read(bronze.DELIVERIES, ["delivery_id", "source", "feed"]).to_pylist()
    return {row["delivery_id"]: Known(row["source"], row["feed"]) for row in rows}


def _reasons(lake: Lake, deliveries: set[str]) -> dict[tuple[str, str], Counter[str]]:
    """How often each reason stands, by table and delivery; of a record each of its reasons counts."""
    found: dict[tuple[str, str], Counter[str]] = {}
    if not deliveries:
        return found
    where = one_of("_delivery_id", sorted(deliveries))
    is_open = where & pc.field("status").isin(quarantine.OPEN)
    for rows in lake.read(silver.QUARANTINE, ["target_table", "_delivery_id", "reasons"], is_open).to_batches():
        for table, delivery, reason, count in _counted(_by_reason(rows)):
            found.setdefault((table, delivery), Counter())[reason] += count
    for delivery, reason, count in _counted(lake.read(bronze.REJECTS, ["_delivery_id", "reason"], where)):
        found.setdefault((bronze.REJECTS.name, delivery), Counter())[reason] += count
    return found


def _by_reason(rows: pa.RecordBatch) -> pa.Table:
    """A row for each reason of each record."""
    reasons = rows.column("reasons")
    of = pc.list_parent_indices(reasons)
    names = ("target_table", "_delivery_id")
    return pa.table({name: rows.column(name).take(of) for name in names} | {"reason": pc.list_flatten(reasons)})


def _counted(rows: pa.Table) -> Iterator[tuple[Any, ...]]:
    """Each combination of cells, and how often it stands: one Python object each, however many rows there are."""
    counted = rows.group_by(rows.column_names).aggregate([([], "count_all")])
    return zip(*(counted[name].to_pylist() for name in [*rows.column_names, "count_all"]), strict=True)


def _next_step(outcome: Outcome, rows: list[Mapping[str, Any]]) -> str:
    refused = [row for row in rows if _quarantined(row) or row["rejects"]]
    if refused:
        look = _look_at(max(refused, key=lambda row: float(row["share"])))
        if any(QUARANTINE_RATE in check for check in outcome.failed_checks):
            return (
                f"{look} 'MEDIFLOW_QUARANTINE_FAIL_SHARE=1 mediflow run' lets the delivery stand as it is; "
                "docs/operations.md, 'A run refuses most of a delivery', says how else to go on."
            )
        return look
    if outcome.landing.get("refused_files"):
        return "'mediflow sources suggest FILE' drafts a mapping for a refused file; they lie in inbox/refused."
    return "'mediflow status' shows all of it." if rows and outcome.is_success else ""


def _look_at(row: Mapping[str, Any]) -> str:
    if not _quarantined(row):
        return (
            "'mediflow status' counts each delivery's rejects, lines without the header's fields: "
            "export the file again."
        )
    name = row["delivery"] if row["delivery"].startswith(DELIVERY_PREFIX) else row["delivery"][:12]
    return f"'mediflow quarantine list --records --delivery {name}' shows which records, and why."
