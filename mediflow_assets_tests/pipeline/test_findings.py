"""What a run looks for in whole tables: once, until their files change."""

import json

from mediflow_assets.contracts import bronze, silver
from mediflow_assets.contracts.clinical import MEDICATIONS
from mediflow_assets.contracts.fhir import FHIR_RESOURCES
from mediflow_assets.contracts.hl7 import HL7_MESSAGES
from mediflow_assets.pipeline import findings, visit_moves
from mediflow_assets.storage.delta import Lake

LARGE = (silver.ENCOUNTERS, silver.CONDITIONS, MEDICATIONS, HL7_MESSAGES, FHIR_RESOURCES)
PID = "PID|1||12||Smith^Ann||1980|F"


def adt(event, *more, control="1"):
    return "\r".join(
        (f"MSH|^~\\&|ADT|H|L|W|20240301120000||ADT^{event}|{control}|P|2.5", f"EVN|{event}|20240301", *more)
    )


def looked_at(house, monkeypatch):
    """The large tables that a run with nothing new looks through."""
    found, dataset = set(), Lake.dataset
    with monkeypatch.context() as patch:
        patch.setattr(Lake, "dataset", lambda lake, of, table: found.add(of) or dataset(lake, of, table))
        assert all(made.is_unchanged for made in house.make_silver())
    return found.intersection(LARGE)


def test_a_run_with_nothing_new_looks_through_no_table_and_writes_nothing(house, monkeypatch):
    house.deliver(adt("A01", PID, "PV1|1|I" + "|" * 17 + "V1" + "|" * 25 + "20240301"))
    code = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "I10"}]}
    patient = {"resourceType": "Patient", "id": "p1", "gender": "female"}
    told = {"resourceType": "Condition", "id": "c1", "code": code, "recordedDate": "2024-01-03"}
    ours = (patient, told | {"subject": {"reference": "Patient/p1"}})
    house.deliver("\n".join(map(json.dumps, ours)), name="delivery.ndjson")
    house.make_silver()

    def versions():
        return [house.lake.version(table) for table in (*bronze.TABLES, *silver.TABLES)]

    before = versions()
    assert looked_at(house, monkeypatch) == set()
    assert versions() == before
    house.deliver(adt("A01", PID, "PV1|1|I" + "|" * 17 + "V2" + "|" * 25 + "20240302", control="2"))
    house.make_silver()
    assert looked_at(house, monkeypatch) == set()


def test_what_was_found_is_looked_for_again_once_files_change(house, admissions):
    asked = []

    def look():
        asked.append(1)
        return len(asked)

    def found(beside=""):
        return findings.found(house.lake, "something", [bronze.ADMISSIONS], look, beside)

    assert [found(), found()] == [1, 1]
    house.deliver(admissions({"patient_id": "P1"}))
    assert [found(), found()] == [2, 2]
    house.lake.set_properties(bronze.ADMISSIONS, a_note=1)
    assert found() == 2
    assert [found("other"), found("other")] == [3, 3]


def test_moves_of_visits_are_read_from_files_that_were_written_again(house):
    visit = "PV1|1|I" + "|" * 17 + "V9"
    house.deliver("\r".join((adt("A28", PID), adt("A50", PID, "MRG|12||||V1", visit, control="2"))))
    house.deliver(adt("A28", PID.replace("12", "13"), control="3"))
    house.lake.open(HL7_MESSAGES).delete("message_type = 'ADT^A28' AND control_id = '1'")
    assert visit_moves.told(house.context).numbers == {("mrn", "V1"): ("mrn", "V9")}
