"""Ages in completed years."""

from pyspark.sql import Column
from pyspark.sql import functions as F


def completed_years(birth: Column, day: Column) -> Column:
    """Age in completed years; a birthday on 29 February is reached on 1 March in common years."""
    before_birthday = (F.month(day) * 100 + F.dayofmonth(day)) < (F.month(birth) * 100 + F.dayofmonth(birth))
    return (F.year(day) - F.year(birth) - before_birthday.cast("int")).cast("int")
