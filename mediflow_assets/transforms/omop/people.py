"""OMOP's persons and deaths, and what every other table needs of a person."""

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts.masked import TOP_AGE_YEARS
from mediflow_assets.contracts.masks import SHIFT_DAYS
from mediflow_assets.contracts.omop import concepts
from mediflow_assets.transforms.joins import with_few
from mediflow_assets.transforms.omop.values import (
    FLOOR,
    PERSON,
    SHIFT,
    WHO,
    last_day,
    mapped,
    middle,
    moved_day,
    number,
    numbered,
    own,
)
from mediflow_assets.transforms.over_89 import IS_OVER_89, marked
from mediflow_assets.transforms.pseudonyms import shift_days, with_hmac_pads, without_hmac_pads

_BIRTH, _YEAR, _NEWEST, _DIED, _TOLD = "_birth", "_year", "_newest", "_died_on", "_told"


def shifted(frame: DataFrame, hmac_pads: DataFrame | None) -> DataFrame:
    """The frame with the days by which the dates of its `patient_key` move: 0 without a key.

    Back, never on: a date that is moved past the day of the extract would tell by how much.
    """
    if hmac_pads is None:
        return frame.withColumn(SHIFT, F.lit(0))
    days = shift_days(F.col("patient_key")) - SHIFT_DAYS
    return without_hmac_pads(with_hmac_pads(frame, hmac_pads).withColumn(SHIFT, days))


def persons(
    patients: DataFrame, encounters: DataFrame, old: DataFrame, moving: DataFrame | None, hmac_pads: DataFrame
) -> DataFrame:
    """One row per patient of whom a year of birth is known, or can be had from an age.

    Dates move by the pads of `moving`, where there are any. Of those who are 90 or older (`old`), the year is that of
    somebody of 90, and neither month nor day is told.
    """
    years = encounters.groupBy(F.col("patient_key").alias("_aged")).agg(
        F.min(F.year("admitted_on") - F.col("age_at_admission")).alias("_by_age")
    )
    newest = encounters.agg(F.max("admitted_on").alias(_NEWEST))
    told = with_few(_dying(patients, encounters), years, F.col("_aged") == F.col("patient_key")).crossJoin(newest)
    born = moved_day(middle(F.col("birth_date"), F.col("birth_precision")))
    known = marked(shifted(told, moving), old).withColumn(_BIRTH, born)
    # of the living by the same day for all: one that is moved would tell how far
    of_90 = F.year(F.coalesce(_moved_death(), F.col(_NEWEST))) - TOP_AGE_YEARS
    year = F.coalesce(F.year(_BIRTH), F.year(moved_day(F.make_date("_by_age", F.lit(7), F.lit(1)))))
    shown = F.when(F.col(IS_OVER_89), F.greatest(year, of_90)).otherwise(year)
    dated = known.withColumn(_YEAR, shown).where(F.col(_YEAR).isNotNull())
    tells_day = (F.col("birth_precision") == "day") & ~F.col(IS_OVER_89)
    race, ethnicity = _word("race", concepts.RACES), _word("ethnicity", concepts.ETHNICITIES)
    return with_hmac_pads(dated, hmac_pads).select(
        number(own(F.col("patient_key"))).alias("person_id"),
        mapped(F.col("gender"), concepts.GENDERS).alias("gender_concept_id"),
        F.col(_YEAR).alias("year_of_birth"),
        F.when(tells_day, F.month(_BIRTH)).alias("month_of_birth"),
        F.when(tells_day, F.dayofmonth(_BIRTH)).alias("day_of_birth"),
        F.when(tells_day, F.col(_BIRTH).cast("timestamp")).alias("birth_datetime"),
        mapped(race, concepts.RACES).alias("race_concept_id"),
        mapped(ethnicity, concepts.ETHNICITIES).alias("ethnicity_concept_id"),
        own(F.col("patient_key")).alias("person_source_value"),
        F.col("gender").alias("gender_source_value"),
        race.alias("race_source_value"),
        ethnicity.alias("ethnicity_source_value"),
    )


def _word(column: str, listed: dict[str, int]) -> Column:
    """A word of the list; null where it is none."""
    word = F.lower(F.trim(F.col(column)))
    ours = reduce(lambda other, pair: F.when(word == pair[0], F.lit(pair[1])).otherwise(other),
                  concepts.SPELLINGS.items(), word)  # fmt: skip
    return F.when(ours.isin(sorted(listed)), ours)


def people(
    patients: DataFrame, person: DataFrame, old: DataFrame, moving: DataFrame | None, hmac_pads: DataFrame
) -> DataFrame:
    """Those of the patients who are in `omop/person`: their pseudonym and number, by how much their dates move, and the
    first day shown of those who are 90 or older."""
    keyed = numbered(patients.select("patient_key"), "patient_key", PERSON, hmac_pads)
    told = person.select(F.col("person_id").alias("_told_id"), "year_of_birth")
    aged = marked(shifted(told.join(keyed, F.col("_told_id") == F.col(PERSON)), moving), old)
    floor = F.when(F.col(IS_OVER_89), F.make_date("year_of_birth", F.lit(1), F.lit(1)))
    return aged.select(F.col("patient_key").alias(WHO), PERSON, SHIFT, floor.alias(FLOOR))


def of_people(rows: DataFrame, known: DataFrame, begin: str) -> DataFrame:
    """The rows of those people, with what is known of them, but for what lies before the first day that is shown."""
    theirs = known.join(rows, F.col(WHO) == F.col("patient_key"))
    return theirs.where(F.col(FLOOR).isNull() | (moved_day(F.col(begin)) >= F.col(FLOOR)))


def deaths(patients: DataFrame, encounters: DataFrame, known: DataFrame) -> DataFrame:
    """One row per person whose death is told, by themselves or by a visit that it ended.

    Where only its month or year is told, on the last day of that, as the model has it
    (https://ohdsi.github.io/CommonDataModel/cdm54.html#death).
    """
    dated = _dying(patients, encounters).where(F.col(_DIED).isNotNull())
    return of_people(dated.select("patient_key", _DIED, _TOLD), known, _DIED).select(
        F.col(PERSON).alias("person_id"),
        _moved_death().alias("death_date"),
        F.lit(concepts.EHR).alias("death_type_concept_id"),
    )


def _dying(patients: DataFrame, encounters: DataFrame) -> DataFrame:
    """The patients with the day on which they died, as they themselves tell, else the first encounter that ended so.

    Where they tell a month or a year (`_told`), a day within it that lies before no stay.
    """
    ended = F.when(F.col("discharge_disposition") == "expired", F.col("discharged_on"))
    seen = F.max(F.greatest("admitted_on", "discharged_on")).alias("_seen")
    told = encounters.groupBy(F.col("patient_key").alias("_dead")).agg(F.min(ended).alias("_on"), seen)
    died = with_few(patients, told, F.col("_dead") == F.col("patient_key"))
    day, precision = F.col("death_date"), F.col("death_precision")
    within = F.greatest(middle(day, precision), F.least(F.col("_seen"), last_day(day, precision)))
    anchor = F.when(precision.isin("month", "year"), within).otherwise(day)
    return died.withColumns({_DIED: F.coalesce(anchor, F.col("_on")), _TOLD: F.when(day.isNotNull(), precision)})


def _moved_death() -> Column:
    return last_day(moved_day(F.col(_DIED)), F.col(_TOLD))
