"""Messages of the topic → flat admissions, as texts: from there an event takes the way of a file's record."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import silver
from mediflow_assets.contracts import vocabulary as v
from mediflow_assets.contracts.bronze import ADMISSIONS
from mediflow_assets.contracts.events import CLOCK_SKEW_SECONDS, ENVELOPE, FIELDS, OLDER_TIME, VERSION, EventType
from mediflow_assets.transforms import diagnoses, encounters, parsing, patients
from mediflow_assets.transforms.feeds import FeedReader
from mediflow_assets.transforms.messages import older_id, read_message, scalar_text
from mediflow_assets.transforms.patients import PROVENANCE
from mediflow_assets.transforms.validation import REASONS, UNREADABLE, validate

RECORDED = "record"
"""The type of an older message, which says none: the encounter as it stands."""
RAW = "unread"
"""A message that is no record, as text."""
BROKEN = "broken_because"
EVENT_ID, EVENT_TYPE = "_event_id", "_event_type"
_ENVELOPE = tuple(field.name for field in ENVELOPE)
CELLS = tuple(dict.fromkeys((*_ENVELOPE, *(n for n in ADMISSIONS.column_names if not n.startswith("_")))))
_KNOWN = {field.name for field in FIELDS} | {"updated_at"}
_TEXTS = ("patient_id", "encounter_id", "event_id", "name", "zip")
"""Texts that no rule of form validates: here a list, an object or a truth value is told as such."""
_LONGEST_RAW = 2_000
_PATIENT = ("patient_id", "name", "birth_date", "gender", "zip", "updated_at", "admission_date", "_feed")
"""What a record tells of its patient."""
_OF_PATIENT = "_patients_"


def as_records(bronze: DataFrame) -> DataFrame:
    """Rows of `bronze/encounter_events` with the message's fields as text columns, and why it has none."""
    columns = ", ".join(f"`{name}` string" for name in (*CELLS, RAW, BROKEN))
    schema = f"{columns}, _delivery_id string, _record_number bigint, _ingested_at timestamp"
    read = bronze.select("value", *PROVENANCE).mapInArrow(_records, schema)
    return read.withColumn("_feed", F.lit(None).cast("string"))


def _records(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        columns: dict[str, list[str | None]] = {name: [] for name in (*CELLS, RAW, BROKEN)}
        for value in batch.column(0).to_pylist():
            cells = cells_of(value)
            for name, column in columns.items():
                column.append(cells.get(name))
        arrays = [pa.array(column, pa.string()) for column in columns.values()]
        yield pa.RecordBatch.from_arrays([*arrays, *batch.columns[1:]], names=[*columns, *PROVENANCE])


def cells_of(value: bytes | None) -> dict[str, str | None]:
    """A message's cells by name; of one that is no record its beginning, and the code that says why."""
    message = read_message(value)
    if message.broken:
        raw = (value or b"")[:_LONGEST_RAW].decode("utf-8", "replace")
        return {BROKEN: message.broken, RAW: raw}
    fields = message.fields
    if "event_id" not in fields and "event_type" not in fields and OLDER_TIME in fields:
        fields = _from_older(fields, value or b"")
    cells = {name: scalar_text(fields[name]) for name in CELLS if name in fields}
    more = {name: given for name, given in fields.items() if name not in _KNOWN}
    return cells | {"extra": scalar_text(more) if more else None, "updated_at": None}


def _from_older(fields: dict[str, Any], value: bytes) -> dict[str, Any]:
    """An older message in the form of today. Its own bytes name it, for it has no id."""
    when = fields[OLDER_TIME]
    named = {"event_id": older_id(value), "event_type": RECORDED, "occurred_at": when}
    rest = {name: given for name, given in fields.items() if name != OLDER_TIME}
    return {"admission_date": when} | rest | named


def patients_of(records: DataFrame, feeds: FeedReader) -> DataFrame:
    """The patients that events bring along. A message is taken whole or not at all: what stands against its encounter
    keeps its patient out as well."""
    ready = _prepared(records, feeds)
    texts = ready.withColumns({_OF_PATIENT + name: F.col(name) for name in _PATIENT})
    shaped = encounters.from_admissions(
        texts, feeds, "events", _reasons(), (EVENT_ID, EVENT_TYPE, *(_OF_PATIENT + name for name in _PATIENT))
    )
    whole = validate(diagnoses.each_read(shaped), silver.ENCOUNTERS)
    told = whole.select(
        *(F.col(_OF_PATIENT + name).alias(name) for name in _PATIENT), REASONS, EVENT_ID, EVENT_TYPE, *PROVENANCE
    )
    return patients.from_admissions(told, feeds, "events", F.col(REASONS), (EVENT_ID, EVENT_TYPE))


def encounters_of(records: DataFrame, feeds: FeedReader) -> DataFrame:
    """The encounters that events tell of."""
    ready = _prepared(records, feeds)
    return encounters.from_admissions(ready, feeds, "events", _reasons(), (EVENT_ID, EVENT_TYPE))


def _prepared(records: DataFrame, feeds: FeedReader) -> DataFrame:
    """Records with their event's type told by status and dates, `occurred_at` as the time of the version."""
    texts = parsing.texts(records, (*_ENVELOPE, "status", "admission_date", "discharge_date"))
    kind = F.lower("event_type")
    # an update that brings no discharge says nothing of one
    is_over = (kind == EventType.DISCHARGE) | F.col("discharge_date").isNotNull()
    status = (
        F.when(kind == EventType.CANCEL, F.lit("cancelled"))
        .when(F.col("status").isNotNull(), F.col("status"))
        .when(kind == EventType.ADMIT, F.lit("in-progress"))
        .when(is_over, F.lit("finished"))
    )
    admitted = F.when(kind == EventType.ADMIT, F.coalesce("admission_date", "occurred_at"))
    discharged = F.when(kind == EventType.DISCHARGE, F.coalesce("discharge_date", "occurred_at"))
    return texts.withColumns(
        {
            EVENT_ID: F.col("event_id"),
            EVENT_TYPE: kind,
            "_occurred": feeds.timestamp("occurred_at"),
            "updated_at": F.when(parsing.timestamp(F.col("occurred_at")).isNotNull(), F.col("occurred_at")),
            "status": status,
            "admission_date": F.coalesce(admitted, F.col("admission_date")),
            "discharge_date": F.coalesce(discharged, F.col("discharge_date")),
        }
    )


def _reasons() -> Column:
    """What stands against the event itself, as an array column `UNREADABLE` to be; a broken one has one reason only."""
    occurred, latest = F.col("_occurred"), F.col("_ingested_at") + F.expr(f"INTERVAL {CLOCK_SKEW_SECONDS} SECONDS")
    earliest = F.lit(v.EARLIEST_DATE).cast("timestamp")
    kinds = [*EventType, RECORDED]
    found = (
        (F.col("event_id").isNull(), "event_id_missing"),
        (F.coalesce(~F.col(EVENT_TYPE).isin(kinds), F.lit(True)), "event_type_unknown"),
        (F.col("event_version").isNotNull() & (F.col("event_version") != VERSION), "event_version_unknown"),
        (F.col("occurred_at").isNull(), "occurred_at_missing"),
        (F.col("occurred_at").isNotNull() & occurred.isNull(), "occurred_at_unreadable"),
        (occurred < earliest, "occurred_at_implausible"),
        (occurred > latest, "occurred_in_future"),
        *((F.col(name).rlike(r"^([\[{]|(true|false)\z)"), f"{name}_wrong_type") for name in _TEXTS),
    )
    codes = F.array_compact(F.array(*(F.when(is_so, F.lit(code)) for is_so, code in found)))
    return F.when(F.col(BROKEN).isNotNull(), F.array(BROKEN)).otherwise(codes).alias(UNREADABLE)
