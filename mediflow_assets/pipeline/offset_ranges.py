"""Spans: which records of a partition, a delivery without end, a Silver table has still to validate."""

from collections.abc import Collection, Iterable, Mapping
from functools import reduce
from operator import or_
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column
from pyspark.sql import functions as F

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.events import ENCOUNTER_EVENTS
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline import landed_offsets
from mediflow_assets.storage.delta import Lake


class OffsetRanges(dict[str, tuple[int, int]]):
    """Delivery → the last record validated, and the last one to validate now: what lands meanwhile is left for next
    time."""

    def holds(self, delivery: str, number: int) -> bool:
        """Whether a record is within the span of its delivery."""
        after, through = self.get(delivery, (0, 0))
        return after < number <= through

    def of(self, deliveries: Iterable[str]) -> "OffsetRanges":
        """Those of some deliveries."""
        return OffsetRanges({delivery: self[delivery] for delivery in deliveries if delivery in self})

    def as_arrow(self) -> Any:
        """The same, over a table's columns."""
        none: Any = pc.scalar(False)
        number: Any = pc.field("_record_number")
        return reduce(
            or_,
            (
                pc.field("_delivery_id").isin(pa.array([delivery])) & (number > after) & (number <= through)
                for delivery, (after, through) in self.items()
            ),
            none,
        )


def in_offset_ranges(offset_ranges: Mapping[str, tuple[int, int]]) -> Column:
    """The same, over a frame's columns."""
    found = F.lit(False)
    for delivery, (after, through) in offset_ranges.items():
        number = F.col("_record_number")
        found = found | ((F.col("_delivery_id") == delivery) & (number > after) & (number <= through))
    return found


def of_deliveries(deliveries: Collection[str], offset_ranges: OffsetRanges) -> Column:
    """Whether a record of a frame is of these deliveries: of one with a span only what is within it."""
    whole, within = [each for each in deliveries if each not in offset_ranges], offset_ranges.of(deliveries)
    if not within:
        return F.col("_delivery_id").isin(whole)
    return F.col("_delivery_id").isin(whole) | in_offset_ranges(within) if whole else in_offset_ranges(within)


def arrow_of_deliveries(deliveries: Collection[str], offset_ranges: OffsetRanges) -> Any:
    """The same, over a table's columns."""
    whole = [each for each in deliveries if each not in offset_ranges]
    return pc.field("_delivery_id").isin(pa.array(whole, pa.string())) | offset_ranges.of(deliveries).as_arrow()


def predicate(delivery: str, offset_ranges: Mapping[str, tuple[int, int]]) -> str:
    """The same of one delivery, as SQL; of one without a span all of it."""
    mine = f"_delivery_id = '{delivery}'"
    if delivery not in offset_ranges:
        return f"({mine})"
    after, through = offset_ranges[delivery]
    return f"({mine} AND _record_number > {after} AND _record_number <= {through})"


def validated_through(lake: Lake, target: TableContract) -> dict[str, int]:
    """The last record that a Silver table has validated, by delivery."""
    rows = lake.read(silver.PROCESSED, ["target_table", "_delivery_id", "through_record"])
    rows = rows.filter(pc.field("target_table") == target.name)
    found: dict[str, int] = {}
    for delivery, through in zip(rows["_delivery_id"].to_pylist(), rows["through_record"].to_pylist(), strict=True):
        found[delivery] = max(through, found.get(delivery, -1))
    return found


def unvalidated(lake: Lake, target: TableContract, stream: TableContract = ENCOUNTER_EVENTS) -> OffsetRanges:
    """Of each partition what is landed and not validated."""
    landed = landed_offsets.deliveries(lake, stream)
    if not landed:
        return OffsetRanges()
    validated = validated_through(lake, target)
    return OffsetRanges(
        {
            delivery: (validated.get(delivery, -1), through)
            for delivery, through in sorted(landed.items())
            if through > validated.get(delivery, -1)
        }
    )


def to_validate(lake: Lake, target: TableContract, stream: TableContract) -> OffsetRanges:
    """What of it a table validates now. None goes further than patients did: messages go on landing while a run is on
    its way, and an encounter validated ahead of its patient would stand in quarantine until somebody looks again."""
    found = unvalidated(lake, target, stream)
    if target is silver.PATIENTS:
        return found
    known = validated_through(lake, silver.PATIENTS)
    ends = {delivery: min(last, known.get(delivery, -1)) for delivery, (_, last) in found.items()}
    return OffsetRanges({d: (after, ends[d]) for d, (after, _) in found.items() if ends[d] > after})
