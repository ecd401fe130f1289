"""OMOP's persons and deaths, and what every other table needs of a person."""

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts.masked import TOP_AGE_YEARS
from mediflow_assets.contracts.masks import SHIFT_DAYS
from mediflow_assets.contracts.omop import concepts
from mediflow_assets.transforms.ages import completed_years
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
from mediflow_assets.transforms.pseudonyms import shift_days, with_hmac_pads, without_hmac_pads

DAY, LAST = "_day", "_last"
"""A day on which something befell somebody; and the last one of those who were 90 or older on it."""
_BIRTH, _YEAR, _NEWEST, _DIED, _TOLD = "_birth", "_year", "_newest", "_died_on", "_told"
_BY_AGE, _OLD = "_by_age", "_old"


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

    Dates move by the pads of `moving`, where there are any. Of the `old`, as `old_at_last` has them and others without
    a day, the year is that of somebody of 90, and neither month nor day is told.
    """
    newest = encounters.agg(F.max("admitted_on").alias(_NEWEST))
    told = _aged(patients, encounters).crossJoin(newest)
    born = moved_day(middle(F.col("birth_date"), F.col("birth_precision")))
    known = _marked(shifted(told, moving), old).withColumn(_BIRTH, born)
    last = F.greatest(moved_day(F.col(LAST)), _moved_death())
    # who was younger on their last day, by one day for all: one that is moved and not shown would tell how far
    of_90 = F.year(F.coalesce(_moved_death(), F.col(_NEWEST))) - TOP_AGE_YEARS
    year = F.coalesce(F.year(_BIRTH), F.year(moved_day(F.make_date(_BY_AGE, F.lit(7), F.lit(1)))))
    is_old = F.col(_OLD).isNotNull()
    topped = F.when(F.col(LAST).isNotNull(), F.year(last) - TOP_AGE_YEARS).otherwise(F.greatest(year, of_90))
    shown = F.when(is_old, topped).otherwise(year)
    dated = known.withColumn(_YEAR, shown).where(F.col(_YEAR).isNotNull())
    tells_day = (F.col("birth_precision") == "day") & ~is_old
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


def old_at_last(patients: DataFrame, encounters: DataFrame, seen: DataFrame) -> DataFrame:
    """The patients who were 90 or older on the last day that is told of them, of those of `seen` and their death."""
    last = seen.groupBy(F.col("patient_key").alias("_seen_key")).agg(F.max(DAY).alias(DAY))
    told = with_few(_aged(patients, encounters), last, F.col("_seen_key") == F.col("patient_key"))
    born = F.coalesce("birth_date", F.make_date(_BY_AGE, F.lit(1), F.lit(1)))
    day = F.greatest(DAY, _DIED)
    return told.where(completed_years(born, day) >= TOP_AGE_YEARS).select("patient_key", day.alias(LAST))


def _aged(patients: DataFrame, encounters: DataFrame) -> DataFrame:
    """The patients, dying, with the year in which they were born by their ages at admissions."""
    years = encounters.groupBy(F.col("patient_key").alias("_aged")).agg(
        F.min(F.year("admitted_on") - F.col("age_at_admission")).alias(_BY_AGE)
    )
    return with_few(_dying(patients, encounters), years, F.col("_aged") == F.col("patient_key"))


def _marked(frame: DataFrame, old: DataFrame) -> DataFrame:
    known = old.select(F.col("patient_key").alias(_OLD), LAST)
    return with_few(frame, known, F.col("patient_key") == F.col(_OLD))


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
    aged = _marked(shifted(told.join(keyed, F.col("_told_id") == F.col(PERSON)), moving), old)
    floor = F.when(F.col(_OLD).isNotNull(), F.make_date("year_of_birth", F.lit(1), F.lit(1)))
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
