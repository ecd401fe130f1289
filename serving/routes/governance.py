"""For the privacy officer: how well people are hidden, whether the log is whole, who did what. For all: events."""

import asyncio
import datetime as dt
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from mediflow_assets.contracts import assurance, erasure
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.errors import MediFlowError
from mediflow_assets.identity.audit import Verdict
from mediflow_assets.secrets.pseudonym_key import FILE_NAME
from serving.access import allowed
from serving.problems import PROBLEMS
from serving.state import State, state_of
from serving.tables import row_model
from serving.tokens import Claims

router = APIRouter(tags=["governance"], responses=PROBLEMS)
Officer = Annotated[Claims, Depends(allowed("privacy_officer"))]
Anyone = Annotated[Claims, Depends(allowed())]
MOST_RECORDS = 1_000
Outcome = Literal["done", "refused", "failed"]


PrivacyRow = row_model(assurance.PRIVACY_STATUS, "PrivacyRow")
LeakScanRow = row_model(assurance.LEAK_SCANS, "LeakScanRow")
ErasureRow = row_model(erasure.ERASURES, "ErasureRow")


class Event(BaseModel):
    """What a person did in an app that reads the lake by itself, such as the dashboard."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        json_schema_extra={"examples": [{"event": "page_opened", "name": "executive_summary"}]},
    )
    event: Literal["page_opened", "file_downloaded", "signed_out"] = Field(description="what was done")
    name: str = Field(pattern="^[a-z0-9_./-]{1,80}$", description="the page, table or file, by its name in the code")


class Recorded(BaseModel):
    """It is on disk."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"request_id": "order-71"}]})
    request_id: str = Field(description="as in the header `x-request-id`, and on the audit log")


class KeyStatus(BaseModel):
    """The pseudonym key in use; the key itself is shown nowhere."""

    key_id: str = Field(description="names the key, and tells nothing of it")
    made_at: str = Field(description="when, UTC")
    age_days: int = Field(description="days since then")


class AuditStatus(BaseModel):
    """Whether the chain of records holds."""

    records: int = Field(description="walked, up to the first that is broken")
    is_intact: bool = Field(description="whether none was changed, removed or moved")
    first_broken: int | None = Field(description="the number of the first record that does not hold")
    says: str = Field(description="the same in words")
    walked_at: str = Field(description="when the walk began, UTC; a long log is walked while requests go on")


class GovernanceStatus(BaseModel):
    """How the promises to patients are kept."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "key": {"key_id": "1d2b4c47", "made_at": "2026-05-01T04:00:00Z", "age_days": 12},
                    "audit": {
                        "records": 4812,
                        "is_intact": False,
                        "first_broken": 4813,
                        "says": "record 4813 was changed",
                        "walked_at": "2026-05-13T04:00:00Z",
                    },
                    "privacy": [{"table": "masked/patients"}],
                    "leak_scans": [],
                    "erasures": [],
                }
            ]
        }
    )
    key: KeyStatus | None = Field(description="null where this gateway has no key to read")
    audit: AuditStatus
    privacy: list[PrivacyRow] = Field(description="gold/privacy_status: risk of each masked table")  # type: ignore[valid-type]
    leak_scans: list[LeakScanRow] = Field(description="gold/leak_scans, the newest first")  # type: ignore[valid-type]
    erasures: list[ErasureRow] = Field(  # type: ignore[valid-type]
        description="gold/erasures, the newest first; counts and codes only"
    )


class AuditRecord(BaseModel):
    """Who did what, with what outcome. No values are on the log."""

    sequence: int = Field(description="its number, from 1")
    at: str = Field(description="when, UTC")
    source: str = Field(description="command, gateway or dashboard")
    actor: str = Field(description="the user; empty where nobody was known")
    action: str = Field(description="method and route, or the command")
    outcome: str = Field(description="done, refused or failed")
    request_id: str = Field(description="of the reply that this record was written before")
    model_version: str = Field(description="the model that answered, and its version; else empty")
    detail: str = Field(description="a status, a code, a reason given")
    previous_hash: str = Field(description="of the record before, 64 hex digits")
    hash: str = Field(description="of this record, 64 hex digits")


class AuditPage(BaseModel):
    """Records of the audit log, the newest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"records": [{
        "sequence": 4812, "at": "2026-05-01T04:00:00.000000Z", "source": "gateway", "actor": "scorer",
        "action": "POST /predict", "outcome": "done", "request_id": "order-66", "model_version": "treatment-cost 3",
        "detail": "200", "previous_hash": "0f" * 32, "hash": "1e" * 32}], "next_before": 4812}]})  # fmt: skip
    records: list[AuditRecord] = Field(description="those that fit, up to `limit`")
    next_before: int | None = Field(description="give it as `before` for the page after this one")


@router.get("/governance/status", summary="How well people are hidden")
async def status(request: Request, _: Officer) -> GovernanceStatus:
    """Privacy figures, the key's id and age, and whether the audit log is whole."""
    state = state_of(request)
    walked_at, verdict = await state.walk.verdict()
    return await asyncio.to_thread(_status, state, walked_at, verdict)


@router.get("/governance/audit", summary="The audit log")
async def audit(
    request: Request,
    _: Officer,
    limit: Annotated[int, Query(ge=1, le=MOST_RECORDS, description="records of this page")] = 100,
    before: Annotated[int | None, Query(ge=1, le=2**53, description="only records with a lower number")] = None,
    actor: Annotated[str | None, Query(pattern="^[a-z0-9._-]{1,64}$", description="only what this user did")] = None,
    outcome: Annotated[Outcome | None, Query(description="only records of this outcome")] = None,
) -> AuditPage:
    """Who did what, when, with what outcome."""
    log = state_of(request).audit
    rows = await asyncio.to_thread(lambda: log.latest(limit, before, actor=actor, outcome=outcome))
    records = [AuditRecord.model_validate(row) for row in rows]
    return AuditPage(records=records, next_before=rows[-1]["sequence"] if len(rows) == limit else None)


@router.post("/audit/events", status_code=201, summary="Record an event of an app")
async def event(request: Request, told: Event, _: Anyone) -> Recorded:
    """Record that a page was opened or a file downloaded."""
    request.state.source, request.state.detail = "dashboard", f"{told.event} {told.name}"
    return Recorded(request_id=request.state.request_id)


def _status(state: State, walked_at: str, verdict: Verdict) -> GovernanceStatus:
    return GovernanceStatus(
        key=_key(state),
        audit=AuditStatus(
            records=verdict.records,
            is_intact=verdict.is_intact,
            first_broken=verdict.first_broken,
            says=verdict.says,
            walked_at=walked_at,
        ),
        privacy=_rows(state, assurance.PRIVACY_STATUS),
        leak_scans=_newest(state, assurance.LEAK_SCANS, "scanned_at"),
        erasures=_newest(state, erasure.ERASURES, "finished_at"),
    )


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
