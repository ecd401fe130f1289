"""The small-cell guard: a figure that stands for 1 to 10 people is not shown, nor can it be worked out.

Two rules hold over all pages. Encounters, readmissions and anomalies are exact sums over the shown cells of a partition
in which what is hidden is nothing, or at least two cells of eleven people together, within each total that another
figure may tell. Every other count of people or of their rows is told to the nearest twenty, so that its difference to
any other figure may be one of twenty numbers in a row, and never is known to be 1 to 10.
"""

import polars as pl

from mediflow_assets.contracts.suppression import K, hidden
from mediflow_assets.contracts.table import SmallCells

HIDDEN = "not shown"
NEAREST = 20
"""More than ten: a count to the nearest ten, less an exact one, may be known to be 1 to 10."""


def is_small(people: int) -> bool:
    """Whether so many people are too few to be shown."""
    return 0 < people < K


def rounded(count: int) -> int:
    """A count to the nearest twenty."""
    return (count + NEAREST // 2) // NEAREST * NEAREST


def to_nearest(*names: str) -> list[pl.Expr]:
    """These columns to the nearest twenty."""
    return [((pl.col(name) + NEAREST // 2) // NEAREST * NEAREST).cast(pl.Int64).alias(name) for name in names]


def mark_small(frame: pl.DataFrame, people: str, *margins: tuple[str, ...]) -> pl.DataFrame:
    """The frame with `is_hidden`: cells of 1 to 10 people, and those that would tell one of them from a total.

    `margins` are nested groups of cells, the narrowest first, whose totals may be known. A cell of nobody is shown.
    """
    filled = frame.with_row_index("_at")
    people_in = filled.filter(pl.col(people) > 0)
    marks = hidden(people_in.to_dicts(), SmallCells(people, (), margins=(*margins, ())))
    found = people_in.select("_at").with_columns(is_hidden=pl.Series(marks, dtype=pl.Boolean))
    joined = filled.join(found, on="_at", how="left", maintain_order="left")
    return joined.with_columns(pl.col("is_hidden").fill_null(False)).drop("_at")


def hide_small(frame: pl.DataFrame, people: str, *measures: str) -> pl.DataFrame:
    """The frame with counts to the nearest twenty, and with nulls in rows of 1 to 10 people.

    `people` and each of `measures` that is a whole number are counts.
    """
    kept = pl.col(people) >= K
    counts = [name for name in (people, *measures) if frame.schema[name].is_integer()]
    told = frame.with_columns(is_hidden=~kept & (pl.col(people) > 0)).with_columns(*to_nearest(*counts))
    return told.with_columns(
        pl.when(~pl.col("is_hidden")).then(pl.col(name)).alias(name) for name in (people, *measures)
    )
