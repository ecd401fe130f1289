"""Rows that are told from the records of one patient alone, made for one share of the patients after the other."""

from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.storage.tables import APPEND, OVERWRITE, conform

_ROWS = 2
"""As many times the rows that are held at once elsewhere: of encounters these need few columns."""


@dataclass(frozen=True)
class Share:
    """One of so many shares of the patients."""

    number: int
    of: int
    until: None = None
    """Up to where the data reach is for the transform to tell."""

    def only(self, contract: TableContract, frame: DataFrame) -> DataFrame:
        """Their rows of an input; all of one that is about nobody."""
        if not contract.names_people:
            return frame
        return frame.where(F.pmod(F.xxhash64("patient_key"), F.lit(self.of)) == self.number)


def rows_by_share(context: RunContext, contract: TableContract, rows: Callable[[Share | None], DataFrame]) -> DataFrame:
    """A table's rows. Of a large lake each share's are staged until `unstage`, to be written in one commit."""
    count = -(-context.lake.rows(silver.ENCOUNTERS) // (_ROWS * context.tables.rows_at_once))
    if count <= 1:
        return rows(None)
    for number in range(count):
        mode = APPEND if number else OVERWRITE
        staged = context.tables.stage(contract, conform(rows(Share(number, count)), contract), mode=mode)
    return staged
