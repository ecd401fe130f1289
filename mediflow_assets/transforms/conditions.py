"""Bronze → one shape of condition."""

from collections.abc import Mapping

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
from mediflow_assets.transforms.validation import AWAITS, UNREADABLE, both, codes

BY_AGE = ("onset_date", "onset_precision")
"""Columns that are computed of the patient's birth where the source tells an age."""
RECORDED = "recorded"
"""The precision of an onset that is merely the day on which it was written down, of an end by which it was over."""


def from_synthea(
    bronze: DataFrame,
    feeds: FeedReader,
    more: Mapping[str, Column] | None = None,
    spelled: Spelling = identifiers.upper,
    against: Column | None = None,
) -> DataFrame:
    """Synthea's conditions; `more` gives what another format under these names has besides, or tells otherwise,
    `against` what already stands against each."""
    texts = parsing.texts(bronze, ("code", "description", "start", "stop"), ("patient", "encounter"))
    texts = spelled(texts, ("patient", "encounter"))
    typed = texts.withColumns(
        {
            "_code": canonical(F.upper("code")),
            "_onset": feeds.local_date("start"),
            "_resolved": feeds.local_date("stop"),
        }
    ).withColumn("_precision", parsing.precision(F.col("stop"), F.col("_resolved")))
    coded = diagnosis(F.col("_code"))
    found = {
        "condition_id": F.concat_ws("|", "patient", "_code", F.col("_onset").cast("string")),
        "patient_id": F.col("patient"),
        "encounter_id": F.col("encounter"),
        "code": coded["diagnosis_code"],
        "system": coded["diagnosis_system"],
        "diagnosis_rank": F.lit(None).cast("int"),
        "text": F.col("description"),
        "onset_date": F.col("_onset"),
        "onset_precision": parsing.precision(F.col("start"), F.col("_onset")),
        "onset_age": F.lit(None).cast("int"),
        "resolved_date": last_day(F.col("_resolved"), F.col("_precision")),
        "resolved_precision": F.col("_precision"),
        "source_system": F.lit("synthea"),
        "updated_at": F.col("_ingested_at"),
        "claimed_at": F.lit(None).cast("timestamp"),
        "version_number": F.lit(None).cast("bigint"),
        "is_shifted": F.lit(None).cast("boolean"),
        "cleared": F.lit(None).cast("string"),
        "is_end": F.lit(False),
    }
    told = more or {}
    unreadable = codes(
        parsing.unreadable("onset_unreadable", F.col("start"), F.col("_onset")),
        parsing.unreadable("resolved_unreadable", F.col("stop"), F.col("_resolved")),
        feeds.after_arrival("onset_in_future", F.col("_onset")),
    )
    return typed.select(
        *(F.coalesce(told.get(name, F.lit(None)), column).alias(name) for name, column in found.items()),
        *(column.alias(name) for name, column in told.items() if name not in found),
        (unreadable if against is None else both(against, unreadable)).alias(UNREADABLE),
        *PROVENANCE,
    )


def with_encounter(conditions: DataFrame, patient: str, day: str, shifted: str) -> DataFrame:
    """Conditions beside their encounter's patient, its day and whether that was moved: what they do not tell
    themselves is the encounter's."""
    is_of_one = F.coalesce(F.col(AWAITS), F.lit(False))
    onset = F.coalesce("onset_date", F.when(is_of_one, F.col(day)))
    precision = F.coalesce("onset_precision", F.when(onset.isNotNull(), RECORDED))
    whose = F.coalesce("patient_id", F.when(is_of_one, F.col(patient)))
    moved = F.coalesce("is_shifted", F.when(is_of_one & F.col("onset_date").isNull(), F.col(shifted)))
    told = {"onset_date": onset, "onset_precision": precision, "patient_id": whose, "is_shifted": moved}
    dated = conditions.withColumns(told)
    of_encounter = F.concat_ws("|", "encounter_id", "code")
    of_patient = F.concat_ws("|", "patient_id", "code", F.col("onset_date").cast("string"))
    return dated.withColumn("condition_id", F.when(is_of_one, of_encounter).otherwise(of_patient))


def with_patient(conditions: DataFrame, patients: DataFrame) -> DataFrame:
    """Adds the patient's key, null where the patient has not arrived, and the year of an onset told by their age."""
    known = patients.select(
        F.col("id_namespace").alias("_known_namespace"),
        F.col("patient_id").alias("_known_id"),
        "patient_key",
        F.year("birth_date").alias("_born"),
    )
    is_of = (F.col("patient_id") == F.col("_known_id")) & (F.col("id_namespace") == F.col("_known_namespace"))
    joined = with_few(conditions, known, is_of).select(*conditions.columns, "patient_key", "_born")
    year = (F.col("_born") + F.col("onset_age")).cast("string")
    by_age = F.concat(year, F.lit("-01-01")).try_cast("date")
    is_by_age = F.col("onset_age").isNotNull()
    return joined.withColumns(
        {
            "onset_date": F.when(is_by_age, by_age).otherwise(F.col("onset_date")),
            "onset_precision": F.when(is_by_age, "year").otherwise(F.col("onset_precision")),
        }
    ).drop("_born")


def stripped(conditions: DataFrame) -> DataFrame:
    """Rows of Silver as the versions that they are: without an onset that is computed of the patient's age."""
    is_told = F.col("onset_age").isNull()
    return conditions.withColumns({name: F.when(is_told, F.col(name)) for name in BY_AGE})


def by_age(conditions: DataFrame) -> DataFrame:
    """The rows whose onset is computed of the patient's age."""
    return conditions.where(F.col("onset_age").isNotNull())
