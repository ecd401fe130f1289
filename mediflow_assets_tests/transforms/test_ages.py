"""Ages in completed years, where dates of birth tell their year or month only."""

import pytest
from pyspark.sql import functions as F

from mediflow_assets.transforms.ages import sure_years


@pytest.mark.parametrize(
    ("birth", "precision", "day", "age"),
    [
        ("2020-01-01", "year", "2020-06-02", 0),
        ("2020-06-01", "month", "2020-06-02", 0),
        ("2020-01-01", "year", "2021-06-02", None),
        ("2020-01-01", "year", "2021-12-31", 1),
        ("2020-06-01", "month", "2021-06-15", None),
        ("2020-06-01", "month", "2021-07-01", 1),
        ("2020-06-01", "day", "2021-06-01", 1),
        ("2021-06-02", "day", "2021-06-01", -1),
        ("2021-01-01", "year", "2020-06-01", -1),
        ("2020-07-01", "month", "2020-06-30", -1),
    ],
)
def test_an_age_is_told_where_nothing_that_is_left_out_changes_it(session, birth, precision, day, age):
    dates = [F.lit(text).cast("date") for text in (birth, day)]
    row = session.range(1).select(sure_years(dates[0], F.lit(precision), dates[1]).alias("age")).collect()[0]
    assert row["age"] == age
