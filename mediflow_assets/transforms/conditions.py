"""Bronze → one shape of condition."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.transforms import identifiers, parsing
from mediflow_assets.transforms.diagnoses import canonical
from mediflow_assets.transforms.encounters import diagnosis
from mediflow_assets.transforms.joins import with_few
from mediflow_assets.transforms.patients import PROVENANCE
from mediflow_assets.transforms.validation import UNREADABLE, codes


def from_synthea(bronze: DataFrame) -> DataFrame:
    """Synthea's conditions."""
    texts = parsing.texts(bronze, ("patient", "encounter", "code", "description", "start", "stop"))
    texts = identifiers.upper(texts, ("patient", "encounter"))
    typed = texts.withColumns(
        {
            "_code": canonical(F.upper("code")),
            "_onset": parsing.date(F.col("start")),
            "_resolved": parsing.date(F.col("stop")),
        }
    )
    coded = diagnosis(F.col("_code"))
    return typed.select(
        F.col("patient").alias("patient_id"),
        F.col("encounter").alias("encounter_id"),
        coded["diagnosis_code"].alias("code"),
        coded["diagnosis_system"].alias("system"),
        F.col("description").alias("text"),
        F.col("_onset").alias("onset_date"),
        F.col("_resolved").alias("resolved_date"),
        F.col("_ingested_at").alias("updated_at"),
        codes(
            parsing.unreadable("onset_unreadable", F.col("start"), F.col("_onset")),
            parsing.unreadable("resolved_unreadable", F.col("stop"), F.col("_resolved")),
        ).alias(UNREADABLE),
        *PROVENANCE,
    )


def with_patient(conditions: DataFrame, patients: DataFrame) -> DataFrame:
    """Adds the patient's key; null where the patient has not arrived."""
    known = patients.select(F.col("patient_id").alias("_known_id"), "patient_key")
    joined = with_few(conditions, known, F.col("patient_id") == F.col("_known_id"))
    return joined.select(*conditions.columns, "patient_key")
