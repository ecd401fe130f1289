"""What follows a generated hospital: recent encounters, and corrections all over its past."""

import csv
from collections import Counter

import pytest

from mediflow_assets.errors import SettingsInvalid
from mediflow_assets.synthetic.later import write_later


@pytest.fixture(scope="module")
def later(tmp_path_factory):
    made = write_later(tmp_path_factory.mktemp("later") / "new", 5_000, 7, 720)
    return {name: list(csv.DictReader(getattr(made, name).open(newline=""))) for name in ("recent", "corrections")}


def test_recent_encounters_are_new_and_of_the_newest_month(hospital, later):
    ids = {row["encounter_id"] for row in later["recent"]}
    assert len(later["recent"]) == len(ids) == 720 and not ids & {
        row["encounter_id"] for _, _, row in hospital.good_records()
    }
    assert {row["admission_date"][:7] for row in later["recent"]} == {"2025-12"}
    assert {row["status"] for row in later["recent"]} == {"finished", "in-progress"}


def test_recent_encounters_are_of_known_patients_and_of_new_ones(hospital, later):
    known = {
        patient: {(row["name"], row["birth_date"], row["gender"], row["zip"]) for row in rows}
        for patient, rows in hospital.by_patient.items()
    }
    of_known = [row for row in later["recent"] if row["patient_id"] in known]
    assert 50 < len(of_known) <= 360
    for row in of_known:
        assert {(row["name"], row["birth_date"], row["gender"], row["zip"])} == known[row["patient_id"]]


def test_nobody_comes_again_who_died_or_is_still_there(hospital, later):
    for row in later["recent"]:
        for before in hospital.by_patient.get(row["patient_id"], []):
            assert before["discharge_disposition"] != "expired" and before["status"] != "in-progress"
            assert max(before["discharge_date"], before["admission_date"]) < "2025-12-01"


def test_a_correction_is_newer_than_all_versions_and_changes_the_cost_alone(hospital, later):
    assert len({row["encounter_id"] for row in later["corrections"]}) == 720
    for row in later["corrections"]:
        before = hospital.newest[row["encounter_id"]]
        assert {name for name in row if row[name] != before[name]} == {"cost", "updated_at"}
        assert row["updated_at"] > before["updated_at"]


def test_corrections_are_spread_evenly_over_all_months(later):
    months = Counter(row["admission_date"][:7] for row in later["corrections"])
    assert len(months) == 36 and set(months.values()) == {20}


def test_the_same_arguments_give_the_same_bytes(later, tmp_path):
    again = write_later(tmp_path / "again", 5_000, 7, 720)
    assert list(csv.DictReader(again.recent.open(newline=""))) == later["recent"]


def test_more_corrections_than_there_are_encounters_are_refused(tmp_path):
    with pytest.raises(SettingsInvalid, match="fewer"):
        write_later(tmp_path / "few", 30, 7, 40)
