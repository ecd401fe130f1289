"""Codes by their systems: the published list, the check digit, one spelling; alike in SQL and in Python."""

import random
import re

import pytest
from pyspark.sql import functions as F

from mediflow_assets.contracts import diagnosis_codes as codes
from mediflow_assets.contracts import silver
from mediflow_assets.pipeline.silver_tables import ENCOUNTERS, PATIENTS
from mediflow_assets.synthetic.hospital import load_hospital
from mediflow_assets.transforms import diagnoses

CONCEPTS = [
    "22298006",
    "44054006",
    "195967001",
    "10509002",
    "233604007",
    "840539006",
    "900000000000207008",
    "302870006",
]
"""Of SNOMED CT's international edition."""
NONE = [
    *("2125550123", "219099999", "19500505", "078051120", "5551234567", "123456", "999999999999999999", "22298005"),
    *("900000000000207018", "752431013", "100000", "20250131"),
]
"""Telephone and social security numbers, dates, wrong check digits, and the id of a description (partition 01)."""


def test_concepts_are_told_from_other_numbers():
    assert {code: codes.system_of(code) for code in (*CONCEPTS, *NONE)} == {
        code: "snomed" if code in CONCEPTS else None for code in (*CONCEPTS, *NONE)
    }
    assert [code for code in (*CONCEPTS, *NONE) if codes.is_concept(code)] == CONCEPTS


@pytest.mark.parametrize(
    ("code", "system"),
    [
        ("Z99.99", "icd10"),
        ("X999", "icd10"),
        ("V90.00XA", "icd10"),
        ("i214", "icd10"),
        ("E14.9", "icd10"),
        ("I64", "icd10"),
        ("B24", "icd10"),
        ("E99", None),
        ("U99.1", None),
    ],
)
def test_a_code_of_icd10_is_known_by_its_category(code, system):
    assert codes.system_of(code) == system


def test_of_ten_last_digits_one_fits():
    draw = random.Random(7)
    numbers = [str(draw.randrange(10**n, 10 ** (n + 1))) for n in range(5, 18) for _ in range(40)]
    assert all(sum(codes._check(n[:-1] + digit) == 0 for digit in "0123456789") == 1 for n in numbers)


def test_a_digit_mistaken_or_two_exchanged_are_always_noticed():
    for code in CONCEPTS:
        for n, digit in enumerate(code):
            others = (code[:n] + other + code[n + 1 :] for other in "0123456789" if other != digit)
            assert not any(codes._check(each) == 0 for each in others)
            if n and code[n - 1] != digit:
                assert codes._check(code[: n - 1] + digit + code[n - 1] + code[n + 1 :]) != 0


@pytest.mark.parametrize(
    ("spelled", "code"),
    [
        ("e119", "E11.9"),
        ("E11.9", "E11.9"),
        (" I10 ", "I10"),
        ("S72001A", "S72.001A"),
        ("C7A", "C7A"),
        ("22298006",) * 2,
        ("22298006.0", "22298006"),
        ("250.0",) * 2,
        ("E11.0",) * 2,
    ],
)
def test_with_and_without_its_point_a_code_is_one(read_texts, spelled, code):
    assert codes.canonical_code(spelled) == code
    plain = spelled.strip().upper()
    assert read_texts([plain], code=diagnoses.canonical(F.col("text")))[plain]["code"] == code


@pytest.mark.parametrize(
    ("code", "is_listed"),
    [
        ("E11.9", True),
        ("E119", True),
        ("E11", True),
        ("S72.001A", True),
        ("U07.1", True),
        ("22298006", False),
        ("E11.90", False),
        ("I48.9X", False),
        ("E90", False),
        ("2125550123", False),
        ("", False),
    ],
)
def test_a_code_is_listed_or_not(code, is_listed):
    assert codes.is_listed(code) == is_listed


def test_the_list_is_whole():
    assert (len(codes.icd10cm()), len(codes.categories())) == (98_166, 1_917 + 201)
    assert all(re.fullmatch(r"[A-Z][0-9][0-9A-Z]{1,5}", code) for code in codes.icd10cm())


def test_the_generators_codes_are_listed():
    assert [code for code in load_hospital().codes if code and not codes.is_listed(code)] == []


SYSTEMS = """patient_id,department,diagnosis_code,diagnosis_system,admission_date,cost
1,MEDICINE,V5861,ICD-9-CM,2024-03-01,1
2,MEDICINE,E8501,9,2024-03-01,1
3,MEDICINE,i214,ICD-10-CM,2024-03-01,1
4,MEDICINE,22298006,SNOMED CT,2024-03-01,1
5,MEDICINE,4280,ICD-10,2024-03-01,1
6,MEDICINE,4280,ICPC,2024-03-01,1
7,MEDICINE,4280,,2024-03-01,1
"""
SPOKEN = """patient_id,department,diagnosis_code,admission_date,cost
11,MEDICINE,V5861,2024-03-01,1
12,MEDICINE,4280,2024-03-01,1
13,MEDICINE,25000,2024-03-01,1
"""


def test_the_system_of_a_code_is_told_by_its_record_or_by_its_delivery(house):
    told, spoken = house.deliver(SYSTEMS), house.deliver(SPOKEN)
    house.make_silver(PATIENTS, ENCOUNTERS)
    found = house.rows(silver.ENCOUNTERS, "patient_id", "diagnosis_code", "diagnosis_system")
    assert [tuple(row.values()) for row in found] == [
        ("1", "V58.61", "icd9"),
        ("11", "V58.61", "icd9"),
        ("12", "428.0", "icd9"),
        ("13", "250.00", "icd9"),
        ("2", "E850.1", "icd9"),
        ("3", "I21.4", "icd10"),
        ("4", "22298006", "snomed"),
    ]
    assert spoken != told
    assert house.reasons(silver.ENCOUNTERS) == {
        (told, 5): ["diagnosis_not_in_icd10"],
        (told, 6): ["diagnosis_system_unknown"],
        (told, 7): ["diagnosis_system_not_told"],
    }
