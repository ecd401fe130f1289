"""What stands in an encounter's row although no record gives it: presumed from the others, or its patient's."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import silver
from mediflow_assets.contracts import vocabulary as v
from mediflow_assets.contracts.bronze import ADMISSIONS as admissions
from mediflow_assets.contracts.bronze import sources_of
from mediflow_assets.contracts.events import ENCOUNTER_EVENTS as events
from mediflow_assets.transforms import parsing
from mediflow_assets.transforms.ages import completed_years, sure_years
from mediflow_assets.transforms.joins import with_few

OF_PATIENT = ("age_at_admission", "gender", "zip")
"""Columns that are the patient's where no record gives them."""
DERIVED = ("department", "status", "encounter_class", *OF_PATIENT)
"""Columns that stand although no record gives them."""
_AS_BILLED = [s.system for s in sources_of(silver.ENCOUNTERS) if s.table in (admissions, events)]
"""Source systems whose records need not tell of the end of a stay that is over."""


def presumed(encounters: DataFrame) -> DataFrame:
    """Encounters with the class, department and status that stand where no version gives one; `derived` names these.

    A stay over night is presumed to be one of an inpatient. That says nothing of its department.
    """
    return encounters.withColumns(
        {
            "derived": F.concat_ws(
                " ",
                *(F.when(F.col(name).isNull(), F.lit(name)) for name in ("department", "status")),
                F.when(_stayed(), F.lit("encounter_class")),
            ),
            "encounter_class": F.when(_stayed(), v.PRESUMED_CLASS).otherwise(F.col("encounter_class")),
            "department": F.coalesce("department", department_of(F.col("encounter_class")), F.lit(v.UNKNOWN)),
            "status": F.coalesce("status", presumed_status()),
        }
    )


def _stayed() -> Column:
    """Whether an encounter of which no version gives a class ended on a later day than it began."""
    has_end = F.col("discharged_at").isNotNull() & (F.col("discharged_on") > F.col("admitted_on"))
    return F.col("encounter_class").isNull() & has_end


def presumed_status() -> Column:
    """The status of an encounter of which no version gives one."""
    of_open = F.when(F.col("source_system").isin(_AS_BILLED), "unknown").otherwise("in-progress")
    return F.when(F.col("discharged_at").isNull(), of_open).otherwise("finished")


def with_patient(encounters: DataFrame, patients: DataFrame) -> DataFrame:
    """Adds the patient's key, and gender, postal code and age where no version gives them; `derived` names these too.

    `patient_key` stays null where the patient has not arrived. Age is in completed years: from the birth date that
    records of the encounter give, else the age that they give, else the patient's birth date.
    """
    known = patients.select(
        F.col("id_namespace").alias("_known_namespace"),
        F.col("patient_id").alias("_known_id"),
        F.col("patient_key"),
        F.col("birth_date").alias("_known_birth"),
        F.col("birth_precision").alias("_known_precision"),
        F.col("gender").alias("_known_gender"),
        F.col("zip").alias("_known_zip"),
    )
    is_of = (F.col("patient_id") == F.col("_known_id")) & (F.col("id_namespace") == F.col("_known_namespace"))
    joined = with_few(encounters, known, is_of).select(*encounters.columns, *known.columns)
    of_age = F.when(F.col("birth_date").isNull() & F.col("age_at_admission").isNull(), F.lit("age_at_admission"))
    return joined.withColumns(
        {
            "derived": parsing.given(F.concat_ws(" ", "derived", of_age, _names_of_null("gender", "zip"))),
            "age_at_admission": F.coalesce(
                completed_years(F.col("birth_date"), F.col("admitted_on")),
                F.col("age_at_admission"),
                sure_years(F.col("_known_birth"), F.col("_known_precision"), F.col("admitted_on")),
            ),
            "gender": F.coalesce("gender", "_known_gender", F.lit("U")),
            "zip": F.coalesce(F.col("zip"), F.col("_known_zip")),
        }
    ).drop("_known_namespace", "_known_id", "_known_birth", "_known_precision", "_known_gender", "_known_zip")


def of_survivors(encounters: DataFrame, people: DataFrame) -> DataFrame:
    """Encounters with what they take from their patient taken from these people, by key, where they are among them."""
    names = ("patient_key", "birth_date", "birth_precision", "gender", "zip")
    known = people.select(*(F.col(name).alias(f"_known_{name}") for name in names))
    joined = with_few(encounters, known, F.col("patient_key") == F.col("_known_patient_key"))
    age = sure_years(F.col("_known_birth_date"), F.col("_known_birth_precision"), F.col("admitted_on"))
    theirs = {
        "age_at_admission": F.when(age.between(*v.AGE_LIMITS_YEARS), age),
        "gender": F.col("_known_gender"),
        "zip": F.col("_known_zip"),
    }
    derived = F.split(F.coalesce("derived", F.lit("")), " ")
    is_known = F.col("_known_patient_key").isNotNull()
    return joined.withColumns(
        {
            name: F.when(is_known & F.array_contains(derived, name), value).otherwise(F.col(name))
            for name, value in theirs.items()
        }
    ).select(*encounters.columns)


def with_plausible_age(encounters: DataFrame) -> DataFrame:
    """Encounters without an age that a patient cannot have: what several records tell may contradict."""
    age = F.col("age_at_admission")
    return encounters.withColumn("age_at_admission", F.when(age.between(*v.AGE_LIMITS_YEARS), age))


def stripped(encounters: DataFrame) -> DataFrame:
    """Rows of Silver as the versions that they are: without what no record gives."""
    derived = F.split(F.coalesce("derived", F.lit("")), " ")
    return encounters.withColumns({name: F.when(~F.array_contains(derived, name), F.col(name)) for name in DERIVED})


def taking(encounters: DataFrame) -> DataFrame:
    """The rows that take something from their patient."""
    return encounters.where(F.col("derived").rlike("|".join(OF_PATIENT)))


def _names_of_null(*names: str) -> Column:
    return F.concat_ws(" ", *(F.when(F.col(name).isNull(), F.lit(name)) for name in names))


def department_of(class_: Column) -> Column:
    """The department that stands for a class where the source names none."""
    chain = F.when(F.lit(False), F.lit(None))
    for name, department in v.DEPARTMENT_OF_CLASS.items():
        chain = chain.when(class_ == name, F.lit(department))
    return chain.cast("string")
