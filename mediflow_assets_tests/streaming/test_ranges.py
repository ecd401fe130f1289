"""Ranges of offsets: what is to be landed, no more than a run takes, and never past a gap."""

import pytest

from mediflow_assets.errors import OffsetsLost
from mediflow_assets.streaming.landing_query import starting_offsets
from mediflow_assets.streaming.ranges import Bounds, Range, bounded, delivery_of, partition_of, to_land


def test_what_the_broker_has_beyond_the_table_is_to_be_landed() -> None:
    found = to_land("t", {0: Bounds(0, 10), 1: Bounds(3, 3), 2: Bounds(5, 9)}, {0: 6, 1: -1})
    assert found == [Range("t", 0, 7, 10), Range("t", 2, 5, 9)]


def test_offsets_that_are_gone_are_named() -> None:
    with pytest.raises(OffsetsLost, match="t partition 1, offsets 4 to 6 are gone"):
        to_land("t", {0: Bounds(0, 1), 1: Bounds(7, 9)}, {1: 3})


def test_a_topic_made_anew_is_not_taken_for_the_old_one() -> None:
    with pytest.raises(OffsetsLost, match="made anew"):
        to_land("t", {0: Bounds(0, 5)}, {0: 99})


@pytest.mark.parametrize("sizes", [(10, 0), (1_000, 10), (3, 3_000), (1, 1)])
def test_a_run_takes_a_bounded_part_of_every_partition(sizes: tuple[int, ...]) -> None:
    ranges = [Range("t", n, 5, 5 + size) for n, size in enumerate(sizes)]
    cut = bounded(ranges, 100)
    assert sum(map(len, cut)) <= 100 + len(sizes)
    assert [r.partition for r in cut] == [n for n, size in enumerate(sizes) if size]
    assert all(r.start == 5 for r in cut)


def test_a_partition_is_named_and_found_again() -> None:
    assert partition_of(delivery_of("a/b", 12)) == ("a/b", 12)


def test_the_service_goes_on_behind_the_table() -> None:
    held = {0: Bounds(0, 10), 1: Bounds(3, 9)}
    assert starting_offsets("t", held, {0: 6, 1: -1}) == '{"t": {"0": 7, "1": 3}}'
