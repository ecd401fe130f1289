"""How many records of each delivery a Silver table accepted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import bronze
from mediflow_assets.contracts.versions import OUTCOMES
from mediflow_assets.pipeline.offset_ranges import OffsetRanges, in_offset_ranges
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.transforms.validation import is_accepted, is_waiting

SOURCE = "_source"
"""The Bronze table of a validated record."""


@dataclass(frozen=True)
class DeliveryResult:
    """How one delivery fared at one Silver table; `through` is its last record validated, `waiting` tells how many of
    its records wait for another one."""

    delivery: str
    records: int
    accepted: int
    through: int
    waiting: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    """What the accepted ones were to the table."""

    @property
    def untold(self) -> int:
        """Accepted records of which no outcome tells, or outcomes too many."""
        return abs(self.accepted - sum(self.outcomes.values()))

    def as_processed(self, table: str, given_up: int = 0) -> dict[str, int | str | None]:
        """Its row of `silver/processed`; `given_up` are records that people discarded."""
        return {
            "target_table": table,
            "_delivery_id": self.delivery,
            "through_record": self.through,
            "records": self.records + given_up,
            "accepted": self.accepted,
            "quarantined": self.records - self.accepted + given_up,
            **{name: self.outcomes.get(name, 0) if self.outcomes else None for name in OUTCOMES},
        }


def count(validated: DataFrame, offset_ranges: OffsetRanges) -> list[DeliveryResult]:
    """The results on validated records, by delivery."""
    if offset_ranges:
        # of a partition what is validated again was counted when it was new
        streams = [source.table.name for source in bronze.SOURCES.values() if source.is_stream]
        validated = validated.where(~F.col(SOURCE).isin(streams) | in_offset_ranges(offset_ranges))
    figures_of = validated.groupBy("_delivery_id").agg(
        F.count(F.lit(1)).alias("records"),
        F.count_if(is_accepted()).alias("accepted"),
        F.max("_record_number").alias("through"),
        F.count_if(is_waiting()).alias("waiting"),
    )
    names = ("_delivery_id", "records", "accepted", "through", "waiting")
    with storage_errors("counting verdicts"):
        return [DeliveryResult(*(row[name] for name in names)) for row in figures_of.collect()]


def figures(delivery_results: Iterable[DeliveryResult], duplicates: int) -> dict[str, int]:
    """The same for all deliveries together, as a step tells it."""
    delivery_results = list(delivery_results)
    records, accepted = sum(v.records for v in delivery_results), sum(v.accepted for v in delivery_results)
    told = {"judged": records, "accepted": accepted, "quarantined": records - accepted}
    outcomes = {name: sum(v.outcomes.get(name, 0) for v in delivery_results) for name in OUTCOMES}
    told |= {name: count for name, count in outcomes.items() if count}
    return told | ({"duplicates": duplicates} if duplicates else {})
