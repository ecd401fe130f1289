"""Flat patients, one record a patient version: a feed of `sources.toml` says which files hold them."""

from mediflow_assets.contracts.admissions import SYSTEM
from mediflow_assets.contracts.identifiers import MRN
from mediflow_assets.contracts.source import EXTRA, FEED, PATIENTS, SourceContract, Target, bronze_table, delivered
from mediflow_assets.contracts.table import Privacy as P

PATIENT_RECORDS = bronze_table(
    "patient_records",
    "Flat patient exports, one record a patient version.",
    (
        *delivered(
            {
                "patient_id": P.RECORD_NUMBER,
                "name": P.NAME,
                "given_name": P.NAME,
                "family_name": P.NAME,
                "birth_date": P.DATE,
                "death_date": P.DATE,
                "gender": P.QUASI,
                "zip": P.GEOGRAPHY,
                "race": P.QUASI,
                "ethnicity": P.QUASI,
                "updated_at": P.DATE,
            }
        ),
        EXTRA,
        FEED,
    ),
)

SOURCE = SourceContract(
    "patient_records",
    PATIENT_RECORDS,
    "mediflow_assets.sources.patient_records:PATIENT_RECORDS",
    # the hospital that sends admissions sends these: of both the newest counts
    system=SYSTEM,
    namespace=MRN,
    patient="patient_id",
    targets=(
        Target(
            PATIENTS,
            {
                "patient_id": "patient_id",
                "given_name": "given_name",
                "family_name": "family_name",
                "full_name": "name given_name family_name",
                "birth_date": "birth_date",
                "death_date": "death_date",
                "gender": "gender",
                "zip": "zip",
                "race": "race",
                "ethnicity": "ethnicity",
                "updated_at": "updated_at",
            },
        ),
    ),
)
