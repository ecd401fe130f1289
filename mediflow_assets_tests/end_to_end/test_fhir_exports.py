"""Real FHIR exports, brought to Silver, against a reading of their JSON that shares no code with the product.

Read by the words of https://hl7.org/fhir/R4 (Patient, Encounter, Condition), the US Core race and ethnicity extensions,
and the tables v2-0203 (types of identifiers), v3-ActCode (classes) and UB-04 (dispositions).
"""

import datetime as dt
import json
from collections import Counter

import pytest

from mediflow_assets.contracts import silver
from mediflow_assets_tests.end_to_end.conftest import DATA, RECEIVED

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not DATA.is_dir(), reason="the real files are not here")]

TYPES = ("Patient", "Encounter", "Condition")
CLASSES = {"AMB": "ambulatory", "IMP": "inpatient", "EMER": "emergency", "HH": "home", "VR": "virtual"}
GENDERS = {"male": "M", "female": "F"}
SNOMED = "http://snomed.info/sct"


def files(export):
    """The files of an export that tell of patients, encounters and conditions."""
    patterns = ("*.json",) if export == "fhir_bundles" else tuple(f"{type_}.*ndjson" for type_ in TYPES)
    return sorted(file for pattern in patterns for file in (DATA / export).glob(pattern))


def resources(export, wanted):
    for file in files(export):
        text = file.read_text(encoding="utf-8")
        told = json.loads(text)["entry"] if file.suffix == ".json" else map(json.loads, text.splitlines())
        yield from (r for r in (each.get("resource", each) for each in told) if r["resourceType"] == wanted)


def last_of(reference):
    """What `urn:uuid:x`, `Patient/x` and an absolute address end in."""
    return reference["reference"].replace("urn:uuid:", "/").rsplit("/", 1)[-1]


def instant(text):
    return text and dt.datetime.fromisoformat(text).astimezone(dt.UTC)


def day(text):
    """The day as it is written, with whatever offset: the house names no zone of its own."""
    return text and dt.date.fromisoformat(text[:10])


def coded(concept, system):
    return next((each["code"] for each in concept.get("coding", ()) if each.get("system") == system), None)


def identifier(patient, type_):
    of_type = (each for each in patient["identifier"] if "type" in each)
    return next((each["value"] for each in of_type if each["type"]["coding"][0]["code"] == type_), None)


def us_core(patient, name):
    for extension in patient.get("extension", ()):
        if extension["url"] == f"http://hl7.org/fhir/us/core/StructureDefinition/us-core-{name}":
            (of_group,) = (each for each in extension["extension"] if each["url"] == "ombCategory")
            return of_group["valueCoding"]["display"]
    return None


def patients(export):
    for each in resources(export, "Patient"):
        (name,) = (name for name in each["name"] if name["use"] == "official")
        (phone,) = (contact["value"] for contact in each["telecom"] if contact["system"] == "phone")
        (address,) = each["address"]
        yield {
            "patient_id": each["id"],
            "given_name": name["given"][0],
            "family_name": name["family"],
            "birth_date": day(each["birthDate"]),
            "death_date": day(each.get("deceasedDateTime")),
            "gender": GENDERS[each["gender"]],
            "race": us_core(each, "race"),
            "ethnicity": us_core(each, "ethnicity"),
            "city": address["city"],
            "zip": address.get("postalCode") if address.get("postalCode") != "00000" else None,
            "phone": phone,
            "ssn": identifier(each, "SS"),
            "drivers_license": identifier(each, "DL"),
            "passport": identifier(each, "PPN"),
        }


def encounters(export):
    for each in resources(export, "Encounter"):
        reason = each.get("reasonCode", [{}])[0]
        ended = each.get("hospitalization", {}).get("dischargeDisposition", {})
        code = coded(ended, "http://www.nubc.org/patient-discharge")
        place = each["location"][0]["location"] if "location" in each else each["serviceProvider"]
        yield {
            "encounter_id": each["id"],
            "patient_id": last_of(each["subject"]),
            "status": each["status"],
            "encounter_class": CLASSES[each["class"]["code"]],
            "department": place["display"].upper(),
            "admitted_at": instant(each["period"]["start"]),
            "discharged_at": instant(each["period"].get("end")),
            "discharge_disposition": {None: None, "1": "home", "01": "home"}[code],
            "diagnosis_code": coded(reason, SNOMED),
        }


def conditions(export):
    for each in resources(export, "Condition"):
        if not is_concept(coded(each["code"], SNOMED)):
            continue
        yield {
            "condition_id": each["id"],
            "patient_id": last_of(each["subject"]),
            "encounter_id": last_of(each["encounter"]),
            "code": coded(each["code"], SNOMED),
            "text": each["code"]["text"],
            "onset_date": day(each["onsetDateTime"]),
            "resolved_date": day(each.get("abatementDateTime")),
        }


_TURN = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def is_concept(code):
    """Whether the last digit is the check digit of a SNOMED CT identifier, by Verhoeff's scheme over the dihedral group
    of the pentagon."""

    def times(a, b):
        if a < 5:
            return (a + b) % 5 if b < 5 else 5 + (a + b) % 5
        return 5 + (a - b) % 5 if b < 5 else (a - b) % 5

    checked = 0
    for place, digit in enumerate(reversed(code)):
        turned = int(digit)
        for _ in range(place % 8):
            turned = _TURN[turned]
        checked = times(checked, turned)
    return checked == 0


@pytest.fixture(scope="module", params=["fhir_bundles", "fhir_bulk", "fhir_edge/r4_ndjson"])
def export(request, tmp_path_factory, open_house):
    """The name of an export, and a house that took it in."""
    house = open_house(tmp_path_factory.mktemp("export") / "house")
    for file in files(request.param):
        house.receive(file.read_bytes(), RECEIVED)
    house.land()
    house.make_silver()
    return request.param, house


def differing(house, contract, told):
    """Per column how many rows differ from what was told, and how many rows only one of both has."""
    key = contract.primary_key[-1]
    found = {row[key]: row for row in house.rows(contract)}
    wanted = {row[key]: row for row in told}
    both = found.keys() & wanted.keys()
    apart = Counter({"rows": len(found.keys() ^ wanted.keys())})
    apart.update(name for id_ in both for name, value in wanted[id_].items() if found[id_][name] != value)
    return {name: count for name, count in apart.items() if count}


@pytest.mark.parametrize(
    ("contract", "told"),
    [(silver.PATIENTS, patients), (silver.ENCOUNTERS, encounters), (silver.CONDITIONS, conditions)],
    ids=["patients", "encounters", "conditions"],
)
def test_silver_is_what_the_resources_say(export, contract, told):
    name, house = export
    assert differing(house, contract, told(name)) == {}


def test_nothing_is_set_aside_and_every_sum_holds(export):
    name, house = export
    wrong = [each for each in resources(name, "Condition") if not is_concept(coded(each["code"], SNOMED))]
    assert [row["reasons"] for row in house.rows(silver.QUARANTINE)] == [["diagnosis_not_in_snomed"]] * len(wrong)
    house.assert_balanced()
