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
        ({"reference": "Patient?identifier=https://house.example|x"}, "x"),
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


def test_what_is_contained_tells_its_name_where_the_reference_shows_none():
    within = {"contained": [{"resourceType": "Location", "id": "ward", "name": "Ward 3"}]}
    assert references.name_of({"reference": "#ward"}, within) == "Ward 3"
    assert references.name_of({"reference": "#ward", "display": "Third"}, within) == "Third"
    assert references.name_of({"reference": "#bed"}, within) is None
