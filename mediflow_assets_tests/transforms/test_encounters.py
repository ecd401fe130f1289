"""Ages, nights, and what the patient adds to an encounter."""

import datetime as dt

import pytest
from pyspark.sql import functions as F

from mediflow_assets.contracts import silver
from mediflow_assets.transforms.ages import completed_years
from mediflow_assets.transforms.encounters import diagnosis
from mediflow_assets.transforms.feeds import FeedReader
from mediflow_assets.transforms.local_days import dated
from mediflow_assets.transforms.presumed import department_of, with_patient

AGES = [
    ("1960-05-01", "2024-04-30", 63),
    ("1960-05-01", "2024-05-01", 64),
    ("1960-05-01", "2024-05-02", 64),
    ("2000-02-29", "2023-02-28", 22),
    ("2000-02-29", "2023-03-01", 23),
    ("2000-02-29", "2024-02-28", 23),
    ("2000-02-29", "2024-02-29", 24),
    ("2024-01-10", "2024-01-10", 0),
    ("2024-01-11", "2024-01-10", -1),
    ("1900-12-31", "2024-01-01", 123),
    (None, "2024-01-01", None),
]


def test_age_is_in_completed_years(session):
    rows = [(n, birth, at) for n, (birth, at, _) in enumerate(AGES)]
    frame = session.createDataFrame(rows, "n int, birth string, at string")
    age = completed_years(F.col("birth").cast("date"), F.col("at").cast("date"))
    found = {row["n"]: row["age"] for row in frame.select("n", age.alias("age")).collect()}
    assert [found[n] for n in range(len(AGES))] == [age for _, _, age in AGES]


CODES = {
    "I21.4": "icd10",
    "J06.9": "icd10",
    "E11": "icd10",
    "S72.001A": "icd10",
    "C7A": "icd10",
    "I214": "icd10",
    "22298006": "snomed",
    "123456": "snomed",
    "999999999999999999": "snomed",
    "I2": None,
    "21.4": None,
    "I21.": None,
    "I21.45678": None,
    "012345678": None,
    "12345": None,
    "1234567890123456789": None,
    "I21.4\n": None,
    "FLU": None,
}


def test_a_diagnosis_is_icd10_or_snomed_or_neither(read_texts):
    found = read_texts(list(CODES), system=diagnosis(F.col("text"))["diagnosis_system"])
    assert {code: row["system"] for code, row in found.items()} == CODES


def test_a_class_without_a_department_has_one_by_the_table(read_texts):
    found = read_texts(["emergency", "inpatient", "spa", None], department=department_of(F.col("text")))
    assert [row["department"] for row in found.values()] == ["EMERGENCY", "GENERAL_MEDICINE", None, None]


@pytest.fixture
def joined(session, frame):
    """Encounters with and without figures of their own, joined to P1, who is 63, F, of 02139."""

    def _joined(source, gender=None, zip_=None, age=None, birth=None, patient="P1", namespace="mrn"):
        admitted = dt.date(2024, 1, 10)
        encounters = session.createDataFrame(
            [(namespace, "E1", patient, source, gender, zip_, age, birth, admitted, "")],
            "id_namespace string, encounter_id string, patient_id string, source_system string, gender string, "
            "zip string, age_at_admission int, birth_date date, admitted_on date, "
            "derived string",
        )
        patient_row = {"birth_date": dt.date(1960, 5, 1), "zip": "02139", "patient_key": "k"}
        row = with_patient(encounters, frame(silver.PATIENTS, patient_row)).collect()[0]
        return row["patient_key"], row["gender"], row["zip"], row["age_at_admission"]

    return _joined


def test_what_the_record_does_not_give_comes_from_the_patient(joined):
    assert joined("synthea") == ("k", "F", "02139", 63)


def test_what_the_record_gives_goes_before_the_patient(joined):
    assert joined("admissions", "M", "10001", 40) == ("k", "M", "10001", 40)


def test_the_birth_date_on_the_record_goes_before_its_age(joined):
    assert joined("admissions", "M", age=40, birth=dt.date(2000, 1, 1)) == ("k", "M", "02139", 24)


def test_an_encounter_whose_patient_is_unknown_is_kept_without_a_key(joined):
    assert joined("synthea", patient="P9")[0] is None
    assert joined("synthea", namespace="synthea")[0] is None


STAYS = {
    ("2024-03-05 14:10", "2024-03-05"): "2024-03-05 14:10:00",
    ("2024-03-05 14:10", "2024-03-05 00:00:00"): "2024-03-05 14:10:00",
    ("2024-03-05 14:10", "2024-03-05 09:00"): "2024-03-05 09:00:00",
    ("2024-03-05 14:10", "2024-03-04"): "2024-03-04 00:00:00",
    ("2024-03-05 14:10", "2024-03-06"): "2024-03-06 00:00:00",
    ("2024-03-05", "2024-03-05"): "2024-03-05 00:00:00",
}
"""Admission and discharge as written → the discharge that is taken."""


def test_a_discharge_that_tells_its_day_alone_is_not_before_an_admission_on_that_day(session):
    reader = FeedReader()
    frame = session.createDataFrame(list(STAYS), "start string, end string")
    typed = frame.withColumns({"_admitted": reader.timestamp("start"), "_discharged": reader.timestamp("end")})
    rows = dated(typed, reader, "start", "end").select("start", "end", F.col("_discharged").cast("string").alias("at"))
    assert {(row["start"], row["end"]): row["at"] for row in rows.collect()} == STAYS
