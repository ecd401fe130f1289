"""Synthea's tables of patients, encounters and conditions."""

from mediflow_assets.contracts import source
from mediflow_assets.contracts.identifiers import SYNTHEA
from mediflow_assets.contracts.source import EXTRA, SourceContract, Target, bronze_table, delivered
from mediflow_assets.contracts.table import Privacy as P

SYSTEM = SYNTHEA

SYNTHEA_PATIENTS = bronze_table(
    "synthea_patients",
    "Synthea's patients.csv, older and newer releases.",
    (
        *delivered(
            {
                "id": P.RECORD_NUMBER,
                "birthdate": P.DATE,
                "deathdate": P.DATE,
                "ssn": P.SSN,
                "drivers": P.LICENCE,
                "passport": P.LICENCE,
                "prefix": P.NAME,
                "first": P.NAME,
                "middle": P.NAME,
                "last": P.NAME,
                "suffix": P.NAME,
                "maiden": P.NAME,
                "marital": P.QUASI,
                "race": P.QUASI,
                "ethnicity": P.QUASI,
                "gender": P.QUASI,
                "birthplace": P.GEOGRAPHY,
                "address": P.GEOGRAPHY,
                "city": P.GEOGRAPHY,
                "state": P.QUASI,
                "county": P.GEOGRAPHY,
                "fips": P.GEOGRAPHY,
                "zip": P.GEOGRAPHY,
                "lat": P.GEOGRAPHY,
                "lon": P.GEOGRAPHY,
                "healthcare_expenses": P.CLINICAL,
                "healthcare_coverage": P.CLINICAL,
                "income": P.QUASI,
            }
        ),
        EXTRA,
    ),
)

SYNTHEA_ENCOUNTERS = bronze_table(
    "synthea_encounters",
    "Synthea's encounters.csv, older and newer releases.",
    (
        *delivered(
            {
                "id": P.RECORD_NUMBER,
                "start": P.DATE,
                "stop": P.DATE,
                "patient": P.RECORD_NUMBER,
                "organization": P.TECHNICAL,
                "provider": P.TECHNICAL,
                "payer": P.TECHNICAL,
                "encounterclass": P.CLINICAL,
                "code": P.CLINICAL,
                "description": P.CLINICAL,
                "base_encounter_cost": P.CLINICAL,
                "total_claim_cost": P.CLINICAL,
                "payer_coverage": P.CLINICAL,
                "reasoncode": P.CLINICAL,
                "reasondescription": P.CLINICAL,
            }
        ),
        EXTRA,
    ),
)

SYNTHEA_CONDITIONS = bronze_table(
    "synthea_conditions",
    "Synthea's conditions.csv, older and newer releases.",
    delivered(
        {
            "start": P.DATE,
            "stop": P.DATE,
            "patient": P.RECORD_NUMBER,
            "encounter": P.RECORD_NUMBER,
            "system": P.CLINICAL,
            "code": P.CLINICAL,
            "description": P.CLINICAL,
        }
    ),
)

PATIENTS = SourceContract(
    "synthea_patients",
    SYNTHEA_PATIENTS,
    "mediflow_assets.sources.synthea:PATIENTS",
    system=SYSTEM,
    namespace=SYNTHEA,
    patient="id",
    targets=(
        Target(
            source.PATIENTS,
            {
                "patient_id": "id",
                "given_name": "first",
                "family_name": "last",
                "full_name": "first last",
                "birth_date": "birthdate",
                "gender": "gender",
                "race": "race",
                "ethnicity": "ethnicity",
                "marital_status": "marital",
                "address": "address",
                "city": "city",
                "state": "state",
                "zip": "zip",
                "ssn": "ssn",
                "drivers_license": "drivers",
                "passport": "passport",
                "death_date": "deathdate",
            },
        ),
    ),
)

ENCOUNTERS = SourceContract(
    "synthea_encounters",
    SYNTHEA_ENCOUNTERS,
    "mediflow_assets.sources.synthea:ENCOUNTERS",
    system=SYSTEM,
    namespace=SYNTHEA,
    patient="patient",
    encounter="id",
    targets=(
        Target(
            source.ENCOUNTERS,
            {
                "encounter_id": "id",
                "patient_id": "patient",
                "encounter_class": "encounterclass",
                "status": "stop",
                "department": "encounterclass",
                "diagnosis_code": "reasoncode",
                "diagnosis_text": "reasondescription",
                "admitted_at": "start",
                "discharged_at": "stop",
                "cost_usd": "total_claim_cost base_encounter_cost",
                "extra": "extra",
            },
        ),
    ),
)

CONDITIONS = SourceContract(
    "synthea_conditions",
    SYNTHEA_CONDITIONS,
    "mediflow_assets.sources.synthea:CONDITIONS",
    system=SYSTEM,
    namespace=SYNTHEA,
    patient="patient",
    encounter="encounter",
    targets=(
        Target(
            source.CONDITIONS,
            {
                "condition_id": "patient code start",
                "patient_id": "patient",
                "encounter_id": "encounter",
                "code": "code",
                "text": "description",
                "onset_date": "start",
                "resolved_date": "stop",
            },
        ),
    ),
)

SOURCES = (PATIENTS, ENCOUNTERS, CONDITIONS)
