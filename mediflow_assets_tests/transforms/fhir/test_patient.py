"""What a Patient tells: of several names, addresses and telephones that of today."""

import pytest

from mediflow_assets.transforms.fhir import patient


def told(**elements):
    return {name: value for name, value in patient.read(elements).items() if value is not None}


def test_the_official_name_stands_before_older_ones():
    names = [
        {"use": "maiden", "family": "Rice", "given": ["Yang"]},
        {"use": "old", "family": "Reis", "given": ["Y."]},
        {"use": "usual", "family": "Ito", "given": ["Yaya"]},
        {"use": "official", "family": "Eichmann", "given": ["Yang", "Maria"]},
    ]
    assert told(name=names) == {"first": "Yang", "last": "Eichmann"}
    assert told(name=names[:3])["last"] == "Ito"
    assert told(name=names[:1])["last"] == "Rice"


def test_a_name_that_has_ended_comes_after_one_that_has_not():
    names = [{"use": "official", "family": "Rice", "period": {"end": "2001"}}, {"family": "Ito"}]
    assert told(name=names) == {"last": "Ito"}


def test_what_has_not_begun_by_the_time_of_its_version_comes_after_what_holds():
    names = [
        {"use": "official", "family": "Rice", "period": {"start": "2024-09-01"}},
        {"use": "usual", "family": "Ito", "period": {"start": "2001", "end": "2024-08-31"}},
    ]
    licence = {"type": {"coding": [{"code": "DL"}]}, "value": "7", "period": {"start": "2024-09"}}

    def at(told):
        return patient.read({"meta": {"lastUpdated": told}, "name": names, "identifier": [licence]})

    assert (at("2024-06-01T08:00:00Z")["last"], at("2024-06-01T08:00:00Z")["drivers"]) == ("Ito", None)
    assert (at("2024-09-01T08:00:00Z")["last"], at("2024-09-01T08:00:00Z")["drivers"]) == ("Rice", "7")


def test_a_name_in_one_text_is_the_full_one():
    assert told(name=[{"text": "Aya Ito"}]) == {"full": "Aya Ito"}


def test_the_address_of_today_stands_before_those_of_before_and_for_a_while():
    places = [
        {"use": "old", "postalCode": "02139"},
        {"use": "temp", "postalCode": "10001"},
        {"use": "home", "line": ["245", "Republic st."], "city": "Boston", "state": "MA", "postalCode": "02115"},
    ]
    assert told(address=places) == {"address": "245, Republic st.", "city": "Boston", "state": "MA", "zip": "02115"}
    ended = [{"use": "home", "postalCode": "02139", "period": {"end": "2020-01-01"}}, {"postalCode": "02115"}]
    assert told(address=ended)["zip"] == "02115"


def test_a_telephone_is_one_by_its_system_and_so_is_an_e_mail():
    contacts = [
        {"system": "email", "value": "aya@example.org"},
        {"system": "fax", "value": "555-0000"},
        {"system": "phone", "value": "555-0199", "use": "old"},
        {"system": "phone", "value": "tel:555-0100", "use": "mobile", "rank": 2},
        {"system": "phone", "value": "555-0101", "use": "mobile", "rank": 1},
    ]
    assert told(telecom=contacts) == {"phone": "555-0101", "email": "aya@example.org"}
    assert told(telecom=[{"value": "aya@example.org"}, {"value": "555-0100"}]) == {
        "phone": "555-0100",
        "email": "aya@example.org",
    }


@pytest.mark.parametrize(
    ("elements", "found"),
    [
        ({"deceasedBoolean": True}, {"is_deceased": "true"}),
        ({"deceasedBoolean": False}, {"is_deceased": "false"}),
        ({"deceasedDateTime": "2020-01"}, {"is_deceased": "true", "deathdate": "2020-01"}),
        ({}, {}),
    ],
)
def test_a_death_is_told_with_its_day_or_without(elements, found):
    assert told(**elements) == found


CORE = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-"


def group(display):
    return {"url": "ombCategory", "valueCoding": {"system": "urn:oid:2.16.840.1.113883.6.238", "display": display}}


def test_race_and_ethnicity_are_those_of_us_core():
    race = {
        "url": f"{CORE}race",
        "extension": [group("White"), group("Asian"), {"url": "text", "valueString": "Mixed"}],
    }
    ethnicity = {"url": f"{CORE}ethnicity", "extension": [{"url": "text", "valueString": "Not Hispanic"}]}
    other = {"url": f"{CORE}birthsex", "valueCode": "F"}
    assert told(extension=[other, race, ethnicity]) == {"race": "White; Asian", "ethnicity": "Not Hispanic"}


def identified(value, code=None, system=None, **more):
    return {"value": value, "type": {"coding": [{"code": code}]}, "system": system, **more}


def test_identifiers_are_told_apart_by_type_or_by_system():
    borne = [
        identified("7", "MR", "https://house.example"),
        identified("999-00-0000", "SS", use="old"),
        identified("999-95-5953", "SS"),
        identified("S9999", system="urn:oid:2.16.840.1.113883.4.3.25"),
        identified("X7226", system="http://hl7.org/fhir/sid/passport-USA"),
    ]
    assert told(identifier=borne) == {"ssn": "999-95-5953", "drivers": "S9999", "passport": "X7226"}
    assert told(identifier=[identified("999-95-5953", system="http://hl7.org/fhir/sid/us-ssn")]) == {
        "ssn": "999-95-5953"
    }


@pytest.mark.parametrize("wrong", [None, 5, "text", [], [5, None, "x"], {}, [{}], [[{"family": "x"}]]])
def test_what_has_another_shape_than_fhir_says_tells_nothing(wrong):
    names = ("name", "address", "telecom", "identifier", "extension", "maritalStatus", "deceasedBoolean")
    assert told(**dict.fromkeys(names, wrong)) == {}


def test_a_patient_of_dstu2_has_lists_for_families():
    assert told(name=[{"family": ["Ito"], "given": [None, "Aya"]}]) == {"last": "Ito", "first": "Aya"}


def test_a_person_lives_where_the_address_is_no_postal_one():
    postal = {"use": "home", "type": "postal", "city": "Boxville"}
    assert told(address=[postal, {"use": "home", "type": "physical", "city": "Homeville"}])["city"] == "Homeville"
    assert told(address=[postal, {"use": "work", "city": "Workville"}])["city"] == "Boxville"


def test_a_group_of_us_core_is_told_by_its_code_where_it_shows_no_words():
    url = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-race"
    detailed = {"url": "detailed", "valueCoding": {"code": "1586-7", "display": "Shoshone"}}
    group = {"url": "ombCategory", "valueCoding": {"system": "urn:oid:2.16.840.1.113883.6.238", "code": "1002-5"}}
    assert told(extension=[{"url": url, "extension": [group, detailed]}])["race"] == "American Indian or Alaska Native"
