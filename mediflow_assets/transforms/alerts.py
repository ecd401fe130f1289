"""Alerts: which events call for a look, and why. Stateless, so that it runs in real time as well as over a range."""

from collections.abc import Collection
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.events import CLINICAL_LIMITS_MMHG, COST_RULE, LARGEST_BYTES
from mediflow_assets.contracts.vocabulary import UNKNOWN
from mediflow_assets.transforms import events, hl7
from mediflow_assets.transforms.costs import with_peers
from mediflow_assets.transforms.feeds import FeedReader
from mediflow_assets.transforms.labels import shown
from mediflow_assets.transforms.messages import NOT_JSON
from mediflow_assets.transforms.pseudonyms import pseudonym, pseudonym_of, tombstone, without_hmac_pads
from mediflow_assets.transforms.validation import REASONS, is_accepted, validate

_MONEY = "decimal(12,2)"
COLUMNS = (
    "alert_id",
    "encounter_key",
    "patient_key",
    "department",
    "rule",
    "value",
    "expected_low",
    "expected_high",
    "peer_group",
    "occurred_at",
    "received_at",
)
ERASED = "_erased"
"""The column of marks."""
_MEMBERS = ("rule", "value", "expected_low", "expected_high", "peer_group")


def as_records_in_sql(messages: DataFrame) -> DataFrame:
    """Rows of `bronze/encounter_events` with the message's fields as columns, by SQL alone.

    Where no Python may run, on Apache Spark. It takes some broken messages for whole ones: Silver, which reads them
    strictly, decides.
    """
    text = F.col("value").cast("string")
    is_whole = text.rlike(r"^\s*\{[\s\S]*\}\s*\z") & (F.octet_length("value") <= LARGEST_BYTES)
    # all fields in one pass: field by field, twenty passes over each message
    schema = ", ".join(f"`{name}` string" for name in events.CELLS)
    fields = F.from_json("_text", schema)
    cells = {name: F.col(f"_fields.{name}") for name in events.CELLS}
    broken = F.when(F.coalesce(is_whole, F.lit(False)), F.lit(None).cast("string")).otherwise(F.lit(NOT_JSON))
    absent = {name: F.lit(None).cast("string") for name in ("extra", "updated_at", "_feed", events.RAW)}
    read = messages.withColumns({"_text": text, events.BROKEN: broken}).withColumn("_fields", fields)
    return read.withColumns(cells | absent).drop("_text", "_fields")


def validated(records: DataFrame, reader: FeedReader) -> DataFrame:
    """Records, as the Silver step gets them, in the shape of encounters, with every reason against each."""
    return validate(events.encounters_of(records, reader), silver.ENCOUNTERS)


def validated_hl7(messages: DataFrame, reader: FeedReader) -> DataFrame:
    """HL7 messages about visits in the same shape. What they need not tell stands against no alert: the begin, which
    another message tells, and the gender, which is the patient's. One that names no visit is of none."""
    told = hl7.identified_encounters_of(messages, reader, events.EVENT_ID)
    found = validate(told.where(F.col("encounter_id").isNotNull()), silver.ENCOUNTERS)
    return found.withColumn(REASONS, reduce(F.array_remove, ("admitted_at_missing", "gender_unknown"), F.col(REASONS)))


def alerts_of(
    shaped: DataFrame,
    baselines: DataFrame,
    departments: Collection[str],
    hmac_pads: DataFrame,
    erased: DataFrame | None = None,
) -> DataFrame:
    """One row for each validated event and rule that it breaks: what it says, and what was expected.

    `departments` are those of the baselines: any other one is shown, and compared, as OTHER. `pads` are the key's, as
    one row. `erased` are the marks of erased patients, of whom nothing is told; the pads of their key then stand
    beside.
    """
    fixed = _computed_once(shaped)
    sound = fixed.where(is_accepted() & F.col(events.EVENT_ID).isNotNull() & (F.col("status") != "cancelled"))
    grouped = sound.withColumns(
        {
            "department": shown(F.col("department"), departments),
            "diagnosis_code": F.coalesce("diagnosis_code", F.lit(UNKNOWN)),
            "encounter_class": F.coalesce("encounter_class", F.lit("unknown")),
        }
    )
    compared = with_peers(grouped, baselines).withColumnRenamed("peer_group", "_peer_group")
    broken = F.array_compact(F.array(_cost(), *map(_pressure, CLINICAL_LIMITS_MMHG)))
    found = compared.select("*", F.explode(broken).alias("_a"))
    members = {name: F.col(f"_a.{name}") for name in _MEMBERS}
    told = found.withColumns(members | {"occurred_at": F.col("updated_at"), "received_at": F.col("_ingested_at")})
    keyed = _with_hmac_pads(told, hmac_pads).withColumns(
        {
            "encounter_key": pseudonym_of("encounter", F.col("id_namespace"), F.col("encounter_id")),
            "patient_key": pseudonym_of("patient", F.col("id_namespace"), F.col("patient_id")),
            "alert_id": pseudonym("alert", F.concat_ws("|", events.EVENT_ID, "rule")),
        }
    )
    if erased is not None:
        marked = keyed.withColumn("_marked", tombstone(F.col("patient_id")))
        keyed = marked.join(F.broadcast(erased), F.col("_marked") == F.col(ERASED), "left").where(
            F.col(ERASED).isNull()
        )
    return without_hmac_pads(keyed).select(*COLUMNS)


def _computed_once(rows: DataFrame) -> DataFrame:
    """The rows, before which no later expression is put.

    Spark lays what is joined and filtered by into what was computed before, again for each use: a plan of gigabytes.
    It does not do so past an expression that might give another value each time.
    """
    return rows.withColumn("_any_number", F.rand()).where(F.col("_any_number") >= 0).drop("_any_number")


def _cost() -> Column:
    cost, limit = F.col("cost_usd"), F.col("limit_usd")
    return F.when(cost > limit, _alert(F.lit(COST_RULE), cost, F.lit(0), limit, F.col("_peer_group")))


def _pressure(name: str) -> Column:
    low, high = CLINICAL_LIMITS_MMHG[name]
    outside = (F.col(name) < low) | (F.col(name) > high)
    return F.when(outside, _alert(F.lit(name), F.col(name), F.lit(low), F.lit(high), F.lit(None)))


def _alert(rule: Column, value: Column, low: Column, high: Column, peers: Column) -> Column:
    types = ("string", _MONEY, _MONEY, _MONEY, "string")
    given = zip((rule, value, low, high, peers), types, _MEMBERS, strict=True)
    return F.struct(*(column.cast(type_).alias(name) for column, type_, name in given))


def _with_hmac_pads(frame: DataFrame, hmac_pads: DataFrame) -> DataFrame:
    """The frame with the pads beside each row: an equality that always holds, for real time knows no other join."""
    # a length of nothing, which no optimizer knows to be 0
    one = frame.withColumn("_one", F.length(F.substring(F.col("rule"), 1, 0)))
    return one.join(F.broadcast(hmac_pads.withColumn("_pads", F.lit(0))), F.col("_one") == F.col("_pads")).drop(
        "_one", "_pads"
    )
