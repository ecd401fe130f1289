"""Bronze → one shape of condition."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.transforms import identifiers, parsing
from mediflow_assets.transforms.diagnoses import canonical
from mediflow_assets.transforms.encounters import diagnosis
from mediflow_assets.transforms.feeds import FeedReader
from mediflow_assets.transforms.identifiers import Spelling
from mediflow_assets.transforms.joins import with_few
from mediflow_assets.transforms.patients import PROVENANCE
from mediflow_assets.transforms.validation import UNREADABLE, codes


def from_synthea(
    bronze: DataFrame, feeds: FeedReader, source_id: Column | None = None, spelled: Spelling = identifiers.upper
) -> DataFrame:
    """Synthea's conditions; `source_id` is what a format that names its conditions calls each."""
    texts = parsing.texts(bronze, ("patient", "encounter", "code", "description", "start", "stop"))
    texts = spelled(texts, ("patient", "encounter"))
    typed = texts.withColumns(
        {
            "_code": canonical(F.upper("code")),
            "_onset": feeds.local_date("start"),
            "_resolved": feeds.local_date("stop"),
        }
    )
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
        F.col("_resolved").alias("resolved_date"),
        F.col("_ingested_at").alias("updated_at"),
        codes(
            parsing.unreadable("onset_unreadable", F.col("start"), F.col("_onset")),
            parsing.unreadable("resolved_unreadable", F.col("stop"), F.col("_resolved")),
            feeds.after_arrival("onset_in_future", F.col("_onset")),
        ).alias(UNREADABLE),
        *PROVENANCE,
    )


def with_patient(conditions: DataFrame, patients: DataFrame) -> DataFrame:
    """Adds the patient's key; null where the patient has not arrived."""
    known = patients.select(
        F.col("id_namespace").alias("_known_namespace"), F.col("patient_id").alias("_known_id"), "patient_key"
    )
    is_of = (F.col("patient_id") == F.col("_known_id")) & (F.col("id_namespace") == F.col("_known_namespace"))
    joined = with_few(conditions, known, is_of)
    return joined.select(*conditions.columns, "patient_key")
