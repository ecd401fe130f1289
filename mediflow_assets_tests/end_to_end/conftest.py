"""The real files, brought all the way, and what polars alone makes of them."""

import datetime as dt
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

DATA = Path(__file__).parents[3] / "shared" / "data"
RECEIVED = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
DEPARTMENTS = {
    "inpatient": "GENERAL_MEDICINE",
    "emergency": "EMERGENCY",
    "outpatient": "OUTPATIENT_CLINIC",
    "ambulatory": "AMBULATORY_CARE",
    "urgentcare": "URGENT_CARE",
    "wellness": "PREVENTIVE_CARE",
    "hospice": "HOSPICE",
    "snf": "SKILLED_NURSING",
    "home": "HOME_CARE",
    "virtual": "TELEHEALTH",
}
FILES = (
    "synthea_hospital/patients.csv",
    "synthea_hospital/encounters.csv",
    "synthea_claims/patients.csv",
    "synthea_claims/encounters.csv",
    "synthea_claims/conditions.csv",
    "mediflow_v2/patients_synthetic.csv",
)


@pytest.fixture(scope="session")
def made(tmp_path_factory, session, open_house):
    """The real files, brought all the way."""
    house = open_house(tmp_path_factory.mktemp("real") / "house")
    for name in FILES:
        house.receive((DATA / name).read_bytes(), RECEIVED)
    house.land()
    results = [*house.make_silver(), *house.make_gold()]
    return SimpleNamespace(house=house, results=results)


def texts(name):
    """A file as it stands: every cell a text, empty ones null."""
    return pl.read_csv(DATA / name, infer_schema=False, encoding="utf8-lossy").rename(lambda n: n.lstrip("\ufeff"))


def moment(name):
    return pl.col(name).str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us")


@pytest.fixture(scope="session")
def expected():
    """The valid encounters and their patients, by polars alone."""
    patients = pl.concat(
        [texts(name).select("Id", "BIRTHDATE", "GENDER") for name in FILES if "patients.csv" in name]
    ).with_columns(pl.col("BIRTHDATE").str.to_date())
    synthea = pl.concat(
        texts(f"{folder}/encounters.csv").select(
            "Id", "PATIENT", "START", "STOP", "ENCOUNTERCLASS", "TOTAL_CLAIM_COST", "REASONCODE"
        )
        for folder in ("synthea_hospital", "synthea_claims")
    ).join(patients, left_on="PATIENT", right_on="Id")
    synthea = synthea.select(
        id=pl.col("Id").str.to_uppercase(),
        patient=pl.col("PATIENT").str.to_uppercase(),
        class_=pl.col("ENCOUNTERCLASS").str.to_lowercase(),
        department=pl.col("ENCOUNTERCLASS").str.to_lowercase().replace_strict(DEPARTMENTS),
        gender=pl.col("GENDER"),
        code=pl.col("REASONCODE").fill_null("UNKNOWN"),
        admitted=moment("START"),
        discharged=moment("STOP"),
        birth=pl.col("BIRTHDATE"),
        cost=pl.col("TOTAL_CLAIM_COST").cast(pl.Decimal(18, 2)),
        age=pl.lit(None, pl.Int64),
    )
    flat = texts("mediflow_v2/patients_synthetic.csv").with_columns(pl.col("age").cast(pl.Int64))
    flat = flat.filter(pl.col("age").is_between(0, 120)).select(
        id=pl.concat_str("patient_id", "admission_date", "department", separator="|").str.to_uppercase(),
        patient=pl.col("patient_id").str.to_uppercase(),
        class_=pl.lit(None, pl.String),
        department=pl.col("department"),
        gender=pl.col("gender"),
        code=pl.col("diagnosis_code").fill_null("UNKNOWN"),
        admitted=pl.col("admission_date").str.to_datetime("%Y-%m-%d", time_unit="us"),
        discharged=pl.lit(None, pl.Datetime("us")),
        birth=pl.lit(None, pl.Date),
        cost=pl.col("cost").cast(pl.Decimal(18, 2)),
        age=pl.col("age"),
    )
    had_birthday = pl.col("admitted").dt.strftime("%m%d") >= pl.col("birth").dt.strftime("%m%d")
    years = pl.col("admitted").dt.year() - pl.col("birth").dt.year() - (~had_birthday).cast(pl.Int64)
    return pl.concat([synthea, flat]).with_columns(age=pl.coalesce("age", years.cast(pl.Int64)))


@pytest.fixture(scope="session")
def shown(expected):
    """The same with labels as they stand outside Silver: OTHER for a department, or a number as code, of few people."""
    few = {
        name: [
            label
            for label, people in expected.group_by(name).agg(pl.col("patient").n_unique()).iter_rows()
            if people < 11
        ]
        for name in ("department", "code")
    }
    few["code"] = [code for code in few["code"] if code.isdigit()]
    return expected.with_columns(
        pl.when(pl.col(name).is_in(labels)).then(pl.lit("OTHER")).otherwise(name).alias(name)
        for name, labels in few.items()
    )


def frame(made, contract):
    return pl.from_arrow(made.house.lake.read(contract))
