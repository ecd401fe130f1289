"""One patient: the pseudonym of an id, computed and stored nowhere, and the stored scores of a pseudonym."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from mediflow_assets.contracts import links, masked
from mediflow_assets.contracts.identifiers import FHIR, MRN, canonical
from mediflow_assets.errors import MediFlowError
from serving.access import allowed
from serving.lake import LakeReader
from serving.problems import PROBLEMS, Problem
from serving.state import state_of
from serving.tables import page, page_model
from serving.throttle import LOOKUPS_PER_HOUR
from serving.tokens import Claims

router = APIRouter(prefix="/patients", tags=["patients"], responses=PROBLEMS)
Clinician = Annotated[Claims, Depends(allowed("clinician"))]
Key = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="the pseudonym, 32 hex digits")]
_Page = page_model(
    masked.RISK_SCORES,
    "RiskScores",
    encounter_key="0f" * 16,
    patient_key="1e" * 16,
    department="CARDIOLOGY",
    admitted_year=2025,
    predicted_cost_usd=8214.5,
    cost_lower_usd=3521.4,
    cost_upper_usd=15472.1,
    cost_model_version="3",
    cost_run_id="5b" * 16,
    readmission_risk=0.214,
    readmission_status="Moderate",
    readmission_model_version="2",
    readmission_run_id="6c" * 16,
)


class PatientId(BaseModel):
    """Whom to look up. It travels in the body only, and is neither logged nor kept."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [{"patient_id": "PAT-1"}]})
    patient_id: str = Field(
        min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$", description="as the hospital knows them"
    )
    id_namespace: str = Field(
        default=MRN,
        pattern=r"^[a-z][a-z0-9_-]{0,39}$",
        description="whose id it is: mrn, the hospital's record numbers; synthea; fhir, whose ids differ by case, as "
        "do those of every namespace that begins so",
    )


class PatientKey(BaseModel):
    """The pseudonym under which Gold and masked tables know the patient, if they know them."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"patient_key": "1e" * 16, "request_id": "order-70"}]})
    patient_key: str = Field(description="32 hex digits")
    request_id: str = Field(description="as in the header `x-request-id`, and on the audit log")


@router.post("/lookup", summary="The pseudonym of a patient")
async def lookup(request: Request, asked: PatientId, who: Clinician) -> PatientKey:
    """The pseudonym of a patient's id; of a merged patient that of who survives.

    Each lookup is on the audit log, and an hour has so many.
    """
    state = state_of(request)
    if not state.throttle.may_look_up(who.sub):
        raise Problem(429, f"{LOOKUPS_PER_HOUR} lookups an hour are allowed.", headers={"retry-after": "3600"})
    try:
        key = await asyncio.to_thread(state.settings.pseudonym_key)
    except MediFlowError:
        raise Problem(503, "The pseudonym key cannot be read here.", headers={"retry-after": "60"}) from None
    spelled = canonical(asked.patient_id, asked.id_namespace.startswith(FHIR))
    found = key.pseudonym_of("patient", asked.id_namespace, spelled)
    known = await asyncio.to_thread(_survivor, state.lake, found)
    return PatientKey(patient_key=known, request_id=request.state.request_id)


def _survivor(lake: LakeReader, patient_key: str) -> str:
    """Under which key the tables know a patient: that of who survives, if the patient is merged."""
    merged = lake.read(links.MERGED_KEYS)
    found = (row["survivor_key"] for row in merged.rows if row["patient_key"] == patient_key) if merged else iter(())
    return str(next(found, patient_key))


@router.get("/{patient_key}/risk", response_model=_Page, summary="Stored scores of a pseudonym")
async def risk(request: Request, patient_key: Key, _: Clinician) -> object:
    """The scores that the last run stored for a pseudonym, or for who survives. 404 where there are none."""
    lake = state_of(request).lake
    known = await asyncio.to_thread(_survivor, lake, patient_key)
    found = await asyncio.to_thread(lake.rows_of, masked.RISK_SCORES, "patient_key", known)
    if found is None or not found.rows:
        raise Problem(404, "No stored scores are known under this key.")
    return page(masked.RISK_SCORES, found, len(found.rows), 0)
