"""The newest value of each vital sign, whether it was observed by itself or as part of another observation."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts.vitals import VITAL_SIGNS, VITALS_LATEST
from mediflow_assets.transforms.versions import keep_newest

_PART = r"^([^=]+)=(-?[0-9]+(?:[.][0-9]+)?)(?: (.+))?\z"
_PLACE = ("updated_at", "_ingested_at", "_record_number", "_delivery_id")
_TELLING = ("patient_key", "encounter_key", "observed_at", "observed_on", *_PLACE)


def vitals_latest(observations: DataFrame) -> DataFrame:
    """One row per patient and vital sign: of what was observed last; of one time, of the newest version."""
    alone = observations.where(F.col("comparator").isNull()).select("code", "value", "unit", *_TELLING)
    found = alone.unionByName(parts_of(observations, *_TELLING).drop("place")).where(
        F.col("value").isNotNull() & F.col("code").isin(list(VITAL_SIGNS))
    )
    signs = (F.when(F.col("code") == code, sign) for code, sign in VITAL_SIGNS.items())
    named = found.withColumn("vital_sign", F.coalesce(*signs))
    newest = keep_newest(named, VITALS_LATEST.primary_key, ("observed_on", "observed_at", *_PLACE, "code"))
    return newest.select(*VITALS_LATEST.column_names)


def parts_of(observations: DataFrame, *telling: str) -> DataFrame:
    """One row per part of observations that have parts: its `code`, `value`, `unit` and `place` among them, for two
    may have one code; and columns of the whole."""
    parts = observations.where(F.col("components").isNotNull()).select(
        F.posexplode(F.split("components", ";")).alias("place", "_part"), *telling
    )
    unit = F.regexp_extract("_part", _PART, 3)
    return parts.select(
        F.regexp_extract("_part", _PART, 1).alias("code"),
        F.regexp_extract("_part", _PART, 2).try_cast("decimal(28,12)").alias("value"),
        F.when(unit != "", unit).alias("unit"),
        "place",
        *telling,
    )
