"""A delivery of which most is refused stops the run, once; people settle it and the next run goes on."""

from dataclasses import replace

import pytest

from mediflow_assets.contracts import bronze, silver
from mediflow_assets.contracts.shares import Shares
from mediflow_assets.contracts.table import Severity
from mediflow_assets.pipeline import rebuild
from mediflow_assets.pipeline import silver as steps
from mediflow_assets.pipeline.checks import QUARANTINE_RATE, CheckResult
from mediflow_assets.pipeline.discard import discard
from mediflow_assets.pipeline.quarantine_rate import DeliveryOutcome, check
from mediflow_assets.settings import Settings
from mediflow_assets_tests.house import RECEIVED

LIMITS = Shares(warn=0.05, fail=0.5)
LIKE = CheckResult("x", Severity.ERROR, True, 0, 100, 7)


def told(result):
    return result.passed, str(result.severity), result.failing


def one(records, accepted, waiting=0, rejects=0):
    validated = records - rejects
    refused = validated - accepted - waiting
    return DeliveryOutcome(
        "d", validated, accepted, waiting, rejects, (refused + rejects) / records if records else 0.0
    )


@pytest.mark.parametrize(
    ("delivery", "found"),
    [
        (one(100, 100), (True, "error", 0)),
        (one(100, 95), (True, "error", 0)),
        (one(100, 94), (False, "warn", 6)),
        (one(100, 50), (False, "warn", 50)),
        (one(100, 49), (False, "error", 51)),
        (one(100, 3), (False, "error", 97)),
        (one(100, 0, waiting=100), (True, "error", 0)),
        (one(100, 40, rejects=60), (False, "error", 60)),
        (one(19, 0), (False, "warn", 19)),
        (one(20, 0), (False, "error", 20)),
        (one(0, 0), (True, "error", 0)),
    ],
)
def test_the_check_warns_above_a_twentieth_and_fails_above_half(delivery, found):
    assert told(check([one(1000, 1000), delivery], LIMITS, LIKE)) == found


@pytest.fixture
def run(house):
    """Makes patients and encounters under limits; gives the check's result at encounters."""

    def _run(limits=LIMITS):
        context = replace(house.context, shares=limits)
        steps.make(context, steps.PATIENTS)
        made = steps.make(context, steps.ENCOUNTERS)
        return None if made.is_unchanged else told(*(c for c in made.checks if c.name == QUARANTINE_RATE))

    return _run


@pytest.fixture
def misread(house, admissions):
    """Delivers 30 encounters, the costs of most unreadable; gives the delivery's id."""
    rows = ({"encounter_id": f"E-{n}", "cost": "$5" if n else "5"} for n in range(30))
    return house.deliver(admissions(*rows), RECEIVED)


@pytest.mark.slow
def test_a_misread_delivery_stops_the_run_until_somebody_settles_it(house, misread, run, admissions):
    assert [run(), run()] == [(False, "error", 29)] * 2
    assert [row for row in house.rows(silver.PROCESSED) if row["target_table"] == "silver/encounters"] == []
    assert run(Shares(0.05, 1)) == (False, "warn", 29)
    house.deliver(admissions({}), RECEIVED)
    assert run() == (True, "error", 0)
    # settled once, it is not held against the delivery when all is validated again
    rebuild.ask(house.lake, silver.ENCOUNTERS)
    assert run() == (True, "error", 0)
    house.assert_balanced()


def test_a_delivery_that_is_judged_anew_is_told_and_not_held_against_anybody(house, misread, run):
    run(Shares(0.05, 1))
    rebuild.ask(house.lake, silver.ENCOUNTERS)
    made = steps.make(replace(house.context, shares=LIMITS), steps.ENCOUNTERS)
    assert [(each.delivery, each.accepted, each.is_first) for each in made.delivery_outcomes] == [(misread, 1, False)]
    assert all(check.passed for check in made.checks)


def test_the_least_number_of_records_is_a_setting():
    assert Settings(quarantine_least_records=5).shares.least_records == 5
    assert told(check([one(6, 0)], replace(LIMITS, least_records=5), LIKE)) == (False, "error", 6)


def test_records_that_were_patched_or_discarded_are_held_against_nobody(house, misread, run, corrections):
    assert run()[1] == "error"
    patched = ({"_delivery_id": misread, "_record_number": n, "cost": "5"} for n in range(2, 16))
    house.deliver(corrections(*patched), RECEIVED)
    discard(house.lake, house.folder / "lake.lock", misread, 20, "no bill")
    assert run() == (False, "warn", 14)
    assert len(house.rows(silver.ENCOUNTERS)) == 15


def test_rejects_count_as_refused(house, admissions, run):
    house.deliver(admissions({}) + "broken\n" * 30)
    assert run() == (False, "error", 30)
    assert len(house.rows(bronze.REJECTS)) == 30
