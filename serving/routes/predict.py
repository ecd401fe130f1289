"""The predictions: for each model a route for one patient and one for many, made from its contract."""

import asyncio
import re
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request

from mediflow_assets.contracts.model import ModelContract
from mediflow_assets.contracts.served import MODELS
from mediflow_assets.errors import InputInvalid
from mediflow_assets.identity.prediction_log import predictions
from mediflow_assets.scoring import Bundle, Predictions
from serving.access import allowed
from serving.inputs import Inputs, inputs_of
from serving.problems import PROBLEMS, Problem
from serving.replies import Schemas, answers_of, around_of, schemas_of
from serving.schemas import Driver, Patient, Peer
from serving.state import State, state_of
from serving.tokens import Claims

One = Annotated[Claims, Depends(allowed("scorer", "clinician"))]
Many = Annotated[Claims, Depends(allowed("scorer"))]
Explain = Annotated[bool, Query(description="tell what drove the answer")]
MOST_DRIVERS = 8


def build_router() -> APIRouter:
    """The routes of every model."""
    router = APIRouter(tags=["predictions"], responses=PROBLEMS)
    made = [(contract, schemas_of(contract)) for contract in MODELS.values()]
    for add in (_add_one, _add_many):
        for contract, schemas in made:
            add(router, contract, schemas)
    return router


def _add_one(router: APIRouter, contract: ModelContract, schemas: Schemas) -> None:
    async def predict(request: Request, patient: schemas.patient, _: One, explain: Explain = False) -> Any:  # type: ignore[name-defined]
        bundle = _champion(request, contract.name)
        (one,), found = _answer(request, contract, bundle, [patient], False)
        (answer,) = answers_of(contract, schemas, bundle, found)
        peer = {"peer": _peer(state_of(request), contract, one.row)} if contract.has_peers else {}
        return schemas.reply(
            **answer,
            **peer,
            **around_of(contract, bundle, request.state.request_id),
            warnings=one.warnings,
            drivers=_drivers(bundle, one.row) if explain else None,
        )

    router.add_api_route(
        contract.path,
        predict,
        methods=["POST"],
        name=_name(contract),
        summary=contract.api.summary,
        description=contract.api.description,
        response_model=schemas.reply,
    )


def _add_many(router: APIRouter, contract: ModelContract, schemas: Schemas) -> None:
    async def predict(request: Request, batch: schemas.patients, _: Many) -> Any:  # type: ignore[name-defined]
        bundle = _champion(request, contract.name)
        async with state_of(request).batches.one():
            asked, found = await asyncio.to_thread(_answer, request, contract, bundle, batch.patients, True)
        answers = answers_of(contract, schemas, bundle, found)
        made = [
            schemas.each.model_construct(**answer, warnings=each.warnings)
            for each, answer in zip(asked, answers, strict=True)
        ]
        around = around_of(contract, bundle, request.state.request_id)
        return schemas.batch.model_construct(predictions=made, **around)

    router.add_api_route(
        f"{contract.path}/batch",
        predict,
        methods=["POST"],
        name=f"{_name(contract)}_batch",
        summary=contract.api.batch_summary,
        response_model=schemas.batch,
        description="In the order of the patients; all by one version of the model.",
    )


def _name(contract: ModelContract) -> str:
    """The operation's name in the OpenAPI document."""
    return re.sub(r"\W", "_", contract.path.rsplit("/", 1)[-1])


def _champion(request: Request, name: str) -> Bundle:
    bundle = state_of(request).champion(name)
    request.state.model_version = f"{name} {bundle.version}"
    return bundle


def _answer(
    request: Request, contract: ModelContract, bundle: Bundle, patients: Sequence[Patient], is_batch: bool
) -> tuple[list[Inputs], Predictions]:
    asked = inputs_of(contract, bundle, patients, is_batch=is_batch)
    try:
        found = bundle.predict([each.row for each in asked])
    except InputInvalid as problem:
        raise Problem(422, str(problem)) from None
    _remember(request, bundle, asked, found)
    return asked, found


def _remember(request: Request, bundle: Bundle, asked: Sequence[Inputs], found: Predictions) -> None:
    """For the prediction log: what was given and is known, not what was filled in for it."""
    state, request_id = state_of(request), request.state.request_id
    state.metrics.scored(bundle.name, len(asked))
    answered = zip((each.kept for each in asked), found.values.tolist(), strict=True)
    state.remembered.add(predictions(request_id, bundle.name, bundle.version, answered))


def _drivers(bundle: Bundle, row: dict[str, Any]) -> list[Driver]:
    found = bundle.explain(row, MOST_DRIVERS).drivers
    return [Driver(feature=d.feature, label=d.label, contribution=d.contribution) for d in found]


def _peer(state: State, contract: ModelContract, row: dict[str, Any]) -> Peer | None:
    found = state.lake.peer(row["department"], row[contract.fields["diagnosis_code"].name])
    if found is None:
        return None
    return Peer(
        patients=found["patients"],
        lower_quartile=float(found["lower_quartile_cost_usd"]),
        median=float(found["median_cost_usd"]),
        upper_quartile=float(found["upper_quartile_cost_usd"]),
    )
