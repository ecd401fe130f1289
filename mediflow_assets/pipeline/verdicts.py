"""How many records of each delivery a Silver table accepted."""

from collections.abc import Iterable
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts.events import ENCOUNTER_EVENTS
from mediflow_assets.pipeline.offset_ranges import Spans, in_spans
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.transforms.judging import is_accepted, is_waiting

SOURCE = "_source"
"""The Bronze table of a judged record."""


@dataclass(frozen=True)
class Verdicts:
    """How one delivery fared at one Silver table; `through` is its last record judged, `waiting` tells how many of
    its records wait for another one."""

    delivery: str
    records: int
    accepted: int
    through: int
    waiting: int = 0


def count(judged: DataFrame, spans: Spans) -> list[Verdicts]:
    """The verdicts on judged records, by delivery."""
    if spans:
        # of a partition what is judged again was counted when it was new
        judged = judged.where((F.col(SOURCE) != ENCOUNTER_EVENTS.name) | in_spans(spans))
    figures_of = judged.groupBy("_delivery_id").agg(
        F.count(F.lit(1)).alias("records"),
        F.count_if(is_accepted()).alias("accepted"),
        F.max("_record_number").alias("through"),
        F.count_if(is_waiting()).alias("waiting"),
    )
    names = ("_delivery_id", "records", "accepted", "through", "waiting")
    with storage_errors("counting verdicts"):
        return [Verdicts(*(row[name] for name in names)) for row in figures_of.collect()]


def figures(verdicts: Iterable[Verdicts], duplicates: int) -> dict[str, int]:
    """The same for all deliveries together, as a step tells it."""
    verdicts = list(verdicts)
    records, accepted = sum(v.records for v in verdicts), sum(v.accepted for v in verdicts)
    told = {"judged": records, "accepted": accepted, "quarantined": records - accepted}
    return told | ({"duplicates": duplicates} if duplicates else {})
