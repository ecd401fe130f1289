"""For the privacy officer: how well people are hidden, whether the log is whole, who did what. For all: events."""

import asyncio
import datetime as dt
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from mediflow_assets.contracts import assurance, erasure
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.errors import MediFlowError
from mediflow_assets.governance.keys import FILE_NAME
from serving.access import allowed
from serving.problems import PROBLEMS
from serving.state import State, state_of
from serving.tokens import Claims

router = APIRouter(tags=["governance"], responses=PROBLEMS)
Officer = Annotated[Claims, Depends(allowed("privacy_officer"))]
Anyone = Annotated[Claims, Depends(allowed())]
MOST_RECORDS = 1_000


class Event(BaseModel):
    """What a person did in an app that reads the lake by itself, such as the dashboard."""

    model_config = ConfigDict(strict=True, extra="forbid", json_schema_extra={
        "examples": [{"event": "page_opened", "name": "executive_summary"}]})  # fmt: skip
    event: Literal["page_opened", "file_downloaded", "signed_out"]
    name: str = Field(pattern="^[a-z0-9_./-]{1,80}$", description="the page, table or file, by its name in the code")


class Recorded(BaseModel):
    """It is on disk."""

    request_id: str


class KeyStatus(BaseModel):
    """The pseudonym key in use; the key itself is shown nowhere."""

    key_id: str
    made_at: str
    age_days: int


class AuditStatus(BaseModel):
    """Whether the chain of records holds."""

    records: int
    is_intact: bool
    first_broken: int | None
    says: str


class GovernanceStatus(BaseModel):
    """How the house stands with its promises to patients."""

    key: KeyStatus | None = Field(description="null where this gateway has no key to read")
    audit: AuditStatus
    privacy: list[dict[str, Any]] = Field(description="gold/privacy_status: risk of each masked table")
    leak_scans: list[dict[str, Any]] = Field(description="gold/leak_scans, the newest first")
    erasures: list[dict[str, Any]] = Field(description="gold/erasures, the newest first; counts and codes only")


class AuditPage(BaseModel):
    """Records of the audit log, the newest first."""

    records: list[dict[str, Any]]
    next_before: int | None = Field(description="give it as `before` for the page after this one")


@router.get("/governance/status")
async def status(request: Request, _: Officer) -> GovernanceStatus:
    """Privacy figures, the key's id and age, and whether the audit log is whole, walked at this moment."""
    return await asyncio.to_thread(_status, state_of(request))


@router.get("/governance/audit")
async def audit(
    request: Request, _: Officer,
    limit: Annotated[int, Query(ge=1, le=MOST_RECORDS)] = 100,
    before: Annotated[int | None, Query(ge=1, le=2**53, description="only records with a lower number")] = None,
    actor: Annotated[str | None, Query(max_length=64)] = None,
    outcome: Annotated[Literal["done", "refused", "failed"] | None, Query()] = None,
) -> AuditPage:  # fmt: skip
    """Who did what, when, with what outcome."""
    log = state_of(request).audit
    rows = await asyncio.to_thread(lambda: log.latest(limit, before, actor=actor, outcome=outcome))
    return AuditPage(records=rows, next_before=rows[-1]["sequence"] if len(rows) == limit else None)


@router.post("/audit/events", status_code=201)
async def event(request: Request, told: Event, _: Anyone) -> Recorded:
    """Record that a page was opened or a file downloaded."""
    request.state.source, request.state.detail = "dashboard", f"{told.event} {told.name}"
    return Recorded(request_id=request.state.request_id)


def _status(state: State) -> GovernanceStatus:
    verdict = state.audit.verify()
    return GovernanceStatus(
        key=_key(state),
        audit=AuditStatus(records=verdict.records, is_intact=verdict.is_intact, first_broken=verdict.first_broken,
                          says=verdict.says),
        privacy=_rows(state, assurance.PRIVACY_STATUS),
        leak_scans=_newest(state, assurance.LEAK_SCANS, "scanned_at"),
        erasures=_newest(state, erasure.ERASURES, "finished_at"),
    )  # fmt: skip


def _key(state: State) -> KeyStatus | None:
    try:
        key_id = state.settings.pseudonym_key().key_id
    except MediFlowError:
        return None
    made = dt.datetime.fromtimestamp((state.settings.secrets / FILE_NAME).stat().st_mtime, dt.UTC)
    age = (dt.datetime.now(dt.UTC) - made).days
    return KeyStatus(key_id=key_id, made_at=f"{made:%Y-%m-%dT%H:%M:%SZ}", age_days=age)


def _rows(state: State, contract: TableContract) -> list[dict[str, Any]]:
    found = state.lake.read(contract)
    return found.rows if found else []


def _newest(state: State, contract: TableContract, by: str) -> list[dict[str, Any]]:
    return sorted(_rows(state, contract), key=lambda row: str(row[by]), reverse=True)[:100]
