"""What the files tell of patients and their stays, worked out again from the files."""

from datetime import date
from itertools import pairwise
from statistics import mean

import pytest

from mediflow_assets.contracts import vocabulary
from mediflow_assets.synthetic.hospital import load_hospital
from mediflow_assets_tests.synthetic.conftest import at, readmitted_by_index_stay


def test_age_is_completed_years_at_admission(hospital):
    for row in hospital.newest.values():
        day, birth = at(row["admission_date"]).date(), date.fromisoformat(row["birth_date"])
        assert int(row["age"]) == day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def test_no_patient_is_in_two_places_at_once(hospital):
    for rows in hospital.by_patient.values():
        for one, following in pairwise(rows):
            assert max(one["discharge_date"], one["admission_date"]) < following["admission_date"]


def test_nobody_comes_again_who_has_died(hospital):
    for rows in hospital.by_patient.values():
        assert all(row["discharge_disposition"] != "expired" for row in rows[:-1])


def test_a_patient_has_one_name_and_one_birth_date(hospital):
    for rows in hospital.by_patient.values():
        assert len({(row["name"], row["birth_date"], row["gender"], row["zip"]) for row in rows}) == 1


def test_patients_come_about_four_times(large_hospital):
    assert 3.6 < 40_000 / len(large_hospital.by_patient) < 4.4


def test_a_fifth_to_a_quarter_of_encounters_are_stays(large_hospital):
    stays = mean(row["encounter_class"] == "inpatient" for row in large_hospital.newest.values())
    assert 0.20 <= stays <= 0.25


def test_the_readmission_rate_is_that_of_a_real_hospital(hospital, large_hospital):
    for output in (hospital, large_hospital):
        found = readmitted_by_index_stay(output)
        assert 0.13 <= mean(found.values()) <= 0.17
        assert mean(found.values()) == pytest.approx(output.summary["readmission_rate"])


def test_readmissions_by_definition_are_those_of_the_truth(hospital):
    truth = {row["encounter_id"]: row["readmitted"] for row in hospital.truth.values() if row["is_index_stay"]}
    assert readmitted_by_index_stay(hospital) == truth


def test_a_stay_that_is_no_index_stay_has_no_probability(hospital):
    for row in hospital.truth.values():
        assert row["is_index_stay"] == (row["p_readmission"] is not None) == (row["readmitted"] is not None)


def test_probabilities_are_honest(large_hospital):
    stays = [row for row in large_hospital.truth.values() if row["is_index_stay"]]
    stays.sort(key=lambda row: row["p_readmission"])
    fifth = len(stays) // 5
    for start in range(0, 5 * fifth, fifth):
        group = stays[start : start + fifth]
        expected = mean(row["p_readmission"] for row in group)
        assert mean(row["readmitted"] for row in group) == pytest.approx(expected, abs=0.035)


def test_every_value_is_one_that_the_contracts_accept():
    hospital = load_hospital()
    assert set(hospital.classes) <= set(vocabulary.ENCOUNTER_CLASSES.values())
    assert set(hospital.admission_types) <= set(vocabulary.ADMISSION_TYPES.values())
    assert set(hospital.dispositions) <= set(vocabulary.DISPOSITIONS.values())


def test_some_patients_live_in_sparsely_populated_areas(large_hospital):
    prefixes = {row["zip"][:3] for row in large_hospital.newest.values()}
    assert len(prefixes) >= 12 and prefixes & {"036", "059", "102", "203", "692"}
