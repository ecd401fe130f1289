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


@router.get("/departments", response_model=page_model(masked.DEPARTMENT_COSTS, "Departments"))
async def departments(request: Request, _: Analyst, limit: Limit = 100, offset: Offset = 0,
                      department: Department = None) -> Any:  # fmt: skip
    """Costs by department, gender and diagnosis."""
    return await _page(request, masked.DEPARTMENT_COSTS, limit, offset, department)


@router.get("/anomalies", response_model=page_model(masked.COST_ANOMALIES, "Anomalies"))
async def anomalies(request: Request, _: Analyst, limit: Limit = 100, offset: Offset = 0,
                    department: Department = None) -> Any:  # fmt: skip
    """Encounters that cost far more than their peers, with the range that was expected."""
    return await _page(request, masked.COST_ANOMALIES, limit, offset, department)


@router.get("/census", response_model=page_model(masked.MONTHLY_CENSUS, "Census"))
async def census(request: Request, _: Analyst, limit: Limit = 100, offset: Offset = 0,
                 department: Department = None) -> Any:  # fmt: skip
    """People in the house by month and department."""
    return await _page(request, masked.MONTHLY_CENSUS, limit, offset, department)


async def _page(request: Request, contract: TableContract, limit: int, offset: int, department: str | None) -> Any:
    found = await asyncio.to_thread(state_of(request).lake.read, contract)
    return page(contract, found, limit, offset, department=department)
