"""The small-cell guard: a figure that stands for 1 to 10 people is not shown, nor can it be worked out."""

import polars as pl

from mediflow_assets.contracts.masked import K

HIDDEN = "1 to 10 people, not shown"


def is_small(people: int) -> bool:
    """Whether so many people are too few to be shown."""
    return 0 < people < K


def hide_small(frame: pl.DataFrame, people: str, *measures: str) -> pl.DataFrame:
    """The frame with `is_hidden`, and nulls in `people` and `measures` of the hidden rows.

    A row of 1 to 10 people is hidden. What is hidden must not follow from a total shown elsewhere: as long as the
    hidden rows are one row, or 1 to 10 people in all, the smallest row still shown is hidden as well.
    """
    ordered = frame.with_row_index("_at").sort(people, "_at")
    counts = ordered[people].fill_null(0).to_list()
    hidden = [is_small(count) for count in counts]
    while 0 < sum(hidden) and (sum(hidden) < 2 or is_small(sum(c for c, h in zip(counts, hidden, strict=True) if h))):
        following = next((at for at, count in enumerate(counts) if count and not hidden[at]), None)
        if following is None:
            break
        hidden[following] = True
    marked = ordered.with_columns(pl.Series("is_hidden", hidden, dtype=pl.Boolean))
    blanked = [pl.when("is_hidden").then(None).otherwise(pl.col(name)).alias(name) for name in (people, *measures)]
    return marked.with_columns(blanked).sort("_at").drop("_at")
