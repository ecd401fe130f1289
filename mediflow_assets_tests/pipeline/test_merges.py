"""Merges of patients: Gold and masked tables go by who survives, and an undone merge leaves no trace."""

import datetime as dt

import pytest

from mediflow_assets.contracts import gold, links, masked, silver
from mediflow_assets.pipeline import gold as gold_steps
from mediflow_assets.pipeline import merged
from mediflow_assets.pipeline.silver_tables import LINKS
from mediflow_assets_tests.house import KEY, RECEIVED


def key_of(id_):
    return KEY.pseudonym("patient", id_)


@pytest.fixture
def two_visits(house, admissions):
    """P1 was there in early January and, as P2, at its end."""
    settle(
        house,
        admissions(
            {"patient_id": "P1", "encounter_id": "E1", "admission_date": "2024-01-10", "discharge_date": "2024-01-15"},
            {"patient_id": "P2", "encounter_id": "E2", "admission_date": "2024-01-20", "discharge_date": "2024-01-25"},
        ),
    )
    return house


FEATURES, PATIENTS = gold_steps.GOLD[0], gold_steps.MASKED[0]


def settle(house, text):
    """Deliver a file, and make what tells who is one person."""
    house.deliver(text)
    made = next(each for each in house.make_silver() if each.contract is links.MERGED_PATIENTS)
    assert not any(gold_steps.make(house.context, build).has_failed for build in (FEATURES, PATIENTS))
    return made


def stays_before(house):
    """Of each encounter its patient's key, and how many stays were known before."""
    return [(row["patient_key"], row["prior_admissions_12m"]) for row in by_time(house.rows(gold.ADMISSION_FEATURES))]


def by_time(rows):
    return sorted(rows, key=lambda row: row["admitted_at"])


P1, P2 = key_of("P1"), key_of("P2")
APART, ONE = [(P1, 0), (P2, 0)], [(P1, 0), (P1, 1)]


@pytest.mark.slow
def test_gold_and_masked_rows_stand_under_the_patient_who_survives(two_visits, merges):
    two_visits.bring(merges({}))
    assert stays_before(two_visits) == ONE
    for table in (gold.READMISSIONS, masked.ENCOUNTERS, masked.PATIENTS):
        assert {row["patient_key"] for row in two_visits.rows(table)} == {P1}
    assert two_visits.row(gold.DEPARTMENT_COSTS)["patients"] == 1
    assert two_visits.rows(links.MERGED_KEYS) == [{"patient_key": P2, "survivor_key": P1}]


def test_an_undone_merge_leaves_no_trace_in_whatever_order_the_two_arrive(two_visits, merges):
    before = two_visits.rows(masked.PATIENTS)
    settle(two_visits, merges({"merged_at": "2024-02-01"}))
    assert stays_before(two_visits) == ONE and len(two_visits.rows(masked.PATIENTS)) == 1
    settle(two_visits, merges({"merged_at": "2024-02-03", "action": "unmerge"}))
    assert stays_before(two_visits) == APART and two_visits.rows(masked.PATIENTS) == before
    settle(two_visits, merges({"merged_at": "2024-02-02"}))
    assert stays_before(two_visits) == APART


@pytest.mark.slow
def test_a_stay_told_again_under_who_survives_is_that_stay_for_as_long_as_the_merge_stands(house, admissions, merges):
    def take(text, hour):
        house.deliver(text, RECEIVED + dt.timedelta(hours=hour))
        house.make_silver()
        held = [row["reasons"] for row in house.rows(silver.QUARANTINE)]
        return {row["encounter_id"]: row["patient_id"] for row in house.rows(silver.ENCOUNTERS)}, held

    take(admissions({"patient_id": "MRN1"}, {"patient_id": "MRN2", "encounter_id": "E2"}), 0)
    again = admissions({"patient_id": "MRN1", "encounter_id": "E2", "cost": "5"})
    refused = {"E1": "MRN1", "E2": "MRN2"}, [["encounter_of_another_patient"]]
    assert take(again, 1) == refused
    both = {"surviving_patient_id": "MRN1", "merged_patient_id": "MRN2"}
    assert take(merges(both), 2) == ({"E1": "MRN1", "E2": "MRN1"}, [])
    assert take(merges(both | {"action": "unmerge"}), 3) == refused


def test_a_merge_waits_for_an_unknown_patient(two_visits, admissions, merges):
    made = settle(
        two_visits, merges({"surviving_patient_id": "P3"}, {"surviving_patient_id": "P4", "merged_patient_id": "P1"})
    )
    assert made.figures == {"merges that wait": 2} and stays_before(two_visits) == APART
    settle(two_visits, admissions({"patient_id": "P3", "encounter_id": "E3", "admission_date": "2024-01-01"}))
    assert [key for key, _ in stays_before(two_visits)] == [key_of("P3"), P1, key_of("P3")]


def test_patients_merged_in_a_circle_are_one_and_that_is_told(two_visits, merges):
    made = settle(two_visits, merges({}, {"surviving_patient_id": "P2", "merged_patient_id": "P1"}))
    assert [check.name for check in made.checks if not check.passed] == ["merged_in_a_circle"]
    assert [row["merged_id"] for row in two_visits.rows(links.MERGED_PATIENTS)] == ["P1"]
    assert not made.has_failed and merged.make(two_visits.context).is_unchanged


def test_a_merged_patient_tells_what_the_survivor_does_not(house, admissions, merges):
    unknown = {"patient_id": "P1", "birth_date": "", "gender": "", "zip": ""}
    told = {"patient_id": "P2", "encounter_id": "E2", "birth_date": "1931-05-01", "gender": "F"}
    settle(house, admissions(unknown, told))
    settle(house, merges({}))
    [one] = merged.survivors_only(house.context, house.context.tables.read(silver.PATIENTS)).collect()
    assert (one["patient_id"], one["gender"], one["birth_date"].year, one["zip"]) == ("P1", "F", 1931, "02139")


def test_encounters_of_the_merged_take_from_the_survivor_what_no_record_of_theirs_gives(
    house, synthea_patients, synthea_encounters, merges
):
    house.deliver(synthea_patients({"GENDER": "F"}, {"Id": "P2", "GENDER": "M", "BIRTHDATE": "1930-05-01", "ZIP": ""}))
    settle(house, synthea_encounters({"PATIENT": "P2"}))
    assert of_stay(house) == ("M", 93)
    settle(house, merges({"surviving_namespace": "synthea", "merged_namespace": "synthea"}))
    assert of_stay(house) == ("F", 63)
    house.deliver(synthea_patients({"GENDER": "M"}), RECEIVED + dt.timedelta(days=1))
    house.make_silver()
    gold_steps.make(house.context, FEATURES)
    assert of_stay(house) == ("M", 63)


def of_stay(house):
    """What the one stay's row tells of its patient."""
    [row] = house.rows(gold.ADMISSION_FEATURES)
    return row["gender"], row["age_at_admission"]


def test_statements_claimed_for_the_future_count_from_their_arrival_in_the_order_they_claim(house, merges):
    house.deliver(merges({"merged_at": "2999-01-02", "action": "unmerge"}, {"merged_at": "2999-01-01"}), RECEIVED)
    house.make_silver(LINKS)
    assert {row["updated_at"] for row in house.rows(links.PATIENT_LINKS)} == {RECEIVED}
    assert [each.kind for each in sorted(merged.stated_in(house.lake).statements, key=lambda each: each.order)] == [
        "merge",
        "unmerge",
    ]
