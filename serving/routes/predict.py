"""The predictions: one patient or many, with interval, peers, warnings and drivers."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Query, Request

from mediflow_assets.contracts.inputs import COST_MODEL, READMISSION_MODEL
from mediflow_assets.errors import InputInvalid
from mediflow_assets.identity.prediction_log import predictions
from mediflow_assets.scoring import Bundle, Predictions
from serving.access import allowed
from serving.inputs import Inputs, inputs_of
from serving.problems import PROBLEMS, Problem
from serving.schemas import (
    Batch,
    CostAnswer,
    CostBatch,
    CostReply,
    Cutoffs,
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

router = APIRouter(tags=["predictions"], responses=PROBLEMS)
One = Annotated[Claims, Depends(allowed("scorer", "clinician"))]
Many = Annotated[Claims, Depends(allowed("scorer"))]
Explain = Annotated[bool, Query(description="tell what drove the answer")]
MOST_DRIVERS = 8


@router.post("/predict", summary="Expected cost of an encounter")
async def predict(request: Request, patient: Patient, _: One, explain: Explain = False) -> CostReply:
    """In USD, with the interval in which 90 % of such costs lie, and what the same department and diagnosis cost."""
    state, bundle = state_of(request), _champion(request, COST_MODEL)
    asked, found = _answer(request, bundle, [patient], False)
    (one,), ((cost, interval),) = asked, _costs(bundle, found)
    return CostReply(
        predicted_cost=cost,
        interval=interval,
        peer=_peer(state, one.row),
        warnings=one.warnings,
        drivers=_drivers(bundle, one.row) if explain else None,
        model=bundle.name,
        model_version=bundle.version,
        provisional=bundle.is_provisional,
        request_id=request.state.request_id,
    )


@router.post("/predict/readmission", summary="Risk of readmission")
async def readmission(request: Request, patient: Patient, _: One, explain: Explain = False) -> RiskReply:
    """The probability of an unplanned admission within 30 days of discharge."""
    bundle = _champion(request, READMISSION_MODEL)
    asked, found = _answer(request, bundle, [patient], False)
    (one,) = asked
    risk = float(found.values[0])
    return RiskReply(
        readmission_risk=risk,
        status=bundle.status(risk),
        cutoffs=Cutoffs.model_validate(bundle.cutoffs),
        warnings=one.warnings,
        drivers=_drivers(bundle, one.row) if explain else None,
        model=bundle.name,
        model_version=bundle.version,
        provisional=bundle.is_provisional,
        request_id=request.state.request_id,
    )


@router.post("/predict/batch", summary="Expected costs of up to 10,000 encounters")
async def predict_batch(request: Request, batch: Batch, _: Many) -> CostBatch:
    """In the order of the patients; all by one version of the model."""
    bundle = _champion(request, COST_MODEL)
    asked, found = await _answers(request, bundle, batch)
    answers = [
        CostAnswer.model_construct(predicted_cost=cost, interval=interval, warnings=each.warnings)
        for each, (cost, interval) in zip(asked, _costs(bundle, found), strict=True)
    ]
    return CostBatch.model_construct(predictions=answers, model=bundle.name, model_version=bundle.version,
                                     provisional=bundle.is_provisional,
                                     request_id=request.state.request_id)  # fmt: skip


@router.post("/predict/readmission/batch", summary="Risks of up to 10,000 stays")
async def readmission_batch(request: Request, batch: Batch, _: Many) -> RiskBatch:
    """In the order of the patients; all by one version of the model."""
    bundle = _champion(request, READMISSION_MODEL)
    asked, found = await _answers(request, bundle, batch)
    answers = [
        RiskAnswer.model_construct(readmission_risk=risk, status=bundle.status(risk), warnings=each.warnings)
        for each, risk in zip(asked, found.values.tolist(), strict=True)
    ]
    return RiskBatch.model_construct(predictions=answers, cutoffs=Cutoffs.model_validate(bundle.cutoffs),
                                     model=bundle.name, model_version=bundle.version,
                                     provisional=bundle.is_provisional,
                                     request_id=request.state.request_id)  # fmt: skip


def _champion(request: Request, name: str) -> Bundle:
    bundle = state_of(request).champion(name)
    request.state.model_version = f"{name} {bundle.version}"
    return bundle


def _answer(
    request: Request, bundle: Bundle, patients: Sequence[Patient], is_batch: bool
) -> tuple[list[Inputs], Predictions]:
    asked = inputs_of(bundle, patients, is_batch=is_batch)
    try:
        found = bundle.predict([each.row for each in asked])
    except InputInvalid as problem:
        raise Problem(422, str(problem)) from None
    _remember(request, bundle, asked, found)
    return asked, found


async def _answers(request: Request, bundle: Bundle, batch: Batch) -> tuple[list[Inputs], Predictions]:
    async with state_of(request).batches.one():
        return await asyncio.to_thread(_answer, request, bundle, batch.patients, True)


def _remember(request: Request, bundle: Bundle, asked: Sequence[Inputs], found: Predictions) -> None:
    """For the prediction log: what was given and is known, not what was filled in for it."""
    state, request_id = state_of(request), request.state.request_id
    state.metrics.scored(bundle.name, len(asked))
    answered = zip((each.kept for each in asked), found.values.tolist(), strict=True)
    state.remembered.add(predictions(request_id, bundle.name, bundle.version, answered))


def _costs(bundle: Bundle, found: Predictions) -> list[tuple[float, Interval]]:
    """Each cost with its interval, in cents."""
    assert found.lower is not None and found.upper is not None
    coverage = float(bundle.facts["response"]["coverage"])
    columns = (np.round(values, 2).tolist() for values in (found.values, found.lower, found.upper))
    return [(cost, Interval.model_construct(lower=lower, upper=upper, coverage=coverage))
            for cost, lower, upper in zip(*columns, strict=True)]  # fmt: skip


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
