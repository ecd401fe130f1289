"""Broken records: each kind is there, is where the list says, and is broken in that one way only."""

import re
from collections import Counter
from datetime import date
from itertools import pairwise

import pytest

from mediflow_assets.contracts import vocabulary
from mediflow_assets.synthetic.broken import KINDS, QUARANTINE, REJECTS, verdict
from mediflow_assets_tests.synthetic.conftest import split

STAMP = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T\d\d:\d\d:\d\dZ")
PRESSURE = re.compile(r"(\d{2,3})/(\d{2,3})")


def is_stamp(text):
    try:
        return bool(STAMP.fullmatch(text)) and bool(date.fromisoformat(text[:10]))
    except ValueError:
        return False


def is_date(text):
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def is_whole(text):
    return re.fullmatch(r"-?\d+", text) is not None


def is_money(text):
    return re.fullmatch(r"-?\d+\.\d\d", text) is not None


def is_plausible(text):
    systolic, diastolic = map(int, text.split("/"))
    return diastolic < systolic <= vocabulary.SYSTOLIC_LIMITS_MMHG[1]


FAULTS = {
    "patient_id_missing": lambda r: not r["patient_id"],
    "admitted_at_missing": lambda r: not r["admission_date"],
    "admitted_at_unreadable": lambda r: r["admission_date"] and not is_stamp(r["admission_date"]),
    "admitted_in_future": lambda r: is_stamp(r["admission_date"]) and r["admission_date"] > "2026",
    "discharged_at_unreadable": lambda r: r["discharge_date"] and not is_stamp(r["discharge_date"]),
    "discharged_before_admission": lambda r: (
        is_stamp(r["admission_date"]) and is_stamp(r["discharge_date"]) and r["discharge_date"] < r["admission_date"]
    ),
    "age_unreadable": lambda r: not is_whole(r["age"]),
    "age_out_of_range": lambda r: is_whole(r["age"]) and not 0 <= int(r["age"]) <= 120,
    "birth_date_unreadable": lambda r: r["birth_date"] and not is_date(r["birth_date"]),
    "gender_unknown": lambda r: not vocabulary.word_of(vocabulary.GENDERS, r["gender"]),
    "diagnosis_malformed": lambda r: (
        r["diagnosis_code"]
        and not re.match(vocabulary.ICD10_PATTERN.replace(r"\z", r"\Z"), r["diagnosis_code"])
        and not re.match(vocabulary.SNOMED_PATTERN.replace(r"\z", r"\Z"), r["diagnosis_code"])
    ),
    "blood_pressure_unreadable": lambda r: r["blood_pressure"] and not PRESSURE.fullmatch(r["blood_pressure"]),
    "blood_pressure_implausible": lambda r: (
        PRESSURE.fullmatch(r["blood_pressure"]) and not is_plausible(r["blood_pressure"])
    ),
    "cost_unreadable": lambda r: not is_money(r["cost"]),
    "cost_negative": lambda r: is_money(r["cost"]) and float(r["cost"]) < 0,
    "encounter_class_unknown": lambda r: (
        r["encounter_class"] and not vocabulary.word_of(vocabulary.ENCOUNTER_CLASSES, r["encounter_class"])
    ),
    "status_unknown": lambda r: not vocabulary.word_of(vocabulary.STATUSES, r["status"]),
    "updated_at_unreadable": lambda r: not is_stamp(r["updated_at"]),
}
SPLIT_FAULTS = {
    "too_few_fields": lambda line: len(split(line)) < 19,
    "too_many_fields": lambda line: len(split(line)) > 19,
    "unbalanced_quote": lambda line: line.count(b'"') % 2 == 1,
    "bad_utf8": lambda line: line != line.decode(errors="ignore").encode(),
    "empty_record": lambda line: line == b"",
}


def faults_of(row):
    return {reason for reason, is_broken in FAULTS.items() if is_broken(row)}


def test_every_kind_is_planted_from_a_thousand_encounters_on(hospital):
    assert set(hospital.told.broken) == set(KINDS) == {row["kind"] for row in hospital.listed("broken")}
    assert set(FAULTS) == set(QUARANTINE) and set(SPLIT_FAULTS) == set(REJECTS)


@pytest.mark.parametrize("kind", REJECTS)
def test_a_reject_cannot_be_split(hospital, kind):
    lines = [hospital.line_of(row) for row in hospital.listed("broken") if row["kind"] == kind]
    assert lines and all(SPLIT_FAULTS[kind](line) for line in lines)


@pytest.mark.parametrize("kind", QUARANTINE)
def test_a_quarantined_record_has_this_fault_and_no_other(large_hospital, kind):
    rows = [large_hospital.fields_of(row) for row in large_hospital.listed("broken") if row["kind"] == kind]
    assert [faults_of(row) for row in rows] == [{kind}] * len(rows) != []


def test_good_records_have_no_fault(hospital):
    assert {fault for _, _, row in hospital.good_records() for fault in faults_of(row)} == set()


def test_broken_records_are_of_no_other_encounter(hospital):
    broken = [hospital.fields_of(row) for row in hospital.listed("broken") if row["verdict"] == "quarantine"]
    assert not {row["encounter_id"] for row in broken} & set(hospital.newest)


def test_broken_records_are_never_the_newest_word_on_their_patient(hospital):
    broken = [hospital.fields_of(row) for row in hospital.listed("broken") if row["verdict"] == "quarantine"]
    newest = {patient: max(row["updated_at"] for row in rows) for patient, rows in hospital.by_patient.items()}
    readable = [row for row in broken if is_stamp(row["updated_at"]) and row["patient_id"]]
    assert all(row["updated_at"] < newest[row["patient_id"]] for row in readable)


def test_the_summary_counts_each_reason(hospital):
    listed = hospital.listed("broken")
    quarantined = Counter(row["reason"] for row in listed if row["verdict"] == "quarantine")
    rejected = Counter((row["file"], row["reason"]) for row in listed if row["verdict"] == "rejects")
    assert hospital.summary["quarantine"] == quarantined
    assert {
        (file, kind): count for file, kinds in hospital.summary["rejects"].items() for kind, count in kinds.items()
    } == rejected
    assert all(row["verdict"] == verdict(row["kind"]) for row in listed)


def test_stray_quotes_stand_more_than_200_lines_apart(large_hospital):
    places = [row for row in large_hospital.listed("broken") if row["kind"] == "unbalanced_quote"]
    numbers = sorted((row["file"], int(row["record_number"])) for row in places)
    pairs = pairwise(numbers)
    assert all(after - before > 200 for (file, before), (other, after) in pairs if file == other)


def test_no_other_line_has_an_odd_number_of_quotes(hospital):
    odd = {
        (file, number)
        for file, lines in hospital.lines.items()
        for number, line in enumerate(lines)
        if line.count(b'"') % 2
    }
    listed = [row for row in hospital.listed("broken") if row["kind"] == "unbalanced_quote"]
    assert odd == {(row["file"], int(row["record_number"])) for row in listed}
