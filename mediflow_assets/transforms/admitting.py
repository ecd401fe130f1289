"""The admitting diagnosis: of an encounter's oldest version that gives a diagnosis, whenever that version arrives."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.transforms.versions import keep_newest, split_repeated

CODE, AT = "admitting_diagnosis_code", "admitting_diagnosis_at"
IS_EARLIER = f"s.{AT} IS NOT NULL AND (t.{AT} IS NULL OR struct(s.{AT}, s.{CODE}) < struct(t.{AT}, t.{CODE}))"
"""SQL: whether the arrived row `s` knows of an older diagnosis than the stored row `t`."""
EARLIER = {name: f"CASE WHEN {IS_EARLIER} THEN s.{name} ELSE t.{name} END" for name in (CODE, AT)}
"""SQL for the two columns, of the arrived row `s` and the stored row `t`."""

_KEY = ("id_namespace", "encounter_id")


def newest_with_admitting_diagnosis(encounters: DataFrame) -> DataFrame:
    """The newest version of each encounter, with the diagnosis of its oldest version that gives one, and its time.

    Of two such versions of one time the lesser code counts.
    """
    alone, repeated = split_repeated(encounters, _KEY)
    at = F.when(F.col("diagnosis_code").isNotNull(), F.col("updated_at"))
    given = F.when(F.col("diagnosis_code").isNotNull(), F.struct("updated_at", "diagnosis_code"))
    first = repeated.groupBy(*_KEY).agg(F.min(given).alias("_first"))
    newest = keep_newest(repeated, _KEY).join(first, list(_KEY))
    newest = newest.withColumns({CODE: F.col("_first.diagnosis_code"), AT: F.col("_first.updated_at")})
    return alone.withColumns({CODE: F.col("diagnosis_code"), AT: at}).unionByName(newest.drop("_first"))
