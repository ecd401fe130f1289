"""Nobody's age over 89 can be computed from the OMOP tables: who was older on the last day shown was 90 on it."""

import datetime as dt
import json

import pytest

from mediflow_assets.contracts import omop
from mediflow_assets.contracts.omop import rules

LIVED_ON, GREW_OLD, MEASURED, ILL, DIED, YOUNG = "lived-on", "grew-old", "measured", "ill", "died", "young"
BORN = {LIVED_ON: "1930-05-05", GREW_OLD: "1930-06-06", MEASURED: "1934", ILL: "1920-07-07", DIED: "1933-12-01",
        YOUNG: "1980-01-01"}  # fmt: skip


def patient(name):
    told = {"resourceType": "Patient", "id": name, "birthDate": BORN[name], "gender": "female"}
    return told | ({"deceasedDateTime": "2024-05-20"} if name == DIED else {})


def about(name, kind, number, **told):
    return {"resourceType": kind, "id": f"{name}-{number}", "subject": {"reference": f"Patient/{name}"}, **told}


def stay(name, day):
    code = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"}
    period = {"start": f"{day}T08:00:00Z", "end": f"{day}T09:00:00Z"}
    return about(name, "Encounter", day, status="finished", period=period, **{"class": code})


def pulse(name, day):
    code = {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}
    value = {"value": 70, "code": "/min"}
    return about(name, "Observation", day, status="final", code=code, effectiveDateTime=day, valueQuantity=value)


def illness(name, day):
    code = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "I10"}]}
    return about(name, "Condition", day, code=code, onsetDateTime=day)


STAYS = [stay(LIVED_ON, "2022-03-01"), stay(LIVED_ON, "2012-03-01"), stay(GREW_OLD, "2015-04-01"),
         stay(MEASURED, "2022-11-01"), stay(DIED, "2020-02-01"), stay(YOUNG, "2023-06-01")]  # fmt: skip
OTHERS = [pulse(MEASURED, "2024-03-05"), pulse(MEASURED, "2024-06-20"), illness(ILL, "2023-01-01")]


def made(house, *resources):
    house.receive("\n".join(json.dumps(each) for each in (*map(patient, BORN), *resources)))
    house.land()
    house.make_silver()
    assert [each.contract.name for each in house.make_omop() if each.has_failed] == []
    return house


@pytest.fixture(scope="module")
def house(tmp_path_factory, open_house):
    return made(open_house(tmp_path_factory.mktemp("ages") / "house"), *STAYS, *OTHERS)


@pytest.fixture(scope="module")
def without_stays(tmp_path_factory, open_house):
    return made(open_house(tmp_path_factory.mktemp("ages") / "without"), *OTHERS)


def ages(house):
    """Of each patient the ages that their year of birth and the years of what is shown of them give, in order."""
    days = {"death": ("death_date", None), "visit_occurrence": rules.VISIT_DAYS, **rules.DAYS}
    years = {}
    for contract in omop.TABLES:
        for row in house.rows(contract) if contract.key[1] in days else ():
            told = [row[name] for name in days[contract.key[1]] if name and row[name]]
            years.setdefault(row["person_id"], []).extend(day.year for day in told)
    born = {row["person_id"]: row["year_of_birth"] for row in house.rows(omop.PERSON)}
    numbers = {name: house.number(house.key.pseudonym_of("patient", "fhir", name)) for name in BORN}
    return {
        name: sorted(year - born[number] for year in years[number])
        for name, number in numbers.items()
        if number in years
    }


def test_who_was_90_or_older_on_the_last_day_shown_reads_as_90_on_it(house):
    found = ages(house)
    assert {name: found[name][-1] for name in (LIVED_ON, MEASURED, ILL, DIED)} == dict.fromkeys(
        (LIVED_ON, MEASURED, ILL, DIED), 90
    )
    # what lies between is kept
    assert found[LIVED_ON][0] == 80


def test_who_has_grown_old_since_is_not_told_by_the_year_of_birth(house):
    """Of 2023 is the newest admission."""
    person = house.row(omop.PERSON, person_id=house.number(house.key.pseudonym_of("patient", "fhir", GREW_OLD)))
    assert (person["year_of_birth"], person["month_of_birth"]) == (2023 - 90, None)
    assert ages(house)[GREW_OLD][-1] < 90


def test_who_is_young_keeps_their_day_of_birth(house):
    key = house.key.pseudonym_of("patient", "fhir", YOUNG)
    person = house.row(omop.PERSON, person_id=house.number(key))
    born = dt.date(person["year_of_birth"], person["month_of_birth"], person["day_of_birth"])
    assert born == dt.date(1980, 1, 1) + dt.timedelta(days=house.key.shift_days(key) - 180)


def test_without_any_admission_ages_are_told_by_other_events(without_stays):
    assert {name: found[-1] for name, found in ages(without_stays).items()} == {MEASURED: 90, ILL: 90, DIED: 90}
