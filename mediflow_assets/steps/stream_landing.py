"""What a run does with the topic: lands the range asked for, or what there is, or nothing, as the setting says."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mediflow_assets.contracts.events import ENCOUNTER_EVENTS
from mediflow_assets.errors import BrokerUnreachable
from mediflow_assets.steps.events import land_ranges
from mediflow_assets.storage.delta import Lake
from mediflow_assets.streaming import figures, progress
from mediflow_assets.streaming.broker import Broker
from mediflow_assets.streaming.ranges import Range, bounded, to_land
from mediflow_assets.streaming.security import python_options, read_properties

OFF, BATCH, CONTINUOUS = "off", "batch", "continuous"


@dataclass(frozen=True)
class Topic:
    """A topic of a broker, how it is landed, and how much of it at once."""

    broker: Broker
    name: str
    landing: str = OFF
    most_records: int = 500_000

    @classmethod
    def of(cls, settings: Any) -> "Topic":
        """The topic of a home's settings."""
        options = python_options(read_properties(settings.kafka_properties))
        broker = Broker(settings.kafka, options)
        return cls(broker, settings.topic, settings.landing, settings.max_records_per_run)


def waiting(lake: Lake, topic: Topic) -> list[Range]:
    """What the broker has and the table has not, as much of it as one run takes. Raises BrokerUnreachable,
    OffsetsLost."""
    landed = progress.landed_through(lake, topic.name)
    return bounded(to_land(topic.name, topic.broker.bounds(topic.name), landed), topic.most_records)


def land_topic(lake: Lake, home: Path, topic: Topic, asked: Sequence[Range] | None, holder: str) -> dict[str, Any]:
    """Land the ranges asked for, or whatever waits; returns figures. Without a broker nothing waits."""
    lake.ensure(ENCOUNTER_EVENTS)
    told: dict[str, Any] = {"landing": topic.landing, "new_rows": 0}
    if topic.landing != BATCH:
        return told
    try:
        ranges = list(asked) if asked else waiting(lake, topic)
    except BrokerUnreachable as error:
        return told | {"broker": str(error)}
    if not ranges:
        return told
    landed = land_ranges(lake, home, topic.broker, ranges, holder)
    figures.note_figures(
        lake, landing=figures.landing_figures(landed.rows, landed.seconds, landed.delays_ms, topic.landing)
    )
    told |= {"new_rows": landed.rows, "known": landed.known, "refused_records": sum(landed.refused.values())}
    return told | {f"through {r.topic}/{r.partition}": r.end - 1 for r in ranges}
