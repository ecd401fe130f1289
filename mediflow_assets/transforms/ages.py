"""Ages in completed years."""

from pyspark.sql import Column
from pyspark.sql import functions as F


def completed_years(birth: Column, day: Column) -> Column:
    """Age in completed years; a birthday on 29 February is reached on 1 March in common years."""
    before_birthday = (F.month(day) * 100 + F.dayofmonth(day)) < (F.month(birth) * 100 + F.dayofmonth(birth))
    return (F.year(day) - F.year(birth) - before_birthday.cast("int")).cast("int")


def last_day(day: Column, precision: Column) -> Column:
    """The last day that a date may mean, which is the first one where it tells its year or month only."""
    year_end = F.date_sub(F.add_months(day, 12), 1)
    return F.when(precision == "year", year_end).when(precision == "month", F.last_day(day)).otherwise(day)


def sure_years(birth: Column, precision: Column, day: Column) -> Column:
    """Age in completed years where it does not depend on what a date of birth leaves out, else null. Who is there has
    been born; where even the first day that the date may mean lies later, one of both is wrong, and the age negative.
    """
    last = last_day(birth, precision)
    youngest = completed_years(F.when(birth <= day, F.least(last, day)).otherwise(last), day)
    oldest = completed_years(birth, day)
    return F.when((oldest == youngest) | (birth > day), oldest)
