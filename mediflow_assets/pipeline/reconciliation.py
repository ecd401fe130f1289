"""What arrived against what became of it, per table and delivery; and the reasons of what was quarantined.

Counted from the tables themselves, each side on its own: Bronze rows from Bronze, results from `processed` and
`quarantine`. No engine is needed.
"""

from collections import Counter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.contracts import bronze, silver
from mediflow_assets.contracts.events import DELIVERY_PREFIX
from mediflow_assets.contracts.source import SourceContract
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.contracts.versions import OUTCOMES
from mediflow_assets.ingest.erased_counts import Counts, erased_records
from mediflow_assets.pipeline import landed_offsets, refusals
from mediflow_assets.pipeline.counting import records_by_delivery
from mediflow_assets.pipeline.offset_ranges import OffsetRanges, validated_through
from mediflow_assets.pipeline.silver_tables import ALL as SILVER
from mediflow_assets.storage.delta import Lake

_HELD = ("open", "waiting", "discarded", "superseded")
Row = dict[str, Any]


def reconcile(lake: Lake) -> list[Row]:
    """The rows of `gold/reconciliation`."""
    ledger = lake.read(bronze.DELIVERIES).to_pylist()
    arrived = {s.table.name: records_by_delivery(lake, s.table) for s in bronze.SOURCES.values() if not s.is_stream}
    rejects = records_by_delivery(lake, bronze.REJECTS)
    erased = erased_records(lake)
    rows = []
    for delivery in ledger:
        table = bronze.SOURCES[delivery["source"]].table.name
        landed = arrived[table][delivery["delivery_id"]]
        gone = erased[table, delivery["delivery_id"]]
        rows.append(_row(table, delivery, delivery["records"], landed, rejects[delivery["delivery_id"]], gone))
    for validated in SILVER:
        rows += _of_silver(lake, validated.contract, ledger, arrived, erased)
    return refusals.told(lake, rows)


def _of_silver(
    lake: Lake,
    target: TableContract,
    ledger: list[Row],
    arrived: dict[str, Counter[str]],
    erased: Counts,
) -> list[Row]:
    mine = pc.field("target_table") == target.name
    processed = lake.read(silver.PROCESSED).filter(mine).to_pylist()
    accepted = Counter({row["_delivery_id"]: 0 for row in processed})
    for row in processed:
        accepted[row["_delivery_id"]] += row["accepted"]
    states = lake.read(silver.QUARANTINE, ["target_table", "_delivery_id", "status"]).filter(mine)
    held: Counter[str] = Counter()
    for row in states.group_by(["_delivery_id", "status"]).aggregate([([], "count_all")]).to_pylist():
        if row["status"] in _HELD:
            held[row["_delivery_id"]] += row["count_all"]
        else:
            accepted[row["_delivery_id"]] += row["count_all"]
    outcomes = _outcomes(processed)
    sources = {source.name: source for source in bronze.sources_of(target)}
    of_kind = (source.table for source in sources.values() if source.kind)
    arrived = arrived | {table.name: records_by_delivery(lake, table, target) for table in of_kind}
    newest = records_by_delivery(lake, target)
    rows = []
    for stream in (source for source in sources.values() if source.is_stream):
        partitions = _of_partitions(lake, target, stream, accepted, held, erased, newest)
        rows += [_with_versions(row, outcomes.get(row["delivery"])) for row in partitions]
    for delivery in ledger:
        if source := sources.get(delivery["source"]):
            id_ = delivery["delivery_id"]
            gone = erased[target.name, id_]
            landed = arrived[source.table.name][id_] + gone
            row = _row(target.name, delivery, landed, accepted[id_], held[id_], gone, newest[id_])
            rows.append(_with_versions(row, outcomes.get(id_)))
    return rows


def _outcomes(processed: list[Row]) -> dict[str, Counter[str]]:
    """What the records of each delivery were to the table, and how many were accepted when they came."""
    found: dict[str, Counter[str]] = {}
    for row in processed:
        if row["new"] is not None:
            told = {name: row[name] for name in (*OUTCOMES, "accepted")}
            found.setdefault(row["_delivery_id"], Counter()).update(told)
    return found


def _with_versions(row: Row, told: Counter[str] | None) -> Row:
    """The row with what its records were to the table. An erasure takes away records, and not what they once were."""
    if told is None:
        return row
    versions = {name: told[name] for name in OUTCOMES}
    # of events that were held and came in later nothing is told
    accepted = told["accepted"] if row["delivery"].startswith(DELIVERY_PREFIX) else row["accepted"]
    add_up = row["erased"] > 0 or sum(versions.values()) == accepted
    return row | versions | {"balanced": row["balanced"] and add_up}


def _of_partitions(
    lake: Lake,
    target: TableContract,
    stream: SourceContract,
    accepted: Counter[str],
    held: Counter[str],
    erased: Counts,
    newest: Counter[str],
) -> list[Row]:
    """A partition is a delivery without end: what was validated of it is counted, not what has landed since."""
    mine = landed_offsets.deliveries(lake, stream.table)
    validated = {delivery: n for delivery, n in validated_through(lake, target).items() if delivery in mine}
    offset_ranges = OffsetRanges({delivery: (-1, through) for delivery, through in validated.items()})
    arrived = records_by_delivery(lake, stream.table, target, offset_ranges) if offset_ranges else Counter()
    rows = []
    for id_ in sorted(validated):
        gone = erased[target.name, id_]
        told = {"delivery_id": id_, "source": stream.name}
        rows.append(_row(target.name, told, arrived[id_] + gone, accepted[id_], held[id_], gone, newest[id_]))
    return rows


def _row(
    table: str, delivery: Row, records: int, accepted: int, held: int, erased: int, newest: int | None = None
) -> Row:
    return {
        "table": table,
        "delivery": _named(delivery["delivery_id"]),
        "source": delivery["source"],
        "records": records,
        "accepted": accepted,
        "newest": newest,
        **dict.fromkeys(OUTCOMES),
        "quarantined": held,
        "erased": erased,
        "balanced": records == accepted + held + erased,
    }


def _named(delivery_id: str) -> str:
    return delivery_id if delivery_id.startswith(DELIVERY_PREFIX) else delivery_id[:12]


def quarantine_reasons(lake: Lake) -> list[Row]:
    """The rows of `gold/quarantine_reasons`."""
    counts: Counter[tuple[str, str, str, str]] = Counter()
    held: pa.Table = lake.read(silver.QUARANTINE, ["target_table", "source", "reasons", "status"])
    for row in held.to_pylist():
        for reason in row["reasons"] or ["none any more"]:
            counts[(row["target_table"], row["source"], reason, row["status"])] += 1
    for row in lake.read(bronze.REJECTS, ["source", "reason"]).to_pylist():
        counts[("bronze/rejects", bronze.SOURCES[row["source"]].table.name, row["reason"], "rejected")] += 1
    names = ("table", "source", "reason", "status")
    return [dict(zip(names, key, strict=True)) | {"records": count} for key, count in sorted(counts.items())]
