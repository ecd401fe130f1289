"""Ranges of offsets: what is to be landed, no more than a run takes, and never past a gap."""

import pytest

from mediflow_assets.contracts.events import delivery_of, partition_of
from mediflow_assets.errors import OffsetsLost, SettingsInvalid
from mediflow_assets.streaming.landing_query import starting_offsets
from mediflow_assets.streaming.ranges import Bounds, Range, beyond, bounded, to_land


def test_what_the_broker_has_beyond_the_table_is_to_be_landed() -> None:
    found = to_land("t", {0: Bounds(0, 10), 1: Bounds(3, 3), 2: Bounds(5, 9)}, {0: 6, 1: -1})
    assert found == [Range("t", 0, 7, 10), Range("t", 2, 5, 9)]


def test_offsets_that_are_gone_are_named() -> None:
    with pytest.raises(OffsetsLost, match="t partition 1, offsets 4 to 6 are gone"):
        to_land("t", {0: Bounds(0, 1), 1: Bounds(7, 9)}, {1: 3})


def test_a_topic_made_anew_is_not_taken_for_the_old_one() -> None:
    with pytest.raises(OffsetsLost, match="made again"):
        to_land("t", {0: Bounds(0, 5)}, {0: 99})


@pytest.mark.parametrize("sizes", [(10, 0), (1_000, 10), (3, 3_000), (1, 1)])
@pytest.mark.parametrize("most", [1, 100])
def test_a_run_takes_a_bounded_part_of_every_partition(sizes: tuple[int, ...], most: int) -> None:
    ranges = [Range("t", n, 5, 5 + size) for n, size in enumerate(sizes)]
    cut = bounded(ranges, most)
    assert sum(map(len, cut)) == min(most, sum(sizes))
    assert most == 1 or [r.partition for r in cut] == [n for n, size in enumerate(sizes) if size]
    assert all(r.start == 5 for r in cut)


def test_of_what_is_asked_for_each_offset_is_landed_once() -> None:
    asked = [Range("t", 0, 0, 10), Range("t", 0, 5, 12), Range("t", 1, 0, 3)]
    assert beyond({0: Bounds(0, 20), 1: Bounds(0, 3)}, {0: 3, 1: 2}, asked) == [
        Range("t", 0, 4, 10),
        Range("t", 0, 10, 12),
    ]


@pytest.mark.parametrize(
    ("asked", "landed", "error", "text"),
    [
        (Range("t", 0, 8, 10), 3, SettingsInvalid, "partition 0, offsets 4 to 7 would be passed over"),
        (Range("t", 0, 4, 99), 3, SettingsInvalid, "does not have t partition 0, offsets 4 to 98"),
        (Range("t", 7, 0, 2), 3, SettingsInvalid, "does not have t partition 7"),
        (Range("t", 0, 0, 10), 0, OffsetsLost, "partition 0, offsets 1 to 1 are gone"),
        (Range("t", 0, 0, 10), -1, OffsetsLost, "partition 0, offsets 0 to 1 are gone"),
    ],
)
def test_what_cannot_be_landed_as_asked_is_refused(
    asked: Range, landed: int, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        beyond({0: Bounds(2, 20)}, {0: landed}, [asked])


def test_a_partition_is_named_and_found_again() -> None:
    assert partition_of(delivery_of("a/b", 12)) == ("a/b", 12)


def test_the_service_goes_on_behind_the_table() -> None:
    held = {0: Bounds(0, 10), 1: Bounds(3, 9)}
    assert starting_offsets("t", held, {0: 6, 1: -1}) == '{"t": {"0": 7, "1": 3}}'
