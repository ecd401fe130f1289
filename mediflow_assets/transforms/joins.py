"""Joins in the order in which the embedded engine does them cheaply."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F


def with_few(frame: DataFrame, few: DataFrame, on: Column) -> DataFrame:
    """Each row of the frame with the columns of the few that match it; null where none does.

    The few stand on the left: the embedded engine holds the left side in memory and streams the right one past it. It
    takes any filter to keep a fifth of the rows, and holds the side that it takes for the smaller one: without a filter
    of their own the few would be taken for more than the rows of a filtered frame, and those held, wide as they are.
    """
    return few.where(F.rand() >= 0).join(frame, on, "right")
