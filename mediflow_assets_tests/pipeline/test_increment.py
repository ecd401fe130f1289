"""Tables of rows by person or by month follow a change by the people or months affected, and are as if made whole."""

import datetime as dt
import random
import shutil
from dataclasses import replace

import pytest

from mediflow_assets.contracts import clinical, gold, silver
from mediflow_assets.contracts.vitals import VITALS_LATEST
from mediflow_assets.pipeline import change, increment, renewal
from mediflow_assets.pipeline import gold as steps
from mediflow_assets.storage.purge import purge
from mediflow_assets.storage.tables import Tables
from mediflow_assets_tests.house import RECEIVED
from mediflow_assets_tests.pipeline.changing import (
    BUILDS,
    MADE,
    PEOPLE,
    assert_as_made_whole,
    assert_whatever_happens,
    begun,
    bring,
    erase,
    sequence,
    stay,
)
from mediflow_assets_tests.samples import MERGE, SYNTHEA_PATIENT, csv_text


@pytest.fixture(scope="module")
def made(tmp_path_factory, open_house):
    """A hospital of a few people, all of whose tables are made."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(increment, "LEAST_ROWS", 0)
        return begun(open_house(tmp_path_factory.mktemp("increment") / "house"))


@pytest.fixture
def following(made, tmp_path, monkeypatch):
    """The same for a test alone; tables of any size follow what changed, whoever is affected."""
    monkeypatch.setattr(increment, "LEAST_ROWS", 0)
    monkeypatch.setattr(increment, "LARGEST_SHARE", 1)
    monkeypatch.setattr(renewal, "MOST_CHANGED", 2)
    return replace(made, folder=shutil.copytree(made.folder, tmp_path / "house"))


def test_a_stay_that_comes_is_made_for_its_person_alone(following):
    found = bring(following, stay(3, 1))
    assert found[gold.ADMISSION_FEATURES] == {increment.PEOPLE: 1, increment.ROWS: 1}
    # an older one is history of those after it
    found = bring(following, stay(3, 2, admission_date="2023-12-20", discharge_date="2023-12-22"))
    assert found[gold.ADMISSION_FEATURES] == {increment.PEOPLE: 1, increment.ROWS: 3}


def test_months_of_encounters_that_came_went_or_are_told_otherwise_are_made_alone(following):
    stays = [stay(n, 1, admission_date=f"2023-{n + 1:02}-20", discharge_date=f"2023-{n + 1:02}-22") for n in range(9)]
    bring(following, *stays)
    # the stay of this month is a readmission now, that of another is not what it was
    again = stay(4, 2, admission_date="2023-06-10", discharge_date="2023-06-12")
    found = bring(following, again, stays[7] | {"admission_date": "2023-07-30"})
    assert found[gold.MONTHLY_ACTIVITY] == {increment.MONTHS: 4}


def test_where_no_row_differs_nothing_is_written(following):
    before = following.lake.open(gold.READMISSIONS).version()
    found = bring(following, stay(4, payer="Cigna"))
    assert found[gold.READMISSIONS][increment.PEOPLE] == 1 and found[gold.READMISSIONS][increment.ROWS] == 0
    # but for the note of what the table is made of
    assert following.lake.version(gold.READMISSIONS) == before + 1


def test_a_stay_moved_to_another_person_is_taken_from_the_one_and_given_to_the_other(following):
    bring(following, stay(5, 1), stay(6, 1))
    stays = following.lake.open(silver.ENCOUNTERS)
    keys = {row["patient_id"]: row["patient_key"] for row in following.rows(silver.PATIENTS)}
    stays.update(updates={"patient_id": "'P6'", "patient_key": f"'{keys['P6']}'"}, predicate="encounter_id = 'E5-1'")
    found = {made.contract: made.figures for made in (steps.make(following.context, build) for build in MADE)}
    assert found[gold.ADMISSION_FEATURES][increment.PEOPLE] == 2
    assert_as_made_whole(following)


def test_those_who_are_merged_are_made_together_and_apart_again(following):
    both = {"surviving_patient_id": "P1", "merged_patient_id": "P2"}
    assert gold.ADMISSION_FEATURES in bring(following, both | {"merged_at": "2024-03-01"}, defaults=MERGE)
    undone = both | {"merged_at": "2024-03-02", "action": "unmerge"}
    assert gold.ADMISSION_FEATURES in bring(following, undone, defaults=MERGE)


def test_when_the_data_end_later_those_who_were_not_followed_up_are_told_again(following):
    late = {"admission_date": "2024-02-20", "discharge_date": "2024-02-21"}
    found = bring(following, stay(7, 1, **late), stay(8, 1, **late, status="in-progress"))
    assert found[gold.READMISSIONS][increment.PEOPLE] > 2 == found[gold.ADMISSION_FEATURES][increment.PEOPLE]


@pytest.mark.slow
def test_the_data_may_end_later_again_and_earlier(following):
    late = {"admission_date": "2024-02-20", "discharge_date": "2024-02-21"}
    bring(following, stay(7, 1, **late), stay(8, 1, **late, status="in-progress"))
    open_ = stay(9, 1, admission_date="2024-02-22", discharge_date="", status="in-progress")
    bring(following, open_)
    bring(following, stay(0, 1, admission_date="2024-06-20", discharge_date="2024-06-21"))
    # and earlier again
    bring(following, stay(0, 1, status="cancelled"))


@pytest.mark.slow
def test_a_death_is_followed(following):
    bring(
        following, stay(3, 1, discharge_disposition="expired", admission_date="2024-01-30", discharge_date="2024-02-02")
    )


@pytest.mark.parametrize(
    "why",
    [
        "settings",
        "code",
        "version gone",
        "cut short",
        *(pytest.param(each, marks=pytest.mark.slow) for each in ("begun again", "few rows")),
    ],
)
def test_what_cannot_be_followed_is_made_whole(following, monkeypatch, why):
    if why == "settings":
        context = replace(following.context, open_stay_days=7)
        readmitted = next(build for build in BUILDS if build.contract is gold.READMISSIONS)
        assert increment.PEOPLE not in steps.make(context, readmitted).figures
        return
    if why == "code":
        monkeypatch.setattr(change, "code_version", lambda made_by: "another")
    elif why == "version gone":
        following.lake.set_properties(silver.ENCOUNTERS, another=1)
        purge(following.lake, silver.ENCOUNTERS)
    elif why == "begun again":
        note = following.lake.property_of(gold.ADMISSION_FEATURES, increment.MADE_OF)
        tables = note["tables"] | {silver.ENCOUNTERS.name: "another"}
        following.lake.set_properties(gold.ADMISSION_FEATURES, made_of=note | {"tables": tables})
    elif why == "cut short":
        increment.forget(following.lake, gold.ADMISSION_FEATURES)
    else:
        monkeypatch.setattr(increment, "LEAST_ROWS", 200)
    assert gold.ADMISSION_FEATURES not in bring(following, stay(3, 1))


def test_baselines_stand_until_enough_encounters_have_changed(following):
    before = following.rows(gold.COST_BASELINES)
    found = bring(following, *(stay(n, 1, cost="90000.00") for n in (3, 4)))
    assert following.rows(gold.COST_BASELINES) == before
    (told,) = {row["baselines_version"] for row in following.rows(gold.COST_ANOMALIES)}
    assert found[gold.COST_ANOMALIES] == {increment.PEOPLE: 2, increment.ROWS: 2}
    # with those that had changed before they are more than half
    found = bring(following, stay(3, 5, cost="99999999.00"), *(stay(n, 2, cost="5000.00") for n in range(PEOPLE)))
    assert following.rows(gold.COST_BASELINES) != before and gold.COST_ANOMALIES not in found
    (version,) = {row["baselines_version"] for row in following.rows(gold.COST_ANOMALIES)}
    assert version == renewal.version_of(following.lake, gold.COST_BASELINES) != told


def test_nothing_new_beside_baselines_that_stand_starts_no_engine(following):
    bring(following, stay(3, 1, cost="90000.00"))

    def engine():
        pytest.fail("the engine was started")

    idle = replace(following.context, tables=Tables(following.lake, engine))
    made = [build.contract for build in MADE if not steps.make(idle, build).is_unchanged]
    # a table of nothing is looked at without one
    assert made == [VITALS_LATEST]


@pytest.mark.slow
def test_baselines_are_made_again_without_who_was_erased(following):
    stays = [row["encounters"] for row in following.rows(gold.COST_BASELINES)]
    erase(random.Random(1), following)
    assert sum(row["encounters"] for row in following.rows(gold.COST_BASELINES)) == sum(stays) - 1


@pytest.mark.slow
def test_a_claim_of_no_encounter_changes_nobodys_rows(following):
    claim = {"Id": "C1", "PATIENTID": "P1", "APPOINTMENTID": "", "SERVICEDATE": "2024-01-02T00:00:00Z"}
    more = {"STATUS1": "BILLED", "OUTSTANDING1": "5"}
    at = RECEIVED + dt.timedelta(days=30)
    following.deliver(csv_text(SYNTHEA_PATIENT, ({},)), at)
    following.deliver(csv_text(claim | more, ({},)), at)
    following.make_silver()
    assert following.lake.rows(clinical.CLAIMS) == 1
    made = [steps.make(following.context, build) for build in MADE]
    assert not any(each.has_failed for each in made)
    assert_as_made_whole(following)


@pytest.mark.slow
@pytest.mark.parametrize("why", ["a month has passed", "cannot be told"])
def test_baselines_are_renewed_at_last(following, monkeypatch, why):
    before = following.rows(gold.COST_BASELINES)
    if why == "a month has passed":
        monkeypatch.setattr(renewal, "_today", lambda: dt.datetime.now(dt.UTC).date() + dt.timedelta(32))
    else:
        following.lake.set_properties(silver.ENCOUNTERS, another=1)
        purge(following.lake, silver.ENCOUNTERS)
    bring(following, stay(3, 1, cost="5000.00"))
    assert following.rows(gold.COST_BASELINES) != before


@pytest.mark.slow
def test_a_label_that_enough_people_carry_is_shown_to_all(following):
    wards = [stay(n, 1, department="BURNS") for n in range(PEOPLE)]
    bring(following, *wards[:10])
    assert {row["department"] for row in following.rows(gold.ADMISSION_FEATURES)} == {"CARDIOLOGY", "OTHER"}
    assert gold.ADMISSION_FEATURES not in bring(following, wards[10])
    assert {row["department"] for row in following.rows(gold.ADMISSION_FEATURES)} == {"CARDIOLOGY", "BURNS"}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(1, 5))
def test_whatever_happens_the_tables_are_what_they_would_be_made_whole(following, seed):
    assert_whatever_happens(following, seed, sequence(seed, 10))
