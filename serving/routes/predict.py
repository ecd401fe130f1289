"""The predictions: one patient or many, with interval, peers, warnings and drivers."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from mediflow_assets.contracts.inputs import COST_MODEL, READMISSION_MODEL
from mediflow_assets.errors import InputInvalid
from mediflow_assets.scoring import Bundle, Predictions
from serving.access import allowed
from serving.problems import Problem
from serving.schemas import (
    Batch,
    CostAnswer,
    CostBatch,
    CostReply,
    Driver,
    Interval,
    Patient,
    Peer,
    RiskAnswer,
    RiskBatch,
    RiskReply,
)
from serving.state import State, state_of
from serving.tokens import Claims

router = APIRouter(tags=["predictions"])
One = Annotated[Claims, Depends(allowed("scorer", "clinician"))]
Many = Annotated[Claims, Depends(allowed("scorer"))]
Explain = Annotated[bool, Query(description="tell what drove the answer")]
MOST_DRIVERS = 8


@router.post("/predict")
async def predict(request: Request, patient: Patient, _: One, explain: Explain = False) -> CostReply:
    """Expected cost of an encounter, in USD."""
    state, bundle = state_of(request), _champion(request, COST_MODEL)
    row, warnings = _row(bundle, patient)
    found = _answer(bundle, [row])
    return CostReply(
        predicted_cost=round(float(found.values[0]), 2),
        interval=_interval(bundle, found, 0),
        peer=_peer(state, row),
        warnings=warnings,
        drivers=_drivers(bundle, row) if explain else None,
        model=bundle.name,
        model_version=bundle.version,
        request_id=request.state.request_id,
    )


@router.post("/predict/readmission")
async def readmission(request: Request, patient: Patient, _: One, explain: Explain = False) -> RiskReply:
    """Risk of an unplanned admission within 30 days of discharge."""
    bundle = _champion(request, READMISSION_MODEL)
    row, warnings = _row(bundle, patient)
    risk = float(_answer(bundle, [row]).values[0])
    return RiskReply.model_validate(
        {
            "readmission_risk": risk,
            "status": bundle.status(risk),
            "cutoffs": dict(bundle.cutoffs),
            "warnings": warnings,
            "drivers": _drivers(bundle, row) if explain else None,
            "model": bundle.name,
            "model_version": bundle.version,
            "request_id": request.state.request_id,
        }
    )


@router.post("/predict/batch")
async def predict_batch(request: Request, batch: Batch, _: Many) -> CostBatch:
    """Expected costs of up to 10,000 encounters."""
    bundle = _champion(request, COST_MODEL)
    found = await _answers(bundle, batch)
    answers = [CostAnswer.model_construct(predicted_cost=round(float(value), 2), interval=_interval(bundle, found, at))
               for at, value in enumerate(found.values)]  # fmt: skip
    return CostBatch.model_construct(predictions=answers, model=bundle.name, model_version=bundle.version,
                                     request_id=request.state.request_id)  # fmt: skip


@router.post("/predict/readmission/batch")
async def readmission_batch(request: Request, batch: Batch, _: Many) -> RiskBatch:
    """Risks of up to 10,000 stays."""
    bundle = _champion(request, READMISSION_MODEL)
    found = await _answers(bundle, batch)
    answers = [RiskAnswer.model_validate({"readmission_risk": float(risk), "status": bundle.status(float(risk))})
               for risk in found.values]  # fmt: skip
    return RiskBatch(predictions=answers, cutoffs=dict(bundle.cutoffs), model=bundle.name,
                     model_version=bundle.version, request_id=request.state.request_id)  # fmt: skip


def _champion(request: Request, name: str) -> Bundle:
    bundle = state_of(request).champion(name)
    request.state.model_version = f"{name} {bundle.version}"
    return bundle


def _row(bundle: Bundle, patient: Patient) -> tuple[dict[str, Any], list[str]]:
    """The model's inputs. What it needs and an older client does not send is the average patient's, and is told."""
    row, warnings = patient.as_row(bundle.name), []
    for feature in bundle.features:
        if not feature.optional and feature.name not in row:
            row[feature.name] = bundle.reference[feature.name]
            warnings.append(f"{feature.name}: not given; taken as an average patient's.")
    return row, [*warnings, *bundle.warnings(row)]


def _answer(bundle: Bundle, rows: list[dict[str, Any]]) -> Predictions:
    try:
        return bundle.predict(rows)
    except InputInvalid as problem:
        raise Problem(422, str(problem)) from None


async def _answers(bundle: Bundle, batch: Batch) -> Predictions:
    return await asyncio.to_thread(lambda: _answer(bundle, [_row(bundle, patient)[0] for patient in batch.patients]))


def _interval(bundle: Bundle, found: Predictions, at: int) -> Interval:
    assert found.lower is not None and found.upper is not None
    coverage = float(bundle.facts["response"]["coverage"])
    lower, upper = round(float(found.lower[at]), 2), round(float(found.upper[at]), 2)
    return Interval.model_construct(lower=lower, upper=upper, coverage=coverage)


def _drivers(bundle: Bundle, row: dict[str, Any]) -> list[Driver]:
    found = bundle.explain(row, MOST_DRIVERS).drivers
    return [Driver(feature=d.feature, label=d.label, contribution=d.contribution) for d in found]


def _peer(state: State, row: dict[str, Any]) -> Peer | None:
    found = state.lake.peer(row["department"], row["admitting_diagnosis_code"])
    if found is None:
        return None
    return Peer(
        patients=found["patients"],
        lower_quartile=float(found["lower_quartile_cost_usd"]),
        median=float(found["median_cost_usd"]),
        upper_quartile=float(found["upper_quartile_cost_usd"]),
    )
