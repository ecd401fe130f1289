"""Masking: ages, postal codes, years, free text, small cells."""

import datetime as dt

import pytest
from pyspark.sql import functions as F

from mediflow_assets.contracts import gold, masked, silver
from mediflow_assets.contracts.restricted_zip3 import RESTRICTED_ZIP3
from mediflow_assets.contracts.table import SmallCells
from mediflow_assets.transforms import masking

AGES = {
    0: "0-4",
    4: "0-4",
    5: "5-9",
    39: "35-39",
    40: "40-44",
    84: "80-84",
    85: "85-89",
    89: "85-89",
    90: "90+",
    91: "90+",
    120: "90+",
    -1: None,
}
ZIPS = {
    "02139": "021",
    "02139-1234": "021",
    "021391234": "021",
    " 10001 ": "100",
    "03601": "000",
    "20301": "000",
    "89312": "000",
    "1000": "000",
    "ABCDE": "000",
    "SW1A 1AA": "000",
    "": "000",
    "10001x": "000",
    None: None,
    "１０００１": "000",
    "10001\0": "000",
}


def test_ages_are_bands_of_five_years_and_one_over_89(session):
    frame = session.createDataFrame([(age,) for age in AGES], "age int")
    found = frame.select("age", masking.age_band(F.col("age")).alias("band")).collect()
    assert {row["age"]: row["band"] for row in found} == AGES


def test_postal_codes_keep_three_digits_where_many_live(read_texts):
    found = read_texts(list(ZIPS), zip3=masking.zip3(F.col("text")))
    assert {text: row["zip3"] for text, row in found.items()} == ZIPS


def test_every_restricted_prefix_is_hidden(read_texts):
    found = read_texts([f"{prefix}01" for prefix in RESTRICTED_ZIP3], zip3=masking.zip3(F.col("text")))
    assert {row["zip3"] for row in found.values()} == {"000"} and len(found) >= 17


PATIENT = {
    "full_name": "Ada Example",
    "ssn": "999-17-5017",
    "birth_date": dt.date(1960, 5, 1),
    "zip": "02139",
    "death_date": dt.date(2023, 3, 4),
    "address": "1 Main Street",
}


def masked_patient(frame, as_of=dt.datetime(2024, 1, 1), **changed):
    patients = frame(silver.PATIENTS, PATIENT | changed).withColumns(
        {masking.AS_OF: F.lit(as_of), masking.IS_OVER_89: F.lit(False)}
    )
    return masking.mask(patients, silver.PATIENTS).collect()[0].asDict()


def test_a_masked_patient_has_no_identifier_left(frame):
    row = masked_patient(frame, patient_key="k")
    assert set(row) == set(masked.PATIENTS.column_names)
    assert {"patient_key": "k", "age_band": "60-64", "zip3": "021", "death_year": 2023}.items() <= row.items()
    assert not any(str(value) in str(row) for value in ("Ada", "999-17", "1960", "02139", "Main"))


@pytest.mark.parametrize(
    ("born", "band"), [("1934-01-02", "85-89"), ("1934-01-01", "90+"), ("1900-01-01", "90+"), (None, None)]
)
def test_an_age_over_89_is_judged_at_the_newest_admission(frame, born, band):
    birth_date = dt.date.fromisoformat(born) if born else None
    assert masked_patient(frame, birth_date=birth_date, death_date=None)["age_band"] == band


def test_a_masked_encounter_shows_years_and_bands_only(encounters):
    frame = encounters(
        {
            "admitted_at": dt.datetime(2024, 1, 10, 9, tzinfo=dt.UTC),
            "discharged_at": dt.datetime(2024, 1, 15, tzinfo=dt.UTC),
            "age_at_admission": 63,
            "zip": "02139",
            "diagnosis_text": "as the doctor wrote it",
            "extra": '{"note": "free text"}',
        }
    )
    row = masking.mask(frame.withColumn(masking.IS_OVER_89, F.lit(False)), silver.ENCOUNTERS).collect()[0].asDict()
    assert set(row) == set(masked.ENCOUNTERS.column_names)
    wanted = {"admitted_year": 2024, "discharged_year": 2024, "age_band": "60-64", "zip3": "021"}
    assert (wanted | {"diagnosis_text": "[redacted]"}).items() <= row.items()
    assert not any(text in str(row) for text in ("01-10", "doctor", "free text", "02139"))


def test_no_text_is_not_redacted(encounters):
    frame = encounters({"diagnosis_text": None}).withColumn(masking.IS_OVER_89, F.lit(False))
    row = masking.mask(frame, silver.ENCOUNTERS).collect()[0]
    assert row["diagnosis_text"] is None


CELLS = SmallCells("patients", ("encounters", "readmitted", "sum"), counts=("readmitted",))


@pytest.fixture
def suppressed(session):
    """What is left of one cell: people, encounters, readmitted, sum, and whether it is suppressed."""

    def _suppressed(patients, readmitted=50):
        row = (patients, 99, readmitted, 1000)
        frame = session.createDataFrame([row], "patients bigint, encounters bigint, readmitted bigint, sum bigint")
        return tuple(masking.suppress(frame, CELLS).collect()[0])

    return _suppressed


@pytest.mark.parametrize("people", [1, 2, 10])
def test_a_cell_of_one_to_ten_people_is_blank(suppressed, people):
    assert suppressed(people) == (None, None, None, None, True)


@pytest.mark.parametrize("people", [11, 12, 5000])
def test_a_cell_of_eleven_people_is_shown(suppressed, people):
    assert suppressed(people) == (people, 99, 50, 1000, False)


@pytest.mark.parametrize(("count", "shown"), [(0, 0), (1, None), (10, None), (11, 11)])
def test_a_single_count_of_one_to_ten_is_blank_in_a_large_cell(suppressed, count, shown):
    assert suppressed(50, count) == (50, 99, shown, 1000, False)


def test_department_costs_are_masked_with_their_small_cells(frame):
    rows = [
        {"patients": n, "encounters": 20, "department": "A", "gender": "F", "diagnosis_code": "X"} for n in (10, 11)
    ]
    # the cell of 11 is given up: from a total and it the other one would follow
    found = masking.mask(frame(gold.DEPARTMENT_COSTS, *rows), gold.DEPARTMENT_COSTS).collect()
    assert set(found[0].asDict()) == set(masked.DEPARTMENT_COSTS.column_names)
    assert [(row["is_suppressed"], row["encounters"]) for row in found] == [(True, None), (True, None)]
