"""Patients and encounters that other resources name by an identifier: logical and conditional references."""

import itertools
import json
from dataclasses import replace

import pytest

from mediflow_assets.contracts import clinical, silver
from mediflow_assets.pipeline import identified
from mediflow_assets.pipeline import silver as steps
from mediflow_assets.transforms.fhir.identified import bearers

HOUSE, VISITS = "https://house.example/numbers", "https://house.example/visits"


def borne(value, system=HOUSE):
    return {"identifier": [{"system": system, "value": value}]}


def logical(value, system=HOUSE):
    return {"identifier": {"system": system, "value": value}}


def conditional(value, system=HOUSE, kind="Patient"):
    return {"reference": f"{kind}?identifier={system}|{value}"}


def patient(id_, number):
    return {"resourceType": "Patient", "id": id_, "gender": "female"} | borne(number)


def stay(id_, subject, number):
    return {
        "resourceType": "Encounter",
        "id": id_,
        "status": "finished",
        "class": {"code": "IMP"},
        "subject": subject,
        "period": {"start": "2024-01-02T08:00:00Z", "end": "2024-01-05T08:00:00Z"},
    } | borne(number, VISITS)


def result(id_, subject, encounter=None):
    code = {"coding": [{"system": "http://loinc.org", "code": "2160-0"}]}
    told = {"resourceType": "Observation", "id": id_, "code": code, "effectiveDateTime": "2024-01-03"}
    return told | {"valueString": "high", "subject": subject} | ({"encounter": encounter} if encounter else {})


def condition(id_, subject, encounter=None):
    code = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "I10"}]}
    told = {"resourceType": "Condition", "id": id_, "code": code, "recordedDate": "2024-01-03", "subject": subject}
    return told | ({"encounter": encounter} if encounter else {})


PARTS = (
    [patient("p1", "N-1"), patient("p2", "N-2")],
    [stay("e1", logical("N-1"), "V-1"), stay("e2", conditional("N-2"), "V-2")],
    [
        result("o1", logical("N-1"), logical("V-1", VISITS)),
        result("o2", conditional("N-2"), conditional("V-2", VISITS, "Encounter")),
        result("o3", conditional("N-2").copy()),
        condition("c1", logical("N-2"), logical("V-2", VISITS)),
        condition("c2", logical("N-9")),
        result("o4", logical("N-1") | {"type": "Group"}),
        result("o5", logical("N-1", "https://elsewhere.example")),
    ],
)


def deliver(house, resources):
    house.deliver("\n".join(json.dumps(each) for each in resources), name="delivery.ndjson")
    house.make_silver()
    house.assert_balanced()


def whose(house):
    """By resource: patient and encounter."""
    found = {row["encounter_id"]: (row["patient_id"], None) for row in house.rows(silver.ENCOUNTERS)}
    for table in (clinical.OBSERVATIONS, silver.CONDITIONS):
        names = (table.primary_key[-1], "patient_id", "encounter_id")
        found |= {id_: tuple(of) for id_, *of in (row.values() for row in house.rows(table, *names))}
    return found


EXPECTED = {
    "e1": ("p1", None),
    "e2": ("p2", None),
    "o1": ("p1", "e1"),
    "o2": ("p2", "e2"),
    "o3": ("p2", None),
    "c1": ("p2", "e2"),
}


@pytest.mark.parametrize("order", [*itertools.permutations(PARTS)][::2], ids=("as told", "stays first", "last first"))
def test_who_is_named_by_an_identifier_is_met_in_any_order_of_arrival(house, order):
    twin = replace(house, folder=house.folder / "twin")
    for part in order:
        deliver(twin, part)
    assert whose(twin) == EXPECTED
    held = {reason for table in (clinical.OBSERVATIONS, silver.CONDITIONS) for reason in twin.reasons(table).values()
            for reason in reason}  # fmt: skip
    assert held == {"patient_not_arrived", "patient_id_missing"}
    deliver(twin, [patient("p9", "N-9")])
    assert whose(twin) == EXPECTED | {"c2": ("p9", None)}


def test_who_bears_an_identifier_is_looked_up_once_for_all_tables_of_a_run(house, monkeypatch):
    deliver(house, [*PARTS[0], *PARTS[1], *PARTS[2][:1], condition("c0", logical("N-1"))])
    asked = []
    monkeypatch.setattr(identified, "bearers", lambda *told: asked.append(1) or bearers(*told))
    house.deliver(
        "\n".join(json.dumps(each) for each in (*PARTS[2], stay("e3", logical("N-1"), "V-3"))), name="b.ndjson"
    )
    run = house.context
    for table in steps.ALL:
        steps.make(run, table)
    assert whose(house) == EXPECTED | {"c0": ("p1", None), "e3": ("p1", None)}
    assert asked == [1]
    assert not any(house.folder.glob("lake/*/_staging/*"))


def test_what_waits_for_its_encounter_alone_comes_in_with_it(house):
    deliver(house, [*PARTS[0], result("o1", {"reference": "Patient/p1"}, logical("V-1", VISITS))])
    assert list(house.reasons(clinical.OBSERVATIONS).values()) == [["encounter_not_arrived"]]
    deliver(house, PARTS[1])
    assert whose(house)["o1"] == ("p1", "e1")


def test_an_identifier_of_two_patients_names_neither(house):
    deliver(house, [patient("p1", "N-1"), patient("p2", "N-1"), result("o1", logical("N-1"))])
    assert whose(house) == {}
    assert list(house.reasons(clinical.OBSERVATIONS).values()) == [["patient_not_arrived"]]
