"""Small tables of the lake for the gateway to read, with suppressed cells among them."""

import datetime as dt
from decimal import Decimal
from typing import Any

from mediflow_assets.contracts import assurance, masked
from mediflow_assets.contracts.table import TableContract, Type
from mediflow_assets.secrets.pseudonym_key import PseudonymKey
from mediflow_assets.settings import Settings
from mediflow_assets.storage.delta import Lake

KNOWN = "0123456789abcdef" * 2
_MADE_UP: dict[Type, Any] = {
    Type.STRING: "made up",
    Type.INTEGER: 7,
    Type.LONG: 40,
    Type.DATE: dt.date(2024, 5, 1),
    Type.BOOLEAN: False,
    Type.TIMESTAMP: dt.datetime(2024, 5, 1, tzinfo=dt.UTC),
    Type.STRINGS: ["made up"],
}


def made_up(contract: TableContract, **given: Any) -> dict[str, Any]:
    """A row of a table, every column filled."""
    return {c.name: given.get(c.name, _MADE_UP.get(c.type, Decimal("12.50"))) for c in contract.columns}


def make_tables(settings: Settings) -> None:
    """Write them. PAT-1 has a score."""
    known = PseudonymKey.load(settings.secrets).pseudonym("patient", "PAT-1")
    lake = Lake(settings.lake_root)
    hidden = dict.fromkeys(("encounters", "patients", "average_age_years", "total_cost_usd", "average_cost_usd"))
    departments = [
        made_up(masked.DEPARTMENT_COSTS, department=f"D{n:03}", gender="F", diagnosis_code="I50.9") for n in range(150)
    ]
    departments.append(made_up(masked.DEPARTMENT_COSTS, department="HOSPICE", gender="U", is_suppressed=True) | hidden)
    lake.overwrite_rows(masked.DEPARTMENT_COSTS, departments)
    lake.overwrite_rows(masked.COST_ANOMALIES, [made_up(masked.COST_ANOMALIES, encounter_key="e1", patient_key=KNOWN)])
    lake.overwrite_rows(masked.MONTHLY_CENSUS, [made_up(masked.MONTHLY_CENSUS, department="HOSPICE")])
    lake.overwrite_rows(
        masked.RISK_SCORES,
        [
            made_up(masked.RISK_SCORES, encounter_key="e1", patient_key=KNOWN),
            made_up(masked.RISK_SCORES, encounter_key="e2", patient_key="f" * 32),
            made_up(masked.RISK_SCORES, encounter_key="e3", patient_key=known),
        ],
    )
    lake.overwrite_rows(
        masked.COST_PEERS,
        [
            made_up(masked.COST_PEERS, department="CARDIOLOGY", diagnosis_code="I50.9"),
            made_up(masked.COST_PEERS, department="ONCOLOGY", diagnosis_code="C50.9", is_suppressed=True),
        ],
    )
    lake.overwrite_rows(assurance.PRIVACY_STATUS, [made_up(assurance.PRIVACY_STATUS, table="masked/patients")])
    lake.overwrite_rows(assurance.LEAK_SCANS, [made_up(assurance.LEAK_SCANS, hits=0)])
