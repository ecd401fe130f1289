"""Ranges of offsets: what a partition holds that has not been landed, cut to what one run may take. No broker here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from mediflow_assets.contracts.events import DELIVERY_PREFIX
from mediflow_assets.errors import OffsetsLost


@dataclass(frozen=True, order=True)
class Range:
    """Offsets of one partition, `start` with, `end` without."""

    topic: str
    partition: int
    start: int
    end: int

    @property
    def delivery_id(self) -> str:
        """The delivery its records belong to."""
        return delivery_of(self.topic, self.partition)

    def __len__(self) -> int:
        return max(self.end - self.start, 0)

    def __str__(self) -> str:
        return f"{self.topic} partition {self.partition}, offsets {self.start} to {self.end - 1}"


@dataclass(frozen=True)
class Bounds:
    """What the broker has of a partition: its first offset, and the one after its last."""

    first: int
    end: int


def delivery_of(topic: str, partition: int) -> str:
    """The `_delivery_id` of a partition's records."""
    return f"{DELIVERY_PREFIX}{topic}/{partition}"


def partition_of(delivery_id: str) -> tuple[str, int]:
    """Topic and partition of a delivery's id."""
    topic, _, partition = delivery_id.removeprefix(DELIVERY_PREFIX).rpartition("/")
    return topic, int(partition)


def to_land(topic: str, held: Mapping[int, Bounds], landed: Mapping[int, int]) -> list[Range]:
    """Per partition what the broker has beyond the last offset landed (-1 for none).

    Raises OffsetsLost where the broker no longer has what should come next.
    """
    lost = [
        Range(topic, partition, landed[partition] + 1, bounds.first)
        for partition, bounds in sorted(held.items())
        if landed.get(partition, -1) >= 0 and landed[partition] + 1 < bounds.first
    ]
    # a topic made anew under its old name starts at 0: its offsets are not those that were landed
    anew = [
        Range(topic, partition, bounds.end, landed[partition] + 1)
        for partition, bounds in sorted(held.items())
        if landed.get(partition, -1) >= bounds.end
    ]
    if lost or anew:
        raise OffsetsLost(lost_text(lost, anew))
    found = (
        Range(topic, partition, max(landed.get(partition, -1) + 1, bounds.first), bounds.end)
        for partition, bounds in sorted(held.items())
    )
    return [each for each in found if len(each)]


def lost_text(lost: Iterable[Range], anew: Iterable[Range] = ()) -> str:
    """What is gone, and what to do about it."""
    gone = [f"{each} are gone from the broker before they were landed" for each in lost]
    gone += [f"{each} were landed, and the topic now ends before them: it was made anew" for each in anew]
    return (
        f"{'; '.join(gone)}. Nothing is landed until this is accepted: 'mediflow stream skip-lost' goes on behind the "
        "gap, and keeps it in the audit log."
    )


def bounded(ranges: Iterable[Range], most: int) -> list[Range]:
    """The ranges cut to `most` records together, each partition in proportion to what it has."""
    all_ = [each for each in ranges if len(each)]
    total = sum(map(len, all_))
    if total <= most:
        return all_
    cut = (Range(r.topic, r.partition, r.start, r.start + max(len(r) * most // total, 1)) for r in all_)
    return list(cut)
