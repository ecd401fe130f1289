"""A diagnosis that names an encounter alone is its patient's, and goes with them; so does a patient's own record."""

import shutil

import pytest

from mediflow_assets.contracts import bronze, silver
from mediflow_assets.ingest.tombstones import Tombstones
from mediflow_assets.privacy.erasure.erase import Request, begin
from mediflow_assets.sources import Feeds
from mediflow_assets_tests.privacy.erasure.conftest import Hospital

TOML = """
[feeds.pat]
grain = "patient"
match = ["PID", "DOB"]
[feeds.pat.columns]
patient_id = "PID"
birth_date = "DOB"

[feeds.dx]
grain = "diagnosis"
match = ["CASE", "ICD"]
[feeds.dx.columns]
encounter_id = "CASE"
diagnosis_rank = "RANK"
diagnosis_code = "ICD"
"""
GONE, STAYS = "PAT-7000001", "PAT-7000002"
ADMISSIONS = "patient_id,encounter_id,department,diagnosis_code,admission_date,cost\n" + "".join(
    f"{patient},CASE-{patient[-1]},MEDICINE,{code},2024-03-01,1\n"
    for patient, code in ((GONE, "I10;E11.9"), (STAYS, "I10"))
)
PATIENTS = f"PID,DOB\n{GONE},1950-06-15\n{STAYS},1951-06-15\n"
DIAGNOSES = "CASE,RANK,ICD\nCASE-1,1,I21.4\nCASE-1,2,E66.9\nCASE-2,1,I50.9\nCASE-9,1,J18.9\n"


@pytest.fixture
def hospital(house, tmp_path):
    (tmp_path / "sources.toml").write_text(TOML)
    house = house.with_feeds(Feeds.load(tmp_path / "sources.toml"))
    for file in (DIAGNOSES, PATIENTS, ADMISSIONS):
        house.deliver(file)
    house.make_silver()
    return Hospital(house)


def test_what_names_a_case_alone_goes_with_its_patient(hospital):
    house = hospital.house
    shutil.rmtree(hospital.root / "dropped", ignore_errors=True)
    begin(hospital.place, Request((GONE,), "consent", "T-1", "eva"))
    proof = hospital.finish(is_refreshed=False)
    assert proof.hits == 0
    left = [row["encounter_id"] for row in house.rows(bronze.DIAGNOSIS_RECORDS)]
    assert sorted(left) == ["CASE-2", "CASE-9"]
    assert [row["patient_id"] for row in house.rows(bronze.PATIENT_RECORDS)] == [STAYS]
    assert {row["encounter_id"] for row in house.rows(silver.CONDITIONS)} == {"CASE-2"}
    assert {row["encounter_id"] for table in silver.VERSIONS.values() if "encounter_id" in table.by_name
            for row in house.rows(table)} <= {"CASE-2"}  # fmt: skip
    house.assert_balanced()
    house.make_silver()
    house.assert_balanced()


def test_a_later_record_of_an_erased_patient_does_not_come_in(hospital):
    shutil.rmtree(hospital.root / "dropped", ignore_errors=True)
    begin(hospital.place, Request((GONE,), "consent", "T-1", "eva"))
    hospital.finish(is_refreshed=False)
    hospital.house.receive(f"PID,DOB\n{GONE},1950-06-16\n")
    hospital.land()
    assert Tombstones.load(hospital.root)
    assert [row["patient_id"] for row in hospital.house.rows(bronze.PATIENT_RECORDS)] == [STAYS]
