"""Masked tables are published once in a period; between two publications nothing in them tells of what has come."""

import datetime as dt
from dataclasses import replace

import pytest

from mediflow_assets.contracts import TABLES, masked, silver
from mediflow_assets.contracts.publish import period_of
from mediflow_assets.contracts.table import Audience
from mediflow_assets.pipeline import change, gold, publication
from mediflow_assets.storage.delta import Lake
from mediflow_assets_tests.samples import ADMISSION, csv_text

JULY, AUGUST = "2024-07", "2024-08"
LATER = dt.datetime(2024, 7, 20, tzinfo=dt.UTC)


def day(moment: str) -> dt.datetime:
    return dt.datetime.fromisoformat(moment)


def files(lake: Lake) -> dict[str, set[str]]:
    """The files of each open table that waits for its period."""
    tables = [table for table in masked.TABLES if table.name not in publication.AT_ONCE]
    return {table.name: set(found.file_uris()) for table in tables if (found := lake.open(table))}


@pytest.fixture(scope="module")
def hospital(tmp_path_factory, open_house):
    house = open_house(tmp_path_factory.mktemp("published") / "house").within(JULY)
    house.bring(csv_text(ADMISSION, [{}, {"encounter_id": "E2", "patient_id": "P2", "cost": "50.00"}]))
    return house


@pytest.fixture
def published(hospital, request):
    return hospital.copy(request.node.name)


@pytest.mark.parametrize(
    ("publish", "zone", "moment", "period"),
    [
        ("run", None, "2024-07-31T23:30:00+00:00", None),
        ("month", None, "2024-07-31T23:30:00+00:00", "2024-07"),
        ("month", "Europe/Berlin", "2024-07-31T23:30:00+00:00", "2024-08"),
        ("day", "America/New_York", "2024-08-01T03:30:00+00:00", "2024-07-31"),
        ("week", None, "2024-12-30T12:00:00+00:00", "2025-W01"),
        ("week", None, "2027-01-03T12:00:00+00:00", "2026-W53"),
    ],
)
def test_a_period_is_the_hospitals_own(publish, zone, moment, period):
    assert period_of(publish, zone, day(moment)) == period


def test_what_comes_within_a_period_moves_no_file_of_a_masked_table(published, admissions):
    before = files(published.lake)
    versions = {table.name: published.lake.version(table) for table in masked.TABLES}
    published.deliver(admissions({"encounter_id": "E3", "patient_id": "P3"}), LATER)
    published.make_silver()
    made = {each.contract.name: each for each in published.make_gold()}
    assert len(published.rows(silver.ENCOUNTERS)) == 3
    assert files(published.lake) == before
    assert made[masked.ENCOUNTERS.name].is_unchanged
    assert made[masked.ENCOUNTERS.name].figures == {publication.WAITING: JULY}
    waiting = {name for name, each in made.items() if publication.WAITING in each.figures}
    assert all(published.lake.version(TABLES[name]) == versions[name] for name in waiting)


def test_the_next_period_publishes_all_that_has_come(published, admissions):
    published.deliver(admissions({"encounter_id": "E3", "patient_id": "P3"}), LATER)
    published.make_silver()
    published.make_gold()
    august = published.within(AUGUST)
    assert not any(publication.WAITING in made.figures for made in august.make_gold())
    told = {table.name: august.rows(table) for table in masked.TABLES}
    assert len(told[masked.ENCOUNTERS.name]) == 3
    whole = august.copy("whole").within(None)
    for build in gold.MASKED:
        whole.lake.set_properties(build.contract, **{change.INPUTS: {}})
        gold.make(whole.context, build)
    assert {table.name: whole.rows(table) for table in masked.TABLES} == told


def test_a_table_that_showed_nobody_yet_does_not_wait(published):
    state = published.lake.property_of(masked.ENCOUNTERS, change.INPUTS)
    assert publication.waits(published.context.lake, published.context.period, masked.ENCOUNTERS, state)
    published.lake.overwrite_rows(masked.ENCOUNTERS, [])
    assert not publication.waits(published.context.lake, published.context.period, masked.ENCOUNTERS, state)


def test_before_the_first_encounters_nothing_is_a_publication(house, synthea_patients, synthea_encounters):
    house = house.within(JULY)
    house.bring(synthea_patients({}))
    assert len(house.rows(masked.PATIENTS)) == 1
    house.deliver(synthea_encounters({}), LATER)
    house.make_silver()
    made = {each.contract.name: each for each in house.make_gold()}
    assert not made[masked.PATIENTS.name].is_unchanged


def test_another_key_or_other_rules_do_not_wait(published, monkeypatch):
    build = next(each for each in gold.MASKED if each.contract is masked.DEPARTMENT_COSTS)
    monkeypatch.setattr(change, "code_version", lambda name: "another")
    assert not gold.make(published.context, build).is_unchanged
    state = change.state_of(published.lake, build.depends_on, published.key.key_id, gold.__name__)
    assert publication.waits(published.context.lake, published.context.period, build.contract, state)
    assert not publication.waits(
        published.context.lake, published.context.period, build.contract, state | {"key": "another"}
    )


def test_alerts_and_risk_scores_are_shown_at_once(published):
    state = {"code": "any", "key": "any"}
    for table in (masked.STREAM_ALERTS, masked.RISK_SCORES):
        published.lake.ensure(table)
        assert not publication.waits(published.context.lake, published.context.period, table, state)


def test_a_publication_that_was_cut_short_is_due_again(published, admissions, monkeypatch):
    published.deliver(admissions({"encounter_id": "E3"}), LATER)
    published.make_silver()
    build = next(each for each in gold.MASKED if each.contract is masked.ENCOUNTERS)
    at_once = replace(published.context, period=None)

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(gold, "_write", killed)
        with pytest.raises(KeyboardInterrupt):
            gold.make(at_once, build)
    assert gold.make(published.context, build).rows == 3


def test_gold_never_waits(published, admissions):
    published.deliver(admissions({"encounter_id": "E3", "patient_id": "P3"}), LATER)
    published.make_silver()
    assert not any(
        publication.WAITING in made.figures
        for made in published.make_gold()
        if made.contract.audience is not Audience.ANALYST
    )
