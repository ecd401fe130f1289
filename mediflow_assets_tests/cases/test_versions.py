"""A version speaks only of what it brings, and the source's own time decides which is the newest."""

import datetime as dt
import itertools
from pathlib import Path

import pytest

from mediflow_assets.contracts import masked, silver

CASES = Path(__file__).parent
NOW = dt.datetime(2026, 11, 27, 12, tzinfo=dt.UTC)


def files(case, pattern="*"):
    return [file.read_text() for file in sorted((CASES / case).glob(pattern))]


def take(house, texts, together=False):
    """Deliver texts, one an hour, and make Silver after each, or once after all."""
    for hour, text in enumerate(texts):
        house.deliver(text, NOW + dt.timedelta(hours=hour))
        if not together:
            house.make_silver()
    house.make_silver()
    house.assert_balanced()


@pytest.mark.slow
@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize("order", itertools.permutations(range(2)))
def test_an_older_export_of_fhir_that_comes_later_changes_nothing(house, order, together):
    texts = files("fhir_old_over_new")
    take(house, [texts[place] for place in order], together)
    patient, stay = house.row(silver.PATIENTS), house.row(silver.ENCOUNTERS)
    assert (str(patient["birth_date"]), patient["zip"], stay["status"]) == ("1950-01-01", "02139", "finished")
    assert str(stay["discharged_at"])[:10] == "2026-03-05"


@pytest.mark.parametrize("order", itertools.permutations(range(2)))
def test_what_a_flat_record_does_not_give_stays_as_it_was_known(house, order):
    texts = files("partial_patient")
    take(house, [texts[place] for place in order])
    patient = house.row(silver.PATIENTS)
    told = (patient["full_name"], str(patient["birth_date"]), patient["zip"], patient["gender"])
    assert told == ("Dora Vale", "1950-06-01", "02139", "F")
    stay = house.row(silver.ENCOUNTERS, encounter_id="VPP2")
    assert (stay["age_at_admission"], stay["gender"], stay["zip"]) == (75, "F", "02139")


def test_what_is_no_value_takes_the_place_of_none(house, admissions):
    given = {"name": "Ada Quill", "zip": "02139", "status": "finished", "payer": "Medicare"}
    damaged = [
        {"name": "########", "zip": "2.139E+03", "status": "UNKNOWN", "payer": "#REF!"},
        {"name": "#NAME?", "zip": "00000", "status": "unknown"},
        {"zip": "01/01/1900"},
        {"zip": "99999-9999"},
    ]
    house.deliver(admissions(given, *(given | each | {"updated_at": "2024-06-01"} for each in damaged)))
    house.make_silver()
    patient, kept = house.row(silver.PATIENTS), house.row(silver.ENCOUNTERS)
    assert (patient["full_name"], patient["zip"]) == (given["name"], given["zip"])
    assert [kept[name] for name in ("zip", "status", "payer")] == ["02139", "finished", "Medicare"]


def test_a_flat_record_of_another_system_takes_nothing_from_a_patient(house):
    take(house, files("full_then_flat", "*.csv"))
    kept = house.row(silver.PATIENTS, id_namespace="synthea")
    told = (kept["ssn"], kept["full_name"], str(kept["birth_date"]), str(kept["death_date"]), kept["address"])
    assert told == ("999-10-2000", "Una Field", "1950-01-01", "2026-07-07", "9 Way")
    assert kept["gender"] == "F" and house.row(silver.PATIENTS, id_namespace="mrn")["gender"] == "U"


def test_refuted_and_erroneous_conditions_are_none(house):
    take(house, files("fhir_refuted"))
    assert [row["code"] for row in house.rows(silver.CONDITIONS)] == ["I50.9"]


@pytest.mark.parametrize("order", itertools.permutations(range(2)))
def test_a_corrected_condition_takes_the_place_of_what_it_corrects(house, order):
    texts = files("fhir_more", "condition_corrected_*")
    take(house, [texts[0].splitlines()[0], *(texts[place] for place in order)], together=True)
    assert [row["code"] for row in house.rows(silver.CONDITIONS)] == ["N40.0"]


@pytest.mark.parametrize("order", itertools.permutations(range(2)))
def test_a_condition_is_not_taken_from_its_patient(house, order):
    texts = [
        f'''{{"resourceType":"Patient","id":"{who}"}}
{{"resourceType":"Condition","id":"c","meta":{{"lastUpdated":"{at}"}},"subject":{{"reference":"Patient/{who}"}},\
"onsetDateTime":"2024-01-01","code":{{"coding":[{{"code":"{code}"}}]}}}}'''
        for who, at, code in (("a", "2026-02-01T00:00:00Z", "C61"), ("b", "2026-02-02T00:00:00Z", "I10"))
    ]
    take(house, [texts[place] for place in order])
    (kept,) = house.rows(silver.CONDITIONS)
    assert kept["patient_id"] == "ab"[order[0]]
    assert house.row(silver.QUARANTINE)["reasons"] == ["condition_of_another_patient"]


TOLD = '"meta":{"lastUpdated":"2026-02-01T00:00:00Z"}'
BORN_1950 = f"""{{"resourceType":"Patient","id":"p",{TOLD},"birthDate":"1950-01-01"}}
{{"resourceType":"Encounter","id":"e",{TOLD},"status":"finished","class":{{"code":"IMP"}},\
"subject":{{"reference":"Patient/p"}},"period":{{"start":"2026-01-05","end":"2026-01-07"}}}}
{{"resourceType":"Condition","id":"c",{TOLD},"subject":{{"reference":"Patient/p"}},\
"code":{{"coding":[{{"code":"I10"}}]}},"onsetAge":{{"value":40,"code":"a"}}}}
"""


@pytest.mark.slow
def test_ages_follow_a_birth_date_that_is_corrected_later(house):
    take(house, [BORN_1950, BORN_1950.splitlines()[0].replace("1950", "1960").replace("2026-02-01T", "2026-03-01T")])
    assert house.row(silver.ENCOUNTERS)["age_at_admission"] == 66
    assert str(house.row(silver.CONDITIONS)["onset_date"]) == "2000-01-01"


DELETED = """{"resourceType":"Bundle","type":"history","entry":[\
{"request":{"method":"DELETE","url":"Encounter/e"},"response":{"lastModified":"2026-03-01T00:00:00Z"}},\
{"request":{"method":"DELETE","url":"Condition/c"},"response":{"lastModified":"2026-03-01T00:00:00Z"}},\
{"request":{"method":"DELETE","url":"Patient/p"},"response":{"lastModified":"2026-03-01T00:00:00Z"}}]}
"""


@pytest.mark.slow
@pytest.mark.parametrize("order", itertools.permutations(range(2)))
def test_what_is_deleted_ends_whichever_comes_first(house, order):
    texts = (BORN_1950, DELETED)
    take(house, [texts[place] for place in order])
    assert house.row(silver.ENCOUNTERS)["status"] == "cancelled"
    assert house.rows(silver.CONDITIONS) == []
    assert house.row(silver.PATIENTS)["is_ended"]
    assert house.rows(silver.QUARANTINE) == []


@pytest.mark.slow
def test_a_deleted_patient_leaves_the_tables_outside_silver(house):
    house.deliver(BORN_1950, NOW)
    other = (
        BORN_1950.replace('"p"', '"q"').replace("Patient/p", "Patient/q").replace('"e"', '"f"').replace('"c"', '"d"')
    )
    house.deliver(other, NOW)
    house.bring(DELETED)
    kept = house.row(silver.PATIENTS, patient_id="q")["patient_key"]
    assert [row["patient_key"] for row in house.rows(masked.PATIENTS)] == [kept]
