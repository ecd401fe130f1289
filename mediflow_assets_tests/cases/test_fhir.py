"""Resources of FHIR that name their patient, or tell how a stay ended, as few others do."""

import datetime as dt
import json
from pathlib import Path

from mediflow_assets.contracts import gold, silver
from mediflow_assets.pipeline import gold as steps
from mediflow_assets.pipeline import merged
from mediflow_assets.pipeline.silver_tables import ENCOUNTERS, PATIENTS

CASES = Path(__file__).parent
NOW = dt.datetime(2026, 11, 27, 12, tzinfo=dt.UTC)
MORE = CASES / "fhir_more"


def take(house, *texts):
    for text in texts:
        house.deliver(text, NOW)
    house.make_silver(PATIENTS, ENCOUNTERS)
    return {row["encounter_id"]: row for row in house.rows(silver.ENCOUNTERS)}


def test_a_reference_to_one_version_of_a_patient_names_that_patient_and_one_to_another_thing_nobody(house):
    texts = [
        (CASES / "fhir_refs" / "fhir_refs__01.ndjson").read_text(),
        (MORE / "versioned_reference.ndjson").read_text(),
    ]
    found = take(house, *texts)
    assert {id_: row["patient_id"] for id_, row in found.items()} == {
        **dict.fromkeys(("FVE1", "FVE2", "FVE3", "FVE6"), "FV1"),
        "e-vr": "vr",
    }
    assert list(house.reasons(silver.ENCOUNTERS).values()) == [["patient_id_missing"]] * 3


def test_a_stay_that_ended_against_advice_or_in_death_is_no_index_stay(house):
    left = (MORE / "nubc_disposition.ndjson").read_text()
    first = json.loads(left.splitlines()[1])
    died = first | {"id": "e3", "subject": {"reference": "Patient/d"}}
    died["hospitalization"] = json.loads(json.dumps(first["hospitalization"]).replace("07", "20"))
    found = take(
        house, left.strip() + "\n" + json.dumps({"resourceType": "Patient", "id": "d"}) + "\n" + json.dumps(died)
    )
    ended = {id_: row["discharge_disposition"] for id_, row in found.items()}
    assert ended == {"e1": "against_advice", "e2": None, "e3": "expired"}
    merged.make(house.context)
    steps.make(house.context, next(each for each in steps.GOLD if each.contract is gold.READMISSIONS))
    told = {row["encounter_key"]: row for row in house.rows(gold.READMISSIONS)}
    excluded = {id_: told[row["encounter_key"]]["excluded_because"] for id_, row in found.items()}
    assert (excluded["e1"], excluded["e3"]) == ("left_against_advice", "died")
    assert [row["is_readmitted"] for row in told.values() if row["excluded_because"] in excluded.values()] == [None] * 3
