"""Flat diagnoses, one record a diagnosis of an encounter: a feed of `sources.toml` says which files hold them.

Of each encounter the diagnosis of the least rank is the encounter's as well.
"""

from mediflow_assets.contracts.admissions import SYSTEM
from mediflow_assets.contracts.identifiers import MRN
from mediflow_assets.contracts.source import (
    CONDITIONS,
    ENCOUNTERS,
    EXTRA,
    FEED,
    SourceContract,
    Target,
    bronze_table,
    delivered,
)
from mediflow_assets.contracts.table import Privacy as P

DIAGNOSIS_RECORDS = bronze_table(
    "diagnosis_records",
    "Flat diagnosis exports, one record a diagnosis of an encounter, or of a patient.",
    (
        *delivered(
            {
                "encounter_id": P.RECORD_NUMBER,
                "patient_id": P.RECORD_NUMBER,
                "diagnosis_code": P.CLINICAL,
                "diagnosis_system": P.CLINICAL,
                "diagnosis_rank": P.CLINICAL,
                "onset_date": P.DATE,
                "updated_at": P.DATE,
            }
        ),
        EXTRA,
        FEED,
    ),
)

SOURCE = SourceContract(
    "diagnosis_records",
    DIAGNOSIS_RECORDS,
    "mediflow_assets.sources.diagnosis_records:DIAGNOSIS_RECORDS",
    system=SYSTEM,
    namespace=MRN,
    patient="patient_id",
    encounter="encounter_id",
    has_parts=True,
    targets=(
        Target(
            ENCOUNTERS,
            {
                "encounter_id": "encounter_id",
                "patient_id": "patient_id",
                "diagnosis_code": "diagnosis_code diagnosis_system",
                "diagnosis_rank": "diagnosis_rank",
                "updated_at": "updated_at",
            },
        ),
        Target(
            CONDITIONS,
            {
                "condition_id": "encounter_id patient_id diagnosis_code onset_date",
                "patient_id": "patient_id encounter_id",
                "encounter_id": "encounter_id",
                "code": "diagnosis_code diagnosis_system",
                "diagnosis_rank": "diagnosis_rank",
                "onset_date": "onset_date",
                "updated_at": "updated_at",
            },
        ),
    ),
)
