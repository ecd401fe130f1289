"""A hospital's own ward lists: two kinds of lines, people and their stays."""

from mediflow_assets.contracts.source import ENCOUNTERS, PATIENTS, SourceContract, Target, bronze_table, delivered
from mediflow_assets.contracts.table import Privacy as P

WARD_LISTS = bronze_table(
    "ward_lists",
    "Lines of ward lists: a person, or a stay of one.",
    delivered(
        {
            "line": P.TECHNICAL,
            "person": P.RECORD_NUMBER,
            "name": P.NAME,
            "born": P.DATE,
            "sex": P.QUASI,
            "ward": P.CLINICAL,
            "came": P.DATE,
            "went": P.DATE,
            "diagnosis": P.CLINICAL,
            "price": P.CLINICAL,
        }
    ),
)

SOURCE = SourceContract(
    "ward_list",
    WARD_LISTS,
    "mediflow_assets_tests.sources.ward.source:WARD_LIST",
    patient="person",
    kind="line",
    targets=(
        Target(
            PATIENTS, {"patient_id": "person", "full_name": "name", "birth_date": "born", "gender": "sex"}, "person"
        ),
        Target(
            ENCOUNTERS,
            {
                "encounter_id": "person came ward",
                "patient_id": "person",
                "department": "ward",
                "diagnosis_code": "diagnosis",
                "admitted_at": "came",
                "discharged_at": "went",
                "cost_usd": "price",
            },
            "stay",
        ),
    ),
)
