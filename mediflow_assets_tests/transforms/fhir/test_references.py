"""Whom a Reference names, in every form that FHIR has for it."""

import pytest

from mediflow_assets.transforms.fhir import references


@pytest.mark.parametrize(
    ("reference", "id_"),
    [
        ({"reference": "Patient/x"}, "x"),
        ({"reference": "https://fhir.example/r4/Patient/x"}, "x"),
        ({"reference": "urn:uuid:x"}, "x"),
        ({"reference": "urn:oid:1.2.3"}, "1.2.3"),
        ({"reference": "Patient/x/_history/3"}, "x"),
        ({"reference": "Patient?identifier=https://house.example|x"}, None),
        ({"reference": "urn:uuid:x", "type": "Patient"}, "x"),
        ({"reference": "urn:uuid:x", "type": "http://hl7.org/fhir/StructureDefinition/Patient"}, "x"),
        ({"reference": "urn:uuid:x", "type": "Group"}, None),
        ({"reference": "Group/x"}, None),
        ({"reference": "#x"}, None),
        ({"identifier": {"system": "https://house.example", "value": "x"}}, None),
        ({"display": "Ito"}, None),
        ({}, None),
        (None, None),
        ("Patient/x", None),
    ],
)
def test_a_reference_to_a_patient_names_one_and_any_other_nobody(reference, id_):
    assert references.id_of(reference, "Patient") == id_


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ({"reference": "Patient/x", "identifier": {"value": "y"}}, "x"),
        ({"reference": "Patient?identifier=https://house.example|x"}, "?https://house.example|x"),
        ({"reference": "https://fhir.example/Patient?identifier=urn%3Aoid%3A1.2%7Cx"}, "?urn:oid:1.2|x"),
        ({"reference": "Patient?identifier=a|x&active=true"}, "?a|x"),
        ({"reference": "Group?identifier=a|x"}, None),
        ({"reference": "Patient?name=x"}, None),
        ({"identifier": {"system": "https://house.example", "value": " x "}}, "?https://house.example|x"),
        ({"identifier": {"value": "x"}, "type": "Patient"}, "?|x"),
        ({"identifier": {"value": "x"}, "type": "Group"}, None),
        ({"identifier": {"system": "https://house.example"}}, None),
        ({"identifier": {"value": ""}}, None),
        ({"display": "Ito"}, None),
    ],
)
def test_who_bears_an_identifier_is_named_by_it(reference, name):
    assert references.who(reference, "Patient") == name


def test_what_is_contained_tells_its_name_where_the_reference_shows_none():
    within = {"contained": [{"resourceType": "Location", "id": "ward", "name": "Ward 3"}]}
    assert references.name_of({"reference": "#ward"}, within) == "Ward 3"
    assert references.name_of({"reference": "#ward", "display": "Third"}, within) == "Third"
    assert references.name_of({"reference": "#bed"}, within) is None
