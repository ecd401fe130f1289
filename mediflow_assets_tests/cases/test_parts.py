"""Admissions, patients and diagnoses in files of their own meet by their keys, in whatever order they come."""

import pytest

from mediflow_assets.contracts import silver
from mediflow_assets.sources import Feeds
from mediflow_assets_tests.house import House

TOML = """
[feeds.adm]
match = ["HADM_ID", "ADMITTIME"]
[feeds.adm.columns]
patient_id = "SUBJECT_ID"
encounter_id = "HADM_ID"
admission_date = "ADMITTIME"
discharge_date = "DISCHTIME"
department = { value = "MEDICINE" }
encounter_class = { value = "inpatient" }

[feeds.pat]
grain = "patient"
match = ["SUBJECT_ID", "DOB"]
[feeds.pat.columns]
patient_id = "SUBJECT_ID"
gender = "GENDER"
birth_date = "DOB"
death_date = "DOD"

[feeds.dx]
grain = "diagnosis"
match = ["HADM_ID", "SEQ_NUM"]
[feeds.dx.columns]
encounter_id = "HADM_ID"
diagnosis_rank = "SEQ_NUM"
diagnosis_code = "ICD"
"""
ADMISSIONS = "SUBJECT_ID,HADM_ID,ADMITTIME,DISCHTIME\n7,70,2024-03-01 10:00:00,2024-03-04 09:00:00\n"
PATIENTS = "SUBJECT_ID,GENDER,DOB,DOD\n7,F,1950-06-15 00:00:00,\n"
DIAGNOSES = "HADM_ID,SEQ_NUM,ICD\n70,2,E11.9\n70,1,I21.4\n70,3,XX\n"
ORDER = (ADMISSIONS, PATIENTS, DIAGNOSES)


@pytest.fixture
def house(house: House, tmp_path) -> House:
    (tmp_path / "sources.toml").write_text(TOML)
    return house.with_feeds(Feeds.load(tmp_path / "sources.toml"))


@pytest.mark.parametrize(
    ("files", "at_once"), [(ORDER, True), (ORDER[::-1], False)], ids=["in one run", "diagnoses first, run by run"]
)
def test_files_of_their_own_make_one_encounter_in_any_order(house, files, at_once):
    for file in files:
        house.deliver(file)
        if not at_once:
            house.make_silver()
    house.make_silver()
    stay = house.row(silver.ENCOUNTERS)
    assert (stay["diagnosis_code"], stay["diagnosis_rank"], stay["age_at_admission"]) == ("I21.4", 1, 73)
    assert (stay["gender"], stay["department"], stay["patient_id"]) == ("F", "MEDICINE", "7")
    told = house.rows(silver.CONDITIONS, "code", "patient_id", "encounter_id", "onset_precision")
    assert [tuple(row.values()) for row in told] == [
        ("E11.9", "7", "70", "recorded"),
        ("I21.4", "7", "70", "recorded"),
    ]
    held = [row for row in house.rows(silver.QUARANTINE) if row["status"] != "replayed"]
    assert [(row["target_table"], row["reasons"]) for row in held] == [("silver/conditions", ["diagnosis_malformed"])]
    house.assert_balanced()
