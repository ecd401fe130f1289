"""Bronze → one shape of condition."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.transforms import identifiers, parsing
from mediflow_assets.transforms.ages import last_day
from mediflow_assets.transforms.diagnoses import canonical
from mediflow_assets.transforms.encounters import diagnosis
from mediflow_assets.transforms.feeds import FeedReader
from mediflow_assets.transforms.identifiers import Spelling
from mediflow_assets.transforms.joins import with_few
from mediflow_assets.transforms.patients import PROVENANCE
from mediflow_assets.transforms.validation import UNREADABLE, codes


def from_synthea(
    bronze: DataFrame,
    feeds: FeedReader,
    source_id: Column | None = None,
    spelled: Spelling = identifiers.upper,
    onset_age: Column | None = None,
    is_recorded: Column | None = None,
) -> DataFrame:
    """Synthea's conditions; `source_id` is what a format that names its conditions calls each.

    Another format may tell the patient's age at the onset, or that its day is the one of recording.
    """
    texts = parsing.texts(bronze, ("patient", "encounter", "code", "description", "start", "stop"))
    texts = spelled(texts, ("patient", "encounter"))
    typed = texts.withColumns(
        {
            "_code": canonical(F.upper("code")),
            "_onset": feeds.local_date("start"),
            "_resolved": feeds.local_date("stop"),
            "_onset_age": F.lit(None).cast("int") if onset_age is None else onset_age,
        }
    )
    told = parsing.precision(F.col("start"), F.col("_onset"))
    precision = told if is_recorded is None else F.when(F.col("_onset").isNotNull() & is_recorded, "recorded")
    resolved = last_day(F.col("_resolved"), parsing.precision(F.col("stop"), F.col("_resolved")))
    coded = diagnosis(F.col("_code"))
    natural = F.concat_ws("|", "patient", "_code", F.col("_onset").cast("string"))
    return typed.select(
        F.coalesce(F.lit(None) if source_id is None else source_id, natural).alias("condition_id"),
        F.col("patient").alias("patient_id"),
        F.col("encounter").alias("encounter_id"),
        coded["diagnosis_code"].alias("code"),
        coded["diagnosis_system"].alias("system"),
        F.col("description").alias("text"),
        F.col("_onset").alias("onset_date"),
        F.coalesce(precision, told).alias("onset_precision"),
        resolved.alias("resolved_date"),
        "_onset_age",
        F.col("_ingested_at").alias("updated_at"),
        codes(
            parsing.unreadable("onset_unreadable", F.col("start"), F.col("_onset")),
            parsing.unreadable("resolved_unreadable", F.col("stop"), F.col("_resolved")),
            feeds.after_arrival("onset_in_future", F.col("_onset")),
        ).alias(UNREADABLE),
        *PROVENANCE,
    )


def with_patient(conditions: DataFrame, patients: DataFrame) -> DataFrame:
    """Adds the patient's key, null where the patient has not arrived, and the year of an onset told by their age."""
    known = patients.select(
        F.col("id_namespace").alias("_known_namespace"),
        F.col("patient_id").alias("_known_id"),
        "patient_key",
        F.year("birth_date").alias("_born"),
    )
    is_of = (F.col("patient_id") == F.col("_known_id")) & (F.col("id_namespace") == F.col("_known_namespace"))
    joined = with_few(conditions, known, is_of)
    year = (F.col("_born") + F.col("_onset_age")).cast("string")
    by_age = F.concat(year, F.lit("-01-01")).try_cast("date")
    is_by_age = F.col("onset_date").isNull() & by_age.isNotNull()
    dated = joined.select(*conditions.columns, "patient_key", "_born").withColumns(
        {
            "onset_precision": F.when(is_by_age, "year").otherwise(F.col("onset_precision")),
            "onset_date": F.coalesce("onset_date", by_age),
        }
    )
    return dated.drop("_born", "_onset_age")
