"""A patient who is erased stands nowhere in the home any more, and nobody else lost a record."""

import json
import shutil
from dataclasses import replace
from typing import Any

import pytest

from mediflow_assets.contracts import bronze, erasure, links, masked, silver
from mediflow_assets.contracts.versions import OUTCOMES
from mediflow_assets.errors import ContractViolated, ErasureUnfinished, NothingToDo, SecretMissing, SettingsInvalid
from mediflow_assets.ingest.tombstones import KEY_FILE, Tombstones
from mediflow_assets.pipeline import rebuild
from mediflow_assets.pipeline.reconciliation import reconcile
from mediflow_assets.privacy.erasure.erase import Request, begin
from mediflow_assets.privacy.erasure.journal import Journal, refuse_half_erased
from mediflow_assets_tests.privacy.erasure.conftest import FHIR_GONE, GONE, STAYS, SYNTHEA_GONE, Hospital, pack

pytestmark = pytest.mark.slow


def unbalanced(hospital: Hospital) -> list[dict[str, Any]]:
    return [row for row in reconcile(hospital.house.lake) if not row["balanced"]]


def others(hospital: Hospital) -> dict[str, list[Any]]:
    """What each table holds of the patient who stays; unknown columns aside."""
    house, found = hospital.house, {}
    for contract in (bronze.ADMISSIONS, silver.PATIENTS, silver.ENCOUNTERS):
        rows = [row for row in house.rows(contract) if row["patient_id"] == STAYS]
        found[contract.name] = [{name: value for name, value in row.items() if name != "extra"} for row in rows]
    found["quarantine"] = [row for row in house.rows(silver.QUARANTINE) if STAYS in row["payload"]]
    return found


def test_nothing_of_a_patient_is_left_and_the_sums_agree(made_hospital, erased_hospital):
    hospital, proof = erased_hospital
    assert hospital.left_of(GONE, "ENC-900001", "ENC-900002", hospital.house.key.pseudonym("patient", GONE)) == {}
    assert (proof.hits, proof.patients, proof.records) == (0, 1, 5)
    assert others(hospital) == others(made_hospital)
    assert unbalanced(hospital) == []


def test_the_patient_is_there_before(made_hospital):
    zones = {path.relative_to(made_hospital.root).parts[1] for path in made_hospital.left_of(GONE, "ENC-900001")}
    assert zones >= {"bronze", "silver"}
    assert made_hospital.left_of(made_hospital.house.key.pseudonym("patient", GONE))


def test_every_source_file_and_log_is_reached(full):
    house = full.house
    key = {name: house.key.pseudonym("patient", name) for name in (GONE, SYNTHEA_GONE, FHIR_GONE, STAYS)}
    full.insert(key[SYNTHEA_GONE], key[STAYS])
    (house.inbox.refused / "x").parent.mkdir(parents=True, exist_ok=True)
    pack(house.inbox.refused / "0123-notes.gz", f"letter about {SYNTHEA_GONE}")
    (house.inbox.ready / ".partial-999999999").write_text(FHIR_GONE)
    (full.root / "exports" / "e1").mkdir(parents=True)
    (full.root / "exports" / "e1" / "t.csv").write_text(f"patient_key\n{key[GONE]}\n")
    house.receive(json.dumps({"resourceType": "Patient", "id": FHIR_GONE}) + "\n", name=f"{FHIR_GONE}.ndjson")
    shutil.rmtree(full.root / "dropped")
    proof = full.erase(GONE, SYNTHEA_GONE, FHIR_GONE)
    theirs = set(key.values()) - {key[STAYS]}
    assert full.left_of(GONE, SYNTHEA_GONE, FHIR_GONE, "999-77-1234", "synthea-enc-1", "fhir-enc-88", *theirs) == {}
    assert (proof.patients, proof.hits) == (3, 0)
    assert full.keys_in_predictions() == [key[STAYS]]
    assert unbalanced(full) == []
    kinds = {(row["resource_type"], row["resource_id"]) for row in house.rows(bronze.FHIR_RESOURCES)}
    assert kinds == {("Patient", "fhir-stays"), ("Observation", "o2")}


def test_a_rebuild_after_an_erasure_agrees_with_it(hospital):
    hospital.erase(GONE)
    wanted = hospital.house.everything()
    for contract in silver.VALIDATED:
        rebuild.ask(hospital.house.lake, contract)
    hospital.refresh()
    assert unbalanced(hospital) == []
    found = hospital.house.everything()
    # what a record was to its table is told of those that are there: another may be the first now
    for row in (*wanted[silver.PROCESSED.name], *found[silver.PROCESSED.name]):
        row.update(dict.fromkeys(OUTCOMES))
    assert {name for name in wanted if found[name] != wanted[name]} == set()


def test_what_comes_later_is_refused_and_counted(hospital, admissions):
    hospital.erase(GONE, is_refreshed=False)
    text = admissions({"patient_id": f" {GONE.lower()}"}, {"patient_id": "PAT-7000003", "encounter_id": "ENC-900009"})
    id_ = hospital.house.receive(text + f'{GONE},"broken\n', name=f"{GONE}-again.csv")
    hospital.land()
    hospital.refresh()
    shutil.rmtree(hospital.root / "dropped")
    assert hospital.left_of(GONE) == {}
    refused = [row for row in hospital.house.rows(erasure.ERASED) if row["_delivery_id"] == id_]
    assert {row["table"]: row["records"] for row in refused} == {
        "bronze/admissions": 2,
        "silver/patients": 1,
        "silver/encounters": 1,
    }
    assert unbalanced(hospital) == []
    assert hospital.house.row(bronze.DELIVERIES, delivery_id=id_)["file_name"] is None


def test_a_restored_backup_meets_the_tombstones_and_is_erased_again(hospital):
    backup = hospital.copy("backup").root / "lake"
    hospital.erase(GONE, is_refreshed=False)
    shutil.rmtree(hospital.root / "lake")
    shutil.copytree(backup, hospital.root / "lake")
    assert hospital.left_of(GONE)
    hospital.erase(GONE, is_refreshed=False)
    assert hospital.left_of(GONE) == {}


def test_the_tombstones_tell_nobody_who_was_erased(hospital):
    hospital.erase(GONE, is_refreshed=False)
    marks = (hospital.root / "tombstones").read_text()
    assert GONE not in marks and hospital.house.key.pseudonym("patient", GONE) not in marks
    assert Tombstones.load(hospital.root).refuses(f" {GONE.lower()} ")
    assert not Tombstones.load(hospital.root).refuses(STAYS)
    (hospital.root / "secrets" / KEY_FILE).unlink()
    with pytest.raises(SecretMissing, match="tombstone key"):
        Tombstones.load(hospital.root)


def test_an_unknown_patient_stops_it_before_anything_is_done(hospital):
    before = hospital.house.everything()
    with pytest.raises(NothingToDo, match="number 2") as refusal:
        hospital.erase(GONE, "PAT-NOBODY")
    assert "PAT-NOBODY" not in str(refusal.value)
    assert hospital.house.everything() == before
    assert Journal(hospital.root).read() is None
    hospital.erase("PAT-NOBODY", unknown=True, is_refreshed=False)
    assert Tombstones.load(hospital.root).refuses("PAT-NOBODY")


def test_a_ticket_that_names_the_patient_is_refused(hospital):
    with pytest.raises(SettingsInvalid, match="names a patient"):
        begin(hospital.place, Request((GONE,), "withdrawn", f"T-1 {GONE}", "eva"))


def test_a_patient_erased_before_is_told_so(hospital):
    hospital.erase(GONE, is_refreshed=False)
    with pytest.raises(NothingToDo, match="before"):
        hospital.erase(GONE)


def test_what_cannot_be_removed_fails_the_proof_and_can_be_tried_again(hospital):
    note = hospital.root / "logs" / "by-hand.txt"
    note.parent.mkdir()
    note.write_text(f"call {GONE} back")
    with pytest.raises(ContractViolated, match=r"logs \(1\)") as failure:
        hospital.erase(GONE, is_refreshed=False)
    assert GONE not in str(failure.value)
    note.unlink()
    assert hospital.finish(False).hits == 0
    assert Journal(hospital.root).read() is None


def test_while_rows_are_half_gone_no_run_and_no_other_erasure_begins(hospital):
    hospital.begin(GONE)
    with pytest.raises(ErasureUnfinished, match="--resume"):
        refuse_half_erased(hospital.root)
    with pytest.raises(ErasureUnfinished, match="--resume"):
        hospital.begin(STAYS)
    assert Journal(hospital.root).path.stat().st_mode & 0o077 == 0
    hospital.finish(False)
    refuse_half_erased(hospital.root)


def test_the_proof_is_kept_without_the_patient(erased_hospital):
    hospital, proof = erased_hospital
    row = hospital.house.row(erasure.ERASURES)
    assert (row["erasure_id"], row["patients"], row["hits"], row["models"]) == (proof.erasure_id, 1, 0, ["cost/3"])
    assert row["files_searched"] > 50 and row["bytes_searched"] > 100_000


def test_other_peoples_records_that_mention_the_patient_stay_without_the_mention(erased_hospital):
    hospital, _ = erased_hospital
    found = hospital.house.row(bronze.ADMISSIONS, encounter_id="ENC-900003")
    assert (found["patient_id"], found["extra"]) == (STAYS, None)


def test_analysts_tables_lose_the_patient(erased_hospital):
    house = erased_hospital[0].house
    assert {row["patient_key"] for row in house.rows(masked.PATIENTS)} == {house.key.pseudonym("patient", STAYS)}


def test_another_key_is_refused(hospital):
    other = replace(hospital, house=hospital.house.with_key(b"x" * 32))
    with pytest.raises(Exception, match="another key"):
        other.erase(GONE)


THIRD = "PAT-7000003"


def merge_a_third(hospital, admissions, merges):
    """A third patient, who is the one that goes; and a merge that has nothing to do with the two."""
    hospital.house.deliver(admissions({"patient_id": THIRD, "encounter_id": "ENC-900005"}))
    pair = {"surviving_patient_id": GONE, "merged_patient_id": THIRD}
    hospital.house.deliver(merges(pair, {"surviving_patient_id": STAYS, "merged_patient_id": "PAT-9999999"}))
    hospital.house.make_silver()


def test_whoever_is_merged_with_a_patient_goes_with_that_patient(hospital, admissions, merges):
    merge_a_third(hospital, admissions, merges)
    for asked in (GONE, THIRD.lower()):
        hospital.begin(asked)
        planned = Journal(hospital.root).read()
        assert planned.plan.patients == 2 and {each.upper() for each in planned.ids} == {GONE, THIRD}
        Journal(hospital.root).remove()


@pytest.mark.slow
def test_nothing_of_merged_patients_is_left(hospital, admissions, merges):
    merge_a_third(hospital, admissions, merges)
    shutil.rmtree(hospital.root / "dropped")
    proof = hospital.erase(GONE)
    assert (proof.hits, proof.patients) == (0, 2) and hospital.left_of(THIRD, GONE) == {}
    assert [row["survivor_id"] for row in hospital.house.rows(links.PATIENT_LINKS)] == [STAYS]
    assert Tombstones.load(hospital.root).refuses(THIRD) and unbalanced(hospital) == []
