"""Dates of which only the year or the month may be told, in Arrow: how much each tells, and which agree."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.transforms.arrow_keys import Flags, Ints

PRECISIONS = ("year", "month", "day")
"""How much a date tells, from the least on."""


class DateParts:
    """Dates with their precisions; `told` counts the parts of each that are told, 0 where that is not known."""

    def __init__(self, dates: pa.ChunkedArray, precisions: pa.ChunkedArray) -> None:
        told = pc.index_in(precisions, pa.array(PRECISIONS)).fill_null(-1).to_numpy() + 1
        self.told: Ints = np.where(pc.is_valid(dates).to_numpy(), told, 0)
        self._year, self._month = (part(dates).fill_null(0).to_numpy() for part in (pc.year, pc.month))

    def is_told_by(self, at: Ints, finer: Ints) -> Flags:
        """Whether dates at places `finer` tell more than those at `at`, and agree with them; negative is nowhere."""
        is_more = (at >= 0) & (finer >= 0) & (self.told[at] > 0) & (self.told[at] < self.told[finer])
        is_month = (self.told[at] == 1) | (self._month[at] == self._month[finer])
        return np.asarray(is_more & is_month & (self._year[at] == self._year[finer]))
