"""A whole Synthea export in the OMOP tables, counted again from its files by plain Python."""

import csv
import datetime as dt
import hashlib
import re
from collections import Counter

import pytest

from mediflow_assets.contracts import TABLES, omop
from mediflow_assets.contracts.omop.ids import number_of
from mediflow_assets.contracts.table import Type
from mediflow_assets_tests.end_to_end.conftest import DATA, RECEIVED

pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the real files are not here")

SOURCE = DATA / "synthea_claims"
FILES = ("patients", "encounters", "conditions", "procedures", "medications", "immunizations", "observations")


def records(name):
    with (SOURCE / f"{name}.csv").open(encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def made(tmp_path_factory, open_house):
    house = open_house(tmp_path_factory.mktemp("recount") / "house")
    for name in FILES:
        house.receive((SOURCE / f"{name}.csv").read_bytes(), RECEIVED)
    house.land()
    house.make_silver()
    results = house.make_omop()
    assert [each.contract.name for each in results if each.has_failed] == []
    return house


@pytest.fixture(scope="module")
def persons(made):
    """By person the id of Synthea's patient."""
    return {
        made.number(made.key.pseudonym_of("patient", "synthea", row["Id"].upper())): row["Id"]
        for row in records("patients")
    }


def counted(house, contract, value, persons):
    return Counter((persons[row["person_id"]], row[value]) for row in house.rows(contract))


def test_a_database_under_the_definition_takes_the_tables(made, loaded):
    database = loaded(made)
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    assert database.execute("SELECT count(*) FROM person").fetchone()[0] == len(records("patients"))


def test_every_patient_is_a_person_and_every_death_is_told(made, persons):
    people = {persons[row["person_id"]]: row for row in made.rows(omop.PERSON)}
    sexes = {"M": 8507, "F": 8532}
    assert {who: row["gender_concept_id"] for who, row in people.items()} == {
        row["Id"]: sexes[row["GENDER"]] for row in records("patients")
    }
    died = {persons[row["person_id"]] for row in made.rows(omop.DEATH)}
    assert died == {row["Id"] for row in records("patients") if row["DEATHDATE"]}


def test_every_encounter_is_a_visit_of_its_kind(made, persons):
    classes = Counter((row["PATIENT"], row["ENCOUNTERCLASS"]) for row in records("encounters"))
    assert counted(made, omop.VISIT_OCCURRENCE, "visit_source_value", persons) == classes


def test_every_procedure_and_drug_stands_once_under_its_code(made, persons):
    procedures = Counter((row["PATIENT"], row["CODE"]) for row in records("procedures"))
    assert counted(made, omop.PROCEDURE_OCCURRENCE, "procedure_source_value", persons) == procedures
    drugs = Counter((row["PATIENT"], row["CODE"]) for name in ("medications", "immunizations") for row in records(name))
    assert counted(made, omop.DRUG_EXPOSURE, "drug_source_value", persons) == drugs


def test_every_observation_is_a_measurement_or_an_observation(made, persons):
    found = counted(made, omop.MEASUREMENT, "measurement_source_value", persons)
    found += counted(made, omop.OBSERVATION, "observation_source_value", persons)
    # a code of no published system, such as QOLS, is not shown
    codes = ((row["PATIENT"], row["CODE"] if "-" in row["CODE"] else None) for row in records("observations"))
    assert found == Counter(codes)
    numbers = Counter(
        row["CODE"] for row in records("observations") if row["CATEGORY"] in ("vital-signs", "laboratory")
    )
    measured = Counter(row["measurement_source_value"] for row in made.rows(omop.MEASUREMENT))
    assert not numbers - measured


def test_every_condition_stands_once_beside_the_diagnoses_of_encounters(made, persons):
    # a code whose check digit is wrong waits in quarantine
    conditions = [row for row in records("conditions") if row["CODE"] != "10939881000119104"]
    told = Counter(row["PATIENT"] for row in conditions)
    known = {(row["ENCOUNTER"], row["CODE"]) for row in conditions}
    beside = (row for row in records("encounters") if row["REASONCODE"])
    told += Counter(row["PATIENT"] for row in beside if (row["Id"], row["REASONCODE"]) not in known)
    assert Counter(persons[row["person_id"]] for row in made.rows(omop.CONDITION_OCCURRENCE)) == told


def test_what_lies_between_two_dates_of_a_person_stays(made, persons):
    real = {}
    for row in records("encounters"):
        real.setdefault(row["PATIENT"], []).append(row["START"][:10])
    moved = {}
    for row in made.rows(omop.VISIT_OCCURRENCE):
        moved.setdefault(persons[row["person_id"]], []).append(row["visit_start_date"])
    for who, days in moved.items():
        days.sort()
        told = sorted(real[who])
        assert len(days) == len(told)
        gaps = {(day - days[0]).days for day in days}
        first = dt.date.fromisoformat(told[0])
        assert gaps == {(dt.date.fromisoformat(each) - first).days for each in told}


def test_no_number_can_be_computed_from_a_key_that_other_tables_show(made):
    """Who has those tables as well cannot join them by keys."""
    texts = {
        text
        for contract in TABLES.values()
        if contract.key[0] == "silver"
        for name in contract.column_names
        if name.endswith("_key") and contract.by_name[name].type is Type.STRING
        for text in made.lake.read(contract, [name])[name].to_pylist()
        if text
    }
    digests = {hashlib.sha256(f"{text}{end}".encode()).hexdigest() for text in texts for end in ("", "|diagnosis")}
    numbers = {number_of(text) for text in texts | digests if re.match("[0-9a-f]{32}", text)}
    found = {
        value
        for contract in omop.TABLES
        for name in contract.column_names
        if name.endswith("_id") and name != "care_site_id" and contract.by_name[name].type is Type.LONG
        for value in made.lake.read(contract, [name])[name].to_pylist()
    }
    assert len(texts) > 1000 < len(found)
    assert not numbers & found
    assert not texts & {row["person_source_value"] for row in made.rows(omop.PERSON)}


def test_a_person_is_observed_from_the_first_event_to_the_last(made):
    spans = {}
    for table, begin, end in (
        (omop.VISIT_OCCURRENCE, "visit_start_date", "visit_end_date"),
        (omop.CONDITION_OCCURRENCE, "condition_start_date", "condition_end_date"),
        (omop.PROCEDURE_OCCURRENCE, "procedure_date", "procedure_end_date"),
        (omop.DRUG_EXPOSURE, "drug_exposure_start_date", "drug_exposure_end_date"),
        (omop.MEASUREMENT, "measurement_date", "measurement_date"),
        (omop.OBSERVATION, "observation_date", "observation_date"),
    ):
        for row in made.rows(table):
            spans.setdefault(row["person_id"], []).extend((row[begin], row[end] or row[begin]))
    found = {
        row["person_id"]: (row["observation_period_start_date"], row["observation_period_end_date"])
        for row in made.rows(omop.OBSERVATION_PERIOD)
    }
    assert found == {person: (min(days), max(days)) for person, days in spans.items()}
