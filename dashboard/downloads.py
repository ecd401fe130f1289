"""CSV that a spreadsheet takes as data: no cell can be run as a formula."""

import polars as pl

_STARTS_FORMULA = r"^[\s]*[=+\-@\t\r|%]"


def harmless(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with a leading apostrophe before texts that a spreadsheet would run."""
    return frame.with_columns(
        pl.when(pl.col(name).str.contains(_STARTS_FORMULA)).then("'" + pl.col(name)).otherwise(pl.col(name)).alias(name)
        for name, kind in frame.schema.items()
        if kind == pl.String
    )


def csv_bytes(frame: pl.DataFrame) -> bytes:
    """The frame as CSV in UTF-8, harmless."""
    text: str = harmless(frame).write_csv()
    return text.encode()
