"""Where a patient was during an encounter: what was undone never was, and the same place told again is no move."""

import datetime as dt

import pytest

from mediflow_assets.contracts.clinical import BEGUN, MOVED, UNDONE
from mediflow_assets.transforms.stretches import stretches


def told(*moves):
    """Rows as they were told, one an hour: kind, department, and the hour from when on, if that is another one."""
    day = dt.datetime(2024, 3, 1, tzinfo=dt.UTC)
    return [
        {
            "kind": kind,
            "department": ward,
            "room": None,
            "bed": None,
            "entered_at": day + dt.timedelta(hours=(since or [hour])[0]),
            "entered_on": day.date(),
        }
        for hour, (kind, ward, *since) in enumerate(moves)
    ]


@pytest.mark.parametrize(
    ("moves", "found"),
    [
        ([(BEGUN, "ED"), (MOVED, "ICU"), (MOVED, "CARD")], [("ED", 0), ("ICU", 1), ("CARD", 2)]),
        ([(BEGUN, "ED"), (MOVED, "ICU"), (UNDONE, "ED")], [("ED", 0)]),
        ([(BEGUN, "ED"), (MOVED, "ICU"), (BEGUN, "ICU"), (UNDONE, "ED"), (MOVED, "CARD")], [("ED", 0), ("CARD", 4)]),
        ([(BEGUN, "ED"), (MOVED, "ICU"), (MOVED, "CARD"), (UNDONE, "ICU")], [("ED", 0), ("ICU", 1)]),
        ([(BEGUN, "ED"), (BEGUN, "ED"), (MOVED, "ED")], [("ED", 0)]),
        ([(BEGUN, "ED"), (MOVED, "CARD", 9), (MOVED, "ICU", 5)], [("ED", 0), ("ICU", 5), ("CARD", 9)]),
        ([(UNDONE, "ED"), (BEGUN, None)], []),
    ],
    ids=["moves", "undone", "told where nobody was", "the last undone only", "again", "told late", "nothing"],
)
def test_stretches_are_the_moves_that_stand(moves, found):
    assert [(row["department"], row["entered_at"].hour) for row in stretches(told(*moves))] == found
