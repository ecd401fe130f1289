"""Sums of what is given: of nothing there is none, rather than zero."""

import polars as pl


def sum_given(values: pl.Expr) -> pl.Expr:
    """The sum of the values that are given; null where none is."""
    return pl.when(values.count() > 0).then(values.sum())
