"""Bronze → one shape of patient, from flat files and from Synthea."""

from collections.abc import Mapping, Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import admissions, patient_records, silver
from mediflow_assets.contracts import vocabulary as v
from mediflow_assets.contracts.admissions import SYSTEM
from mediflow_assets.contracts.source import PATIENTS
from mediflow_assets.transforms import identifiers, parsing
from mediflow_assets.transforms.feeds import FeedReader
from mediflow_assets.transforms.identifiers import Spelling
from mediflow_assets.transforms.validation import UNREADABLE, both, codes
from mediflow_assets.transforms.versions import version_time

PROVENANCE = ("_delivery_id", "_record_number", "_ingested_at")


def from_admissions(
    bronze: DataFrame,
    feeds: FeedReader,
    system: str = SYSTEM,
    against: Column | None = None,
    beside: Sequence[str] = (),
) -> DataFrame:
    """The patients that flat admissions bring along.

    `against` is what already stands against each record, `beside` names columns that are kept.
    """
    cells = ("name", "birth_date", "gender", "zip", "updated_at", "admission_date")
    texts = feeds.texts(bronze, cells, ("patient_id",), ("birth_date", "updated_at", "admission_date"))
    texts = identifiers.upper(texts, ("patient_id",))
    birth = feeds.date("birth_date", "admission_date")
    typed = texts.withColumns({"_birth": birth, "_updated": feeds.timestamp("updated_at")})
    return _shaped(
        typed,
        {
            "id_namespace": feeds.namespace(system),
            "patient_id": F.col("patient_id"),
            "source_system": F.lit(system),
            "is_ended": F.lit(False),
            "full_name": parsing.undamaged(F.col("name")),
            "birth_date": F.col("_birth"),
            "birth_precision": feeds.precision("birth_date", F.col("_birth")),
            "gender": gender(F.col("gender")),
            "zip": parsing.postal_code(F.col("zip")),
            **version_time(F.col("_updated"), F.col("_ingested_at")),
            "is_shifted": feeds.is_shifted(),
            "cleared": feeds.cleared(admissions.SOURCE.by_target[PATIENTS]),
        },
        codes(
            gender_unknown(F.col("gender")),
            parsing.unreadable("birth_date_unreadable", F.col("birth_date"), F.col("_birth")),
            parsing.unreadable("updated_at_unreadable", F.col("updated_at"), F.col("_updated")),
            feeds.after_arrival("birth_date_in_future", F.col("_birth")),
        ),
        against,
        beside,
    )


def from_records(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """Patients of flat files that tell of nothing else."""
    names = ("given_name", "family_name")
    cells = ("name", *names, "birth_date", "death_date", "gender", "zip", "race", "ethnicity", "updated_at")
    dates = ("birth_date", "death_date", "updated_at")
    texts = feeds.texts(bronze, cells, ("patient_id",), dates, ends=("death_date",))
    texts = identifiers.upper(texts, ("patient_id",))
    read = {"_birth": feeds.date("birth_date", "updated_at"), "_death": feeds.date("death_date")}
    typed = texts.withColumns({**read, "_updated": feeds.timestamp("updated_at")})
    joined = parsing.given(F.concat_ws(" ", *(parsing.undamaged(F.col(name)) for name in names)))
    return _shaped(
        typed,
        {
            "id_namespace": feeds.namespace(SYSTEM),
            "patient_id": F.col("patient_id"),
            "source_system": F.lit(SYSTEM),
            "is_ended": F.lit(False),
            **{name: parsing.undamaged(F.col(name)) for name in names},
            "full_name": F.coalesce(parsing.undamaged(F.col("name")), joined),
            "birth_date": F.col("_birth"),
            "birth_precision": feeds.precision("birth_date", F.col("_birth")),
            "death_date": F.col("_death"),
            "death_precision": feeds.precision("death_date", F.col("_death")),
            "is_deceased": F.when(F.col("_death").isNotNull(), True),
            "gender": gender(F.col("gender")),
            "race": F.col("race"),
            "ethnicity": F.col("ethnicity"),
            "zip": parsing.postal_code(F.col("zip")),
            **version_time(F.col("_updated"), F.col("_ingested_at")),
            "is_shifted": feeds.is_shifted(),
            "cleared": feeds.cleared(patient_records.SOURCE.by_target[PATIENTS]),
        },
        codes(
            gender_unknown(F.col("gender")),
            parsing.unreadable("birth_date_unreadable", F.col("birth_date"), F.col("_birth")),
            parsing.unreadable("death_date_unreadable", F.col("death_date"), F.col("_death")),
            parsing.unreadable("updated_at_unreadable", F.col("updated_at"), F.col("_updated")),
            feeds.after_arrival("birth_date_in_future", F.col("_birth")),
        ),
    )


_SYNTHEA = {
    "patient_id": "id",
    "given_name": "first",
    "family_name": "last",
    "race": "race",
    "ethnicity": "ethnicity",
    "marital_status": "marital",
    "address": "address",
    "city": "city",
    "state": "state",
    "zip": "zip",
    "ssn": "ssn",
    "drivers_license": "drivers",
    "passport": "passport",
}


def from_synthea(
    bronze: DataFrame,
    feeds: FeedReader,
    more: Mapping[str, Column] | None = None,
    spelled: Spelling = identifiers.upper,
    against: Column | None = None,
) -> DataFrame:
    """Synthea's patients; `more` gives columns that another format under these names has besides, `against` what
    already stands against each."""
    cells = (name for name in _SYNTHEA.values() if name != "id")
    texts = parsing.texts(bronze, (*cells, "gender", "birthdate", "deathdate"), ("id",))
    texts = spelled(texts, ("id",))
    typed = texts.withColumns(
        {"_birth": parsing.partial_date(F.col("birthdate")), "_death": feeds.local_date("deathdate")}
    )
    return _shaped(
        typed,
        {
            **{name: F.col(theirs) for name, theirs in _SYNTHEA.items()},
            "zip": parsing.postal_code(F.col("zip")),
            "source_system": F.lit("synthea"),
            "is_ended": F.lit(False),
            "full_name": parsing.given(F.concat_ws(" ", *map(parsing.undamaged, map(F.col, ("first", "last"))))),
            "birth_date": F.col("_birth"),
            "birth_precision": parsing.precision(F.col("birthdate"), F.col("_birth")),
            "death_date": F.col("_death"),
            "death_precision": parsing.precision(F.col("deathdate"), F.col("_death")),
            "is_deceased": F.when(F.col("_death").isNotNull(), True),
            "gender": gender(F.col("gender")),
            "updated_at": F.col("_ingested_at"),
            **(more or {}),
        },
        codes(
            gender_unknown(F.col("gender")),
            parsing.unreadable("birth_date_unreadable", F.col("birthdate"), F.col("_birth")),
            parsing.unreadable("death_date_unreadable", F.col("deathdate"), F.col("_death")),
            feeds.after_arrival("birth_date_in_future", F.col("_birth")),
        ),
        against,
    )


def gender(text: Column) -> Column:
    """M, F or O; null where nothing is given or the value says no more."""
    read = parsing.coded(text, v.GENDERS)
    return F.when(read != "U", read)


def gender_unknown(text: Column) -> Column:
    """The reason against a value that is none of the vocabulary, else null."""
    return parsing.unreadable("gender_unknown", text, parsing.coded(text, v.GENDERS))


def stripped(patients: DataFrame) -> DataFrame:
    """Rows of Silver as the versions that they are: without what no record gives."""
    return patients.withColumn("gender", F.when(F.col("gender") != "U", F.col("gender")))


def completed(patients: DataFrame) -> DataFrame:
    """Patients with what stands where no version gives anything."""
    return patients.withColumn("gender", F.coalesce("gender", F.lit("U")))


def _shaped(
    bronze: DataFrame,
    found: dict[str, Column],
    unreadable: Column,
    against: Column | None = None,
    beside: Sequence[str] = (),
) -> DataFrame:
    """All of the contract's columns but the key, absent ones null, with reasons and provenance."""
    columns = [
        found.get(c.name, F.lit(None)).cast(c.type.value).alias(c.name)
        for c in silver.PATIENTS.columns
        if c.name in found or c.name not in ("id_namespace", "patient_key", *PROVENANCE)
    ]
    all_ = unreadable if against is None else both(against, unreadable)
    is_end = found.get("is_ended", F.lit(False)).alias("is_end")
    return completed(bronze.select(*columns, is_end, all_.alias(UNREADABLE), *PROVENANCE, *beside))
