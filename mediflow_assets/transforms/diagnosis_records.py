"""Flat diagnoses → conditions, and what the diagnosis of the least rank says of its encounter."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import vocabulary as v
from mediflow_assets.contracts.admissions import SYSTEM
from mediflow_assets.transforms import diagnoses, encounters, identifiers, parsing
from mediflow_assets.transforms.conditions import RECORDED
from mediflow_assets.transforms.feeds import FeedReader
from mediflow_assets.transforms.patients import PROVENANCE
from mediflow_assets.transforms.validation import AWAITS, UNREADABLE, codes
from mediflow_assets.transforms.versions import version_time

_IDS = ("patient_id", "encounter_id")
_DATES = ("onset_date", "updated_at")
_CELLS = ("diagnosis_code", "diagnosis_system", "diagnosis_rank", "onset_date", "updated_at")


def encounters_of(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """What each diagnosis would say of its encounter; that of the least rank is what says it."""
    typed = _typed(bronze, feeds).withColumn(AWAITS, F.lit(True))
    return encounters.shaped(
        typed,
        {
            "id_namespace": feeds.namespace(SYSTEM),
            "encounter_id": F.col("encounter_id"),
            "patient_id": F.col("patient_id"),
            "source_system": F.lit(SYSTEM),
            **encounters.diagnosis(F.col("_code")),
            "diagnosis_rank": F.col("_rank"),
            "is_shifted": feeds.is_shifted(),
            **version_time(F.col("_updated"), F.col("_ingested_at")),
        },
        codes(parsing.unreadable("updated_at_unreadable", F.col("updated_at"), F.col("_updated"))),
        beside=(AWAITS, diagnoses.NAMED),
    )


def conditions_of(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """Diagnoses as conditions; of one that names an encounter the encounter tells what the record does not."""
    typed = _typed(bronze, feeds)
    # of one that says no day, and is of no encounter, the day on which it was written down
    written = F.when(F.col("encounter_id").isNull(), F.col("_updated").cast("date"))
    told = feeds.precision("onset_date", F.col("_onset"))
    found: dict[str, Column] = {
        "id_namespace": feeds.namespace(SYSTEM),
        "condition_id": F.lit(None).cast("string"),
        "patient_id": F.col("patient_id"),
        "encounter_id": F.col("encounter_id"),
        "code": F.col("_code"),
        "system": diagnoses.form(F.col("_code")),
        "diagnosis_rank": F.col("_rank"),
        "text": F.lit(None).cast("string"),
        "onset_date": F.coalesce(F.col("_onset"), written),
        "onset_precision": F.coalesce(told, F.when(written.isNotNull(), RECORDED)),
        "onset_age": F.lit(None).cast("int"),
        "resolved_date": F.lit(None).cast("date"),
        "resolved_precision": F.lit(None).cast("string"),
        "source_system": F.lit(SYSTEM),
        **version_time(F.col("_updated"), F.col("_ingested_at")),
        "version_number": F.lit(None).cast("bigint"),
        "is_shifted": feeds.is_shifted(),
        "cleared": F.lit(None).cast("string"),
        "is_end": F.lit(False),
        AWAITS: F.col("encounter_id").isNotNull(),
        diagnoses.NAMED: F.col(diagnoses.NAMED),
    }
    return typed.select(
        *(column.alias(name) for name, column in found.items()),
        codes(
            F.when(F.col("_code").isNull(), F.lit("diagnosis_missing")),
            parsing.unreadable("diagnosis_rank_unknown", F.col("diagnosis_rank"), F.col("_rank")),
            parsing.unreadable("onset_unreadable", F.col("onset_date"), F.col("_onset")),
            parsing.unreadable("updated_at_unreadable", F.col("updated_at"), F.col("_updated")),
            feeds.after_arrival("onset_in_future", F.col("_onset")),
        ).alias(UNREADABLE),
        *PROVENANCE,
    )


def _typed(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    texts = identifiers.upper(feeds.texts(bronze, _CELLS, _IDS, _DATES), _IDS)
    return texts.withColumns(
        {
            "_code": diagnoses.canonical(F.upper(F.col("diagnosis_code"))),
            diagnoses.NAMED: F.upper("diagnosis_system"),
            "_rank": _rank(F.col("diagnosis_rank")),
            "_onset": feeds.date("onset_date"),
            "_updated": feeds.timestamp("updated_at"),
        }
    )


def _rank(text: Column) -> Column:
    return F.coalesce(parsing.integer(text), parsing.coded(text, v.DIAGNOSIS_RANKS).cast("int"))
