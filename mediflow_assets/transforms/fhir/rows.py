"""FHIR resources as rows of Silver, by way of Synthea's column names: from there both formats take one way."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import fhir
from mediflow_assets.contracts import vocabulary as v
from mediflow_assets.transforms import conditions, encounters, parsing, patients
from mediflow_assets.transforms.feeds import FeedReader
from mediflow_assets.transforms.fhir import condition, encounter, patient
from mediflow_assets.transforms.fhir.resources import texts_of
from mediflow_assets.transforms.versions import version_time

SYSTEM = fhir.SOURCE.system


def patients_of(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """Patient resources as patients."""
    more = {"source_system": F.lit(SYSTEM), "phone": F.col("phone"), "is_ended": F.col("is_deleted")}
    texts = texts_of(bronze, patient.COLUMNS, patient.read)
    return patients.from_synthea(texts, feeds, more | version(), feeds.spelling(SYSTEM))


def encounters_of(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """Encounter resources as encounters."""
    status = F.when(F.col("is_deleted"), F.lit("cancelled")).otherwise(parsing.coded(F.col("status"), v.STATUSES))
    return encounters.from_synthea(
        texts_of(bronze, encounter.COLUMNS, encounter.read),
        feeds,
        {
            "source_system": F.lit(SYSTEM),
            "status": status,
            "discharge_disposition": parsing.coded(F.col("disposition"), v.DISPOSITIONS),
            # one that never took place has no period to tell
            "is_end": F.col("is_deleted") | F.coalesce((status == "cancelled") & F.col("start").isNull(), F.lit(False)),
            **version(),
        },
        feeds.spelling(SYSTEM),
    )


def conditions_of(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """Condition resources as conditions."""
    return conditions.from_synthea(
        texts_of(bronze, condition.COLUMNS, condition.read),
        feeds,
        {
            "condition_id": parsing.given(F.col("id")),
            "onset_precision": F.when(F.col("is_recorded") == "true", conditions.RECORDED),
            "onset_age": F.col("onset_age").try_cast("int"),
            "source_system": F.lit(SYSTEM),
            "is_end": F.col("is_deleted") | F.col("is_none").isNotNull(),
            **version(),
        },
        feeds.spelling(SYSTEM),
    )


def version() -> dict[str, Column]:
    """What a resource says of its version."""
    claimed = parsing.timestamp(parsing.given(F.col("last_updated")))
    return version_time(claimed, F.col("_ingested_at")) | {
        "version_number": parsing.integer(parsing.given(F.col("version_id")))
    }
