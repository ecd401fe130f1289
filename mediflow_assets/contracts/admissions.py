"""Flat admissions: one record an encounter version, which brings its patient along."""

from mediflow_assets.contracts.identifiers import MRN
from mediflow_assets.contracts.source import (
    ENCOUNTERS,
    EXTRA,
    FEED,
    PATIENTS,
    SourceContract,
    Target,
    bronze_table,
    delivered,
)
from mediflow_assets.contracts.table import Privacy as P

SYSTEM = "admissions"
"""What Silver calls flat files, whatever their grain: one system of the hospital's sends them."""

ADMISSIONS = bronze_table(
    "admissions",
    "Flat encounter exports, one record an encounter version.",
    (
        *delivered(
            {
                "patient_id": P.RECORD_NUMBER,
                "encounter_id": P.RECORD_NUMBER,
                "encounter_class": P.CLINICAL,
                "status": P.CLINICAL,
                "name": P.NAME,
                "birth_date": P.DATE,
                "age": P.DATE,
                "gender": P.QUASI,
                "department": P.CLINICAL,
                "diagnosis_code": P.CLINICAL,
                "diagnosis_system": P.CLINICAL,
                "admission_date": P.DATE,
                "discharge_date": P.DATE,
                "discharge_disposition": P.CLINICAL,
                "admission_type": P.CLINICAL,
                "blood_pressure": P.CLINICAL,
                "cost": P.CLINICAL,
                "payer": P.CLINICAL,
                "zip": P.GEOGRAPHY,
                "updated_at": P.DATE,
            }
        ),
        EXTRA,
        FEED,
    ),
)

SOURCE = SourceContract(
    "admissions",
    ADMISSIONS,
    "mediflow_assets.sources.admissions:ADMISSIONS",
    namespace=MRN,
    patient="patient_id",
    encounter="encounter_id",
    targets=(
        Target(
            PATIENTS,
            {
                "patient_id": "patient_id",
                "full_name": "name",
                "birth_date": "birth_date",
                "gender": "gender",
                "zip": "zip",
                "updated_at": "updated_at",
            },
        ),
        Target(
            ENCOUNTERS,
            {
                "encounter_id": "encounter_id patient_id admission_date department",
                "patient_id": "patient_id",
                "encounter_class": "encounter_class admission_date discharge_date",
                "admission_type": "admission_type",
                "status": "status",
                "department": "department encounter_class",
                "diagnosis_code": "diagnosis_code diagnosis_system",
                "listed_codes": "diagnosis_code diagnosis_system",
                "admitted_at": "admission_date",
                "discharged_at": "discharge_date",
                "discharge_disposition": "discharge_disposition",
                "age_at_admission": "age birth_date",
                "birth_date": "birth_date",
                "gender": "gender",
                "zip": "zip",
                "systolic_mmhg": "blood_pressure",
                "diastolic_mmhg": "blood_pressure",
                "cost_usd": "cost",
                "payer": "payer",
                "updated_at": "updated_at",
                "extra": "extra",
            },
        ),
    ),
)
