"""Code systems: as told, as a delivery speaks, and never guessed where a code might be of two."""

import pytest

from mediflow_assets.contracts.code_systems import (
    ICD9,
    MIXED,
    Reading,
    icd9,
    named_system,
    read_cell,
    read_code,
    speaks,
)

CM = ("ICD-10-CM", "icd10cm", "I10C", "http://hl7.org/fhir/sid/icd-10-cm", "urn:oid:2.16.840.1.113883.6.90")


@pytest.mark.parametrize(
    ("words", "system"),
    [
        (("ICD-9-CM", "icd9", "9", "ICD9CM", "I9C", "2.16.840.1.113883.6.103"), "icd9"),
        (("ICD-10", "ICD-10-CM", "10", "ICD10GM", "2022", "http://hl7.org/fhir/sid/icd-10-cm", "0"), "icd10"),
        (("SNOMED CT", "snomed-ct", "SCT", "http://snomed.info/sct"), "snomed"),
        (("ICPC-2", "READ", "11"), None),
    ],
)
def test_words_name_systems(words, system):
    assert {named_system(word) for word in words} == {system}


@pytest.mark.parametrize(
    ("code", "spelled"),
    [
        *(("4280", "428.0"), ("428.0", "428.0"), ("042", "042"), ("25000", "250.00"), ("V5861", "V58.61")),
        *(("v58.61", "V58.61"), ("E8501", "E850.1"), ("E850.1", "E850.1"), ("E9500", "E950.0"), ("E849", "E849")),
        *(("E0179", "E017.9"), ("V30.00", "V30.00")),
        *(
            ("I21.4", None),
            ("E11.9", None),
            ("E1165", None),
            ("000", None),
            ("V99", None),
            ("12", None),
            ("4280000", None),
        ),
    ],
)
def test_icd9_has_one_spelling(code, spelled):
    assert icd9(code) == spelled


@pytest.mark.parametrize(
    ("code", "named", "of_delivery", "reading"),
    [
        ("V5861", "ICD-9-CM", None, Reading("V58.61", "icd9")),
        ("E950.0", "9", None, Reading("E950.0", "icd9")),
        ("4280", "9", None, Reading("428.0", "icd9")),
        ("I21.4", "9", None, Reading("I21.4", "not icd9")),
        ("I214", "10", ICD9, Reading("I21.4", "icd10")),
        ("4280", "10", ICD9, Reading("4280", "not icd10")),
        *(("V4581", name, None, Reading("V45.81", "not icd10")) for name in CM),
        *(
            (code, name, None, Reading(code, "icd10"))
            for name in CM
            for code in ("E08.5", "I10", "S72.001A", "E66.811")
        ),
        *((code, "ICD-10-CM", None, Reading(code, "not icd10")) for code in ("Q99.99", "Z99.9", "I64")),
        *((code, "ICD-10", None, Reading(code, "icd10")) for code in ("Q99.99", "V45.81", "I64")),
        ("22298006", "SNOMED", None, Reading("22298006", "snomed")),
        ("22298005", "SNOMED", None, Reading("22298005", "not snomed")),
        ("I21.4", "ICPC", None, Reading("I21.4", "unknown")),
        ("V5861", None, ICD9, Reading("V58.61", "icd9")),
        ("4280", None, None, Reading("4280", "not told")),
        ("V5861", None, MIXED, Reading("V58.61", "not told")),
        ("E11.9", None, MIXED, Reading("E11.9", "icd10")),
        ("V58.61", None, None, Reading("V58.61", "icd10")),
    ],
)
def test_what_is_said_of_a_code_goes_before_what_it_looks_like(code, named, of_delivery, reading):
    assert read_code(code, named, of_delivery) == reading


@pytest.mark.parametrize(
    ("codes", "what"),
    [
        (["4280", "25000", "V5861", "E8788", "XX"], ICD9),
        (["I21.4", "E11.9", "V58.6XXA", "XX"], None),
        (["4280", "I21.4"], MIXED),
        (["V45.8", "E88.1"], None),
        ([], None),
    ],
)
def test_the_codes_of_a_delivery_speak_for_each(codes, what):
    assert speaks(codes) == what


@pytest.mark.parametrize(
    ("code", "spelled"), [("DK358", "K35.8"), ("di21.4", "I21.4"), ("D509", "D50.9"), ("DX", "DX")]
)
def test_danish_codes_bear_a_letter_before_those_of_icd10(code, spelled):
    assert read_cell(code).code == spelled


def test_codes_of_a_cell_are_divided_by_the_marks_of_hl7():
    assert read_cell("I63.9~K56.609", may_list=True).listed == "icd10:I63.9 icd10:K56.609"


def test_the_first_code_of_a_cell_is_the_principal_one_and_no_other_takes_its_place():
    read = read_cell("??;J18.9", may_list=True)
    assert (read.code, read.listed) == ("", "?:?? icd10:J18.9")
    assert read_cell("I21.4;??;E11.9", may_list=True).code == "I21.4"
