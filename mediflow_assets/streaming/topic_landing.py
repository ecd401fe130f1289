"""What a run does with the topic: lands the range asked for, or what there is, or nothing, as the setting says."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mediflow_assets.contracts.events import ENCOUNTER_EVENTS, delivery_of
from mediflow_assets.errors import BrokerUnreachable, OffsetsLost
from mediflow_assets.pipeline import landed_offsets
from mediflow_assets.storage.delta import Lake
from mediflow_assets.streaming import figures
from mediflow_assets.streaming.broker import Broker
from mediflow_assets.streaming.event_landing import land_ranges
from mediflow_assets.streaming.identity import bounds_of
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
    landed = landed_offsets.landed_through(lake, topic.name)
    return bounded(to_land(topic.name, bounds_of(lake, topic.broker, topic.name), landed), topic.most_records)


def lag_of(lake: Lake, topic: Topic) -> dict[str, int]:
    """Per partition how many messages the broker has beyond those landed. Raises BrokerUnreachable,
    OffsetsLost."""
    landed = landed_offsets.landed_through(lake, topic.name)
    held = bounds_of(lake, topic.broker, topic.name)
    return {
        delivery_of(topic.name, partition): max(bounds.end - max(landed.get(partition, -1) + 1, bounds.first), 0)
        for partition, bounds in held.items()
    }


def land_topic(lake: Lake, home: Path, topic: Topic, asked: Sequence[Range], holder: str) -> dict[str, Any]:
    """Land the ranges asked for, or whatever waits; returns figures.

    Nobody asked for what waits: where there is no broker, or some of it is gone, that is told, and files go their way.
    """
    lake.ensure(ENCOUNTER_EVENTS)
    told: dict[str, Any] = {"landing": topic.landing, "new_rows": 0}
    if topic.landing != BATCH:
        return told
    try:
        ranges = list(asked) or waiting(lake, topic)
    except (BrokerUnreachable, OffsetsLost) as error:
        return told | {"not_landed": str(error)}
    if not ranges:
        return told
    landed = land_ranges(lake, home, topic.broker, ranges, holder)
    lag = lag_of(lake, topic)
    done = figures.landing_figures(landed.rows, landed.seconds, landed.delays_ms)
    figures.note_figures(home, landing=done, lag=lag)
    told |= {"new_rows": landed.rows, "known": landed.known, "refused_records": landed.refused.total()}
    told |= {name: done[name] for name in ("rows_per_second", "p50_ms", "p99_ms") if name in done}
    told |= {f"through {r.delivery_id}": r.end - 1 for r in ranges}
    return told | {f"lag {delivery}": behind for delivery, behind in lag.items()}
