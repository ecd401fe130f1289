"""The small-cell guard: a figure that stands for 1 to 10 people is not shown, nor can it be worked out."""

import polars as pl

from mediflow_assets.contracts.suppression import K, hidden
from mediflow_assets.contracts.table import SmallCells

HIDDEN = "1 to 10 people, not shown"


def is_small(people: int) -> bool:
    """Whether so many people are too few to be shown."""
    return 0 < people < K


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


def hide_small(
    frame: pl.DataFrame, people: str, *measures: str, margins: tuple[tuple[str, ...], ...] = ()
) -> pl.DataFrame:
    """The frame with `is_hidden`, and nulls in `people` and `measures` of the hidden rows."""
    marked = mark_small(frame, people, *margins)
    return marked.with_columns(
        pl.when("is_hidden").then(None).otherwise(pl.col(name)).alias(name) for name in (people, *measures)
    )
