"""Tables for analysts: aggregates with small cells suppressed, and the masked anomalies."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from mediflow_assets.contracts import masked
from mediflow_assets.contracts.table import TableContract
from serving.access import allowed
from serving.problems import PROBLEMS
from serving.state import state_of
from serving.tables import MOST_ROWS, page, page_model
from serving.tokens import Claims

router = APIRouter(prefix="/insights", tags=["insights"], responses=PROBLEMS)
Analyst = Annotated[Claims, Depends(allowed("analyst"))]
Limit = Annotated[int, Query(ge=1, le=MOST_ROWS, description="rows of this page")]
Offset = Annotated[int, Query(ge=0, le=100_000_000, description="rows before this page")]
Department = Annotated[str | None, Query(max_length=64, description="only this department")]

_Departments = page_model(
    masked.DEPARTMENT_COSTS,
    "Departments",
    department="CARDIOLOGY",
    gender="F",
    diagnosis_code="I50.9",
    encounters=412,
    patients=298,
    average_age_years=71.4,
    total_cost_usd=3190442.5,
    average_cost_usd=7743.79,
    first_admitted_year=2023,
    last_admitted_year=2025,
    is_suppressed=False,
)
_Anomalies = page_model(
    masked.COST_ANOMALIES,
    "Anomalies",
    encounter_key="0f" * 16,
    patient_key="1e" * 16,
    admitted_year=2025,
    department="CARDIOLOGY",
    diagnosis_code="I50.9",
    encounter_class="inpatient",
    cost_usd=91500.0,
    expected_cost_usd=7260.5,
    limit_usd=40980.2,
    peer_group="department and diagnosis",
)
_Census = page_model(
    masked.MONTHLY_CENSUS,
    "Census",
    month="2025-03-01",
    department="CARDIOLOGY",
    patients=131,
    admissions=148,
    discharges=144,
    average_census=21.6,
    is_suppressed=False,
)


@router.get("/departments", response_model=_Departments, summary="Costs of departments")
async def departments(
    request: Request, _: Analyst, limit: Limit = 100, offset: Offset = 0, department: Department = None
) -> Any:
    """Costs by department, gender and diagnosis."""
    return await _page(request, masked.DEPARTMENT_COSTS, limit, offset, department)


@router.get("/anomalies", response_model=_Anomalies, summary="Cost anomalies")
async def anomalies(
    request: Request, _: Analyst, limit: Limit = 100, offset: Offset = 0, department: Department = None
) -> Any:
    """Encounters that cost far more than their peers, with the range that was expected."""
    return await _page(request, masked.COST_ANOMALIES, limit, offset, department)


@router.get("/census", response_model=_Census, summary="Census")
async def census(
    request: Request, _: Analyst, limit: Limit = 100, offset: Offset = 0, department: Department = None
) -> Any:
    """People in the hospital by month and department."""
    return await _page(request, masked.MONTHLY_CENSUS, limit, offset, department)


async def _page(request: Request, contract: TableContract, limit: int, offset: int, department: str | None) -> Any:
    found = await asyncio.to_thread(state_of(request).lake.read, contract)
    return page(contract, found, limit, offset, department=department)
