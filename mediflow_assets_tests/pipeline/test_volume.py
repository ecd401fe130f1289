"""Volume: what comes in much smaller or larger than before, or not at all for a month, is doubted."""

import datetime as dt

import pytest

from mediflow_assets.contracts.table import Severity
from mediflow_assets.pipeline import silver as steps
from mediflow_assets.pipeline import volume
from mediflow_assets.pipeline.checks import DELIVERY_VOLUME

BEGUN = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)


def ledger(*records, feed=None):
    return [
        {
            "delivery_id": f"{feed}{n}".ljust(64, "0"),
            "source": "admissions",
            "feed": feed,
            "records": count,
            "received_at": BEGUN + dt.timedelta(days=n),
        }
        for n, count in enumerate(records)
    ]


@pytest.mark.parametrize(
    ("records", "usual"),
    [
        ((90, 100, 110, 100), None),
        ((90, 100, 110, 67), None),
        ((90, 100, 110, 66), 100),
        ((90, 100, 110, 133), None),
        ((90, 100, 110, 134), 100),
        ((90, 100, 0), None),
        ((100, 100, 100, 0), 100),
        ((0, 0, 0, 0), None),
        ((10, *[1000] * 12, 1000), None),
    ],
)
def test_a_delivery_is_held_against_the_median_of_those_before(records, usual):
    rows = ledger(*records)
    found = volume.of_deliveries(rows, {rows[-1]["delivery_id"]})
    assert [each.usual for each in found] == ([] if usual is None else [usual])


def test_each_feed_has_a_usual_size_of_its_own_and_only_new_deliveries_are_told():
    rows = [*ledger(100, 100, 100, 100, feed="a"), *ledger(5, 5, 5, 50, feed="b")]
    every = {row["delivery_id"] for row in rows}
    assert [each.records for each in volume.of_deliveries(rows, every)] == [50]
    assert volume.of_deliveries(rows, set()) == []


@pytest.mark.parametrize(
    ("counts", "gaps"),
    [
        ([40, 40, 0, 40], ["mrn 2024-03"]),
        ([40, 40, 0, 0, 40, 40], ["mrn 2024-03", "mrn 2024-04"]),
        ([40, 40, 1, 40], []),
        ([2, 2, 0, 2], []),
        ([0, 40, 40], []),
    ],
)
def test_a_month_without_an_encounter_is_told_where_many_are_usual(counts, gaps):
    months = [dt.date(2024, 1 + n, 1) for n in range(len(counts))]
    given = {("mrn", month): count for month, count in zip(months, counts, strict=True) if count}
    assert [each.what for each in volume.months_without(given)] == gaps


def test_a_run_warns_and_goes_on(house, admissions):
    for n in range(4):
        rows = [{"encounter_id": f"E{n}-{each}"} for each in range(9 if n < 3 else 2)]
        house.deliver(admissions(*rows), BEGUN + dt.timedelta(days=200 + n))
    encounters = house.make_silver(steps.PATIENTS, steps.ENCOUNTERS)[-1]
    [found] = [each for each in encounters.checks if each.name == DELIVERY_VOLUME]
    assert (found.passed, found.failing, found.severity) == (False, 1, Severity.WARN)
    assert not encounters.has_failed
