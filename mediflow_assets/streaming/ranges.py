"""Ranges of offsets: what a partition holds that has not been landed, cut to what one run may take. No broker here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mediflow_assets.contracts.events import delivery_of
from mediflow_assets.errors import OffsetsLost, SettingsInvalid


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


def to_land(topic: str, held: Mapping[int, Bounds], landed: Mapping[int, int]) -> list[Range]:
    """Per partition what the broker has beyond the last offset landed (-1 for none).

    Raises OffsetsLost where the broker no longer has what should come next.
    """
    lost = [
        Range(topic, partition, landed[partition] + 1, bounds.first)
        for partition, bounds in sorted(held.items())
        if landed.get(partition, -1) >= 0 and landed[partition] + 1 < bounds.first
    ]
    # a topic made again under its old name starts at 0: its offsets are not those that were landed
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


def beyond(held: Mapping[int, Bounds], landed: Mapping[int, int], asked: Sequence[Range]) -> list[Range]:
    """Of ranges asked for, of one topic, what is not landed, each offset once.

    Raises OffsetsLost where the broker no longer has some of it; SettingsInvalid where offsets would be passed over,
    or where the topic does not reach so far.
    """
    for topic in {each.topic for each in asked}:
        to_land(topic, held, landed)
    reached = {p: max(landed.get(p, -1) + 1, bounds.first) for p, bounds in held.items()}
    found = []
    for each in sorted(asked):
        at = reached.get(each.partition, 0)
        if each.partition not in held or each.end > held[each.partition].end:
            raise SettingsInvalid(f"The broker does not have {each}.")
        if each.start < at and landed.get(each.partition, -1) < 0 and at == held[each.partition].first:
            raise OffsetsLost(lost_text([Range(each.topic, each.partition, each.start, at)]))
        if each.start > at:
            raise SettingsInvalid(f"{Range(each.topic, each.partition, at, each.start)} would be passed over.")
        found.append(Range(each.topic, each.partition, at, each.end))
        reached[each.partition] = max(at, each.end)
    return [each for each in found if len(each)]


def lost_text(lost: Iterable[Range], anew: Iterable[Range] = ()) -> str:
    """What is gone, and what to do about it."""
    gone = [f"{each} are gone from the broker before they were landed" for each in lost]
    told = ["; ".join(gone) + ". 'mediflow stream skip-lost' goes on behind the gap, and keeps it in the audit log."]
    again = [f"{each} were landed, and the topic now ends before them: it was made again" for each in anew]
    renamed = ["; ".join(again) + ". Its offsets begin again: give it another name, and set MEDIFLOW_TOPIC to that."]
    return " ".join([*(told if gone else ()), *(renamed if again else ()), "Nothing is landed until then."])


def bounded(ranges: Iterable[Range], most: int) -> list[Range]:
    """The ranges cut to `most` records together, each partition in proportion to what it has."""
    all_ = [each for each in ranges if len(each)]
    total = sum(map(len, all_))
    if total <= most:
        return all_
    shares = {each: len(each) * most // total for each in all_}
    # what the rounding leaves goes to the smallest, which would else get nothing for long
    for each in sorted(all_, key=len)[: most - sum(shares.values())]:
        shares[each] += 1
    return [Range(r.topic, r.partition, r.start, r.start + shares[r]) for r in all_ if shares[r]]
