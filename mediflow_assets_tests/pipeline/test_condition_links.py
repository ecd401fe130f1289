"""Conditions that encounters name as their diagnoses: FHIR's `Encounter.diagnosis`."""

import itertools
import json
from dataclasses import replace

from mediflow_assets.contracts import silver
from mediflow_assets.pipeline import rebuild

PATIENTS = [
    {"resourceType": "Patient", "id": id_, "gender": "female", "birthDate": "1980-02-03"} for id_ in ("p1", "p2")
]


def at(day):
    return {"meta": {"lastUpdated": f"2024-03-{day:02}T00:00:00Z"}}


def stay(id_, *named, day=1, patient="p1", **told):
    diagnoses = [
        {"condition": {"reference": f"Condition/{condition}"}, "rank": rank, "use": {"coding": [{"code": use}]}}
        for condition, rank, use in named
    ]
    whole = {
        "resourceType": "Encounter",
        "id": id_,
        "status": "finished",
        "class": {"code": "IMP"},
        "subject": {"reference": f"Patient/{patient}"},
        "period": {"start": f"2024-01-0{id_[-1]}T08:00:00Z", "end": "2024-01-09T08:00:00Z"},
    }
    return whole | ({"diagnosis": diagnoses} if diagnoses else {}) | at(day) | told


def condition(id_, code="I10", day=1, encounter=None, patient="p1", **told):
    coding = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code}]}
    whole = {"resourceType": "Condition", "id": id_, "code": coding, "recordedDate": "2024-01-02"}
    whole["subject"] = {"reference": f"Patient/{patient}"}
    return whole | ({"encounter": {"reference": f"Encounter/{encounter}"}} if encounter else {}) | at(day) | told


def deliver(house, *resources):
    house.deliver("\n".join(json.dumps(each) for each in resources), name="delivery.ndjson")
    house.make_silver()
    house.assert_balanced()


def links(house):
    """By condition: encounter, rank, use."""
    names = ("condition_id", "encounter_id", "diagnosis_rank", "diagnosis_use")
    return {id_: told for id_, *told in (row.values() for row in house.rows(silver.CONDITIONS, *names))}


def by_hand(resources):
    """The same by plain JSON: of each resource its newest version, of several encounters the one begun first."""
    newest = {}
    for each in sorted(resources, key=lambda each: each["meta"]["lastUpdated"]):
        newest[each["resourceType"], each["id"]] = each
    stays = [each for (kind, _), each in newest.items() if kind == "Encounter"]
    found = {}
    for (kind, id_), each in newest.items():
        if kind != "Condition":
            continue
        own = each.get("encounter", {}).get("reference", "").removeprefix("Encounter/") or None
        named = [
            (one["period"]["start"], one["id"], entry["rank"], entry["use"]["coding"][0]["code"])
            for one in stays
            for entry in one.get("diagnosis", ())
            if entry["condition"]["reference"] == f"Condition/{id_}"
            and one["subject"] == each["subject"]
            and own in (None, one["id"])
        ]
        found[id_] = list(min(named)[1:]) if named else [own, None, None]
    return found


PARTS = (
    [stay("e1", ("c1", 2, "CC"), ("c2", 1, "AD"), ("c4", 3, "CM")), stay("e2", ("c1", 1, "DD"), ("c3", 1, "DD"))],
    [condition("c1"), condition("c2", "E11.9", encounter="e1"), condition("c3", "J44.9", encounter="e1")],
    [stay("e1", ("c2", 2, "CC"), ("c4", 3, "CM"), day=5), condition("c2", "E11.8", day=6, encounter="e1")],
    [condition("c4", "I21.4", patient="p2"), condition("c5", "I50.9")],
)


def test_a_condition_is_of_the_encounter_that_names_it_in_any_order_of_arrival(house):
    expected = by_hand([each for part in PARTS for each in part])
    assert expected["c1"] == ["e2", 1, "DD"] and expected["c4"] == [None, None, None], "of somebody else"
    for number, order in enumerate(itertools.islice(itertools.permutations(PARTS), 3, 24, 9)):
        twin = replace(house, folder=house.folder / str(number))
        deliver(twin, *PATIENTS)
        for part in order:
            deliver(twin, *part)
        assert links(twin) == expected


def test_a_condition_follows_what_encounters_say_of_it_later(house):
    deliver(house, *PATIENTS, condition("c1"), condition("c2", "E11.9", encounter="e2"))
    assert links(house) == {"c1": [None, None, None], "c2": ["e2", None, None]}
    deliver(house, stay("e1", ("c1", 1, "AD"), ("c2", 2, "CC")), stay("e2"))
    assert links(house) == {"c1": ["e1", 1, "AD"], "c2": ["e2", None, None]}
    deliver(house, stay("e2", ("c2", 4, "billing"), day=2), condition("c1", "I11.0", day=2))
    assert links(house) == {"c1": ["e1", 1, "AD"], "c2": ["e2", 4, "billing"]}
    deliver(house, stay("e1", day=3))
    assert links(house)["c1"] == [None, None, None], "the encounter names it no more"
    deliver(house, stay("e1", ("c1", 3, "DD"), day=4), condition("c1", "I11.0", day=4, encounter="e2"))
    assert links(house)["c1"] == ["e2", None, None], "it says itself where it was found"
    deliver(house, condition("c1", "I11.0", day=5))
    assert links(house)["c1"] == ["e1", 3, "DD"]
    deliver(house, stay("e1", day=6, status="entered-in-error", period={}))
    assert links(house)["c1"] == [None, None, None]


def test_a_lake_of_an_older_release_gets_its_links_by_a_run(house):
    deliver(house, *PATIENTS, *PARTS[0], *PARTS[1])
    before = links(house)
    assert before["c1"] == ["e1", 2, "CC"]
    for table in (silver.CONDITIONS, silver.ENCOUNTERS):
        rebuild.ask(house.lake, table)
        house.make_silver()
        assert links(house) == before
