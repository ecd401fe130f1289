"""`gold/stream_status`: how far each partition is landed and validated, counted in the tables, and what the landing
noted.

No broker is asked for the table: its lag is the one that the landing saw last.
"""

import datetime as dt
import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import Any

import pyarrow.compute as pc

from mediflow_assets.contracts import bronze, hl7, silver
from mediflow_assets.contracts.events import (
    DELIVERY_PREFIX,
    ENCOUNTER_EVENTS,
    IN_RUN,
    STREAM_ALERTS,
    STREAM_STATUS,
    hl7_of,
    partition_of,
)
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline import landed_offsets
from mediflow_assets.pipeline.offset_ranges import validated_through
from mediflow_assets.pipeline.operational_tables import OperationalTable
from mediflow_assets.storage.delta import Lake
from mediflow_assets.streaming import figures

Row = dict[str, Any]
STREAMS = (ENCOUNTER_EVENTS, hl7.HL7_EVENTS)
"""The tables of a topic."""
OF_FILES = "hl7 files"
_TABLES = [*(table.name for table in STREAMS), hl7.HL7_MESSAGES.name]
_OF_TOPIC = ("rows_per_second", "to_bronze_p50_ms", "to_bronze_p99_ms", "to_alert_p50_ms", "to_alert_p99_ms")


def status_table(landing: str, noted: dict[str, Any]) -> OperationalTable:
    """The table, in this landing and with what was noted of it."""
    return OperationalTable(
        STREAM_STATUS,
        (*STREAMS, hl7.HL7_MESSAGES, STREAM_ALERTS, silver.PROCESSED, silver.QUARANTINE),
        lambda context: stream_status(context.lake, landing, noted),
        {},
        beside=lambda _: {"landing": landing, "noted": json.dumps(noted, sort_keys=True)},
    )


def stream_status(lake: Lake, landing: str, noted: dict[str, Any]) -> list[Row]:
    """The rows of `gold/stream_status`; `noted` is what `figures` keeps."""
    last, alerts, lags = (noted.get(name, {}) for name in (figures.LANDING, figures.ALERTS, figures.LAG))
    landed = {delivery: -1 for delivery, lag in lags.items() if lag}
    validated = validated_through(lake, silver.ENCOUNTERS)
    split = _not_split(lake)
    held, records = _held(lake) + split, split.copy()
    newest: dict[str, dt.datetime] = {}
    for stream in STREAMS:
        landed |= landed_offsets.deliveries(lake, stream)
        counts, times = _bronze(lake, stream)
        records, newest = records + counts, newest | times
    rows = [
        {
            "partition": delivery,
            "landing": landing,
            "landed_through": through,
            "judged_through": validated.get(delivery, -1),
            "lag": lags.get(delivery),
            "records": records[delivery],
            "quarantined": held[delivery],
            "last_event_at": newest.get(delivery),
            "last_landed_at": dt.datetime.fromisoformat(last["at"]) if "at" in last else None,
        }
        for delivery, through in sorted(landed.items(), key=lambda item: partition_of(item[0]))
    ]
    of_all = {
        "alerts_mode": alerts.get("mode", IN_RUN),
        "alerts": lake.rows(STREAM_ALERTS),
        "to_bronze_p50_ms": last.get("p50_ms"),
        "to_bronze_p99_ms": last.get("p99_ms"),
        "to_alert_p50_ms": alerts.get("p50_ms"),
        "to_alert_p99_ms": alerts.get("p99_ms"),
        "rows_per_second": last.get("rows_per_second"),
    }
    told = [of_all | row for row in (*rows, *_of_files(lake, set(validated), held, split))]
    return [row | {"quarantined_share": _share(row["quarantined"], row["records"])} for row in told]


def _of_files(lake: Lake, validated: Collection[str], held: Counter[str], split: Counter[str]) -> list[Row]:
    """A row of the messages that came in files, and so over MLLP: counts stand for offsets."""
    mine = pc.field("source").isin([hl7.SOURCE.name])
    ledger = lake.read(bronze.DELIVERIES, ["delivery_id", "bronze", "received_at"], mine).to_pylist()
    landed = sum(row["bronze"] for row in ledger)
    newest = max((row["received_at"] for row in ledger), default=None)
    row = {
        "partition": OF_FILES,
        "landing": OF_FILES,
        "landed_through": landed,
        "judged_through": sum(row["bronze"] for row in ledger if row["delivery_id"] in validated),
        "lag": None,
        "records": landed + sum(split[row["delivery_id"]] for row in ledger),
        "quarantined": sum(held[row["delivery_id"]] for row in ledger),
        "last_event_at": newest,
        "last_landed_at": newest,
    }
    # what belongs to a topic is not known of messages of files; alerts are those of all
    return [dict.fromkeys(_OF_TOPIC) | row] if ledger else []


def told_of(rows: Sequence[Row]) -> dict[str, Any]:
    """The figures of a topic as the metadata of its asset: the sums over its partitions, and the lag of each."""
    rows = [row for row in rows if row["partition"] != OF_FILES]
    if not rows:
        return {}
    records, held = (sum(row[name] for row in rows) for name in ("records", "quarantined"))
    told = {name: rows[0][name] for name in (*_OF_TOPIC, "alerts")}
    told |= {
        "quarantined_share": float(_share(held, records) or 0),
        "unjudged": _unjudged(rows),
        "last_landed_at": rows[0]["last_landed_at"] and rows[0]["last_landed_at"].isoformat(),
    }
    told |= {f"lag {row['partition']}": row["lag"] for row in rows}
    return {name: value for name, value in told.items() if value is not None}


def _unjudged(rows: Iterable[Row]) -> int:
    """Messages of the topic that are landed and not validated: those of HL7 count their offsets among all of it."""
    behind: dict[str, int] = {}
    for row in rows:
        partition = row["partition"].replace(f"{DELIVERY_PREFIX}{hl7_of('')}", DELIVERY_PREFIX, 1)
        behind[partition] = max(behind.get(partition, 0), row["landed_through"] - row["judged_through"])
    return sum(behind.values())


def quarantined_share(lake: Lake) -> float:
    """Of all messages of topics that landed the share that is in quarantine, or could not be split."""
    split, held = (
        sum(count for delivery, count in counted.items() if delivery.startswith(DELIVERY_PREFIX))
        for counted in (_not_split(lake), _held(lake))
    )
    return (held + split) / (sum(map(lake.rows, STREAMS)) + split or 1)


def _bronze(lake: Lake, stream: TableContract) -> tuple[Counter[str], dict[str, dt.datetime]]:
    counts: Counter[str] = Counter()
    newest: dict[str, dt.datetime] = {}
    table = lake.seen(stream)
    if table is None:
        return counts, newest
    for batch in lake.dataset(stream, table).to_batches(columns=["_delivery_id", "_ingested_at"]):
        for entry in pc.value_counts(batch.column(0)).to_pylist():
            delivery = entry["values"]
            counts[delivery] += entry["counts"]
            mine = batch.filter(pc.equal(batch.column(0), delivery)).column(1)
            newest[delivery] = max(pc.max(mine).as_py(), newest.get(delivery, dt.datetime.min.replace(tzinfo=dt.UTC)))
    return counts, newest


def _held(lake: Lake) -> Counter[str]:
    """Messages in quarantine, by delivery."""
    rows = lake.read(silver.QUARANTINE, ["target_table", "source", "status", "_delivery_id"])
    is_mine = pc.field("target_table").isin([silver.ENCOUNTERS.name]) & pc.field("source").isin(_TABLES)
    rows = rows.filter(is_mine & pc.field("status").isin(["open", "waiting"]))
    return Counter(rows["_delivery_id"].to_pylist())


def _not_split(lake: Lake) -> Counter[str]:
    """HL7 messages that could not be split, by delivery: they landed, and are no rows of Bronze."""
    mine = pc.field("source").isin([hl7.SOURCE.name, hl7.EVENTS.name])
    return Counter(lake.read(bronze.REJECTS, ["_delivery_id"], mine)["_delivery_id"].to_pylist())


def _share(part: int, whole: int) -> Decimal | None:
    return Decimal(part / whole).quantize(Decimal("0.0001")) if whole else None
