"""The models as they are served: version, figures, inputs, card."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from mediflow_assets.contracts import models as models_contracts
from mediflow_assets.contracts.inputs import MODELS
from mediflow_assets.scoring import Bundle, feature_as_json
from serving.access import allowed
from serving.problems import PROBLEMS, Problem
from serving.state import state_of
from serving.tokens import Claims

router = APIRouter(tags=["models"], responses=PROBLEMS)
Anyone = Annotated[Claims, Depends(allowed())]


@router.get("/models")
async def models(request: Request, _: Anyone) -> dict[str, list[dict[str, Any]]]:
    """Both models, and which version of each answers."""
    champions = state_of(request).champions
    known = await asyncio.to_thread(_versions, request)
    return {"models": [_short(name, champions.get(name), known) for name in MODELS]}


@router.get("/models/{name}")
async def model(request: Request, name: str, _: Anyone) -> dict[str, Any]:
    """One model: its figures, its inputs with types and allowed values, its card."""
    if name not in MODELS:
        raise Problem(404, f"There is no such model. Models: {', '.join(MODELS)}.")
    bundle = state_of(request).champion(name)
    inputs = [feature_as_json(feature) for feature in bundle.features]
    known = await asyncio.to_thread(_versions, request)
    return _short(name, bundle, known) | {"inputs": inputs, "cutoffs": dict(bundle.cutoffs), "card": bundle.card}


def _versions(request: Request) -> dict[str, list[dict[str, Any]]]:
    """Model → every trained version: when, and whether the gate let it through and why."""
    found = state_of(request).lake.read(models_contracts.MODEL_METRICS)
    versions: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in MODELS}
    for row in found.rows if found else []:
        told = {"version": row["version"], "trained_at": row["trained_at"], "was_promoted": row["is_promoted"],
                "reason": row["reason"]}  # fmt: skip
        versions.setdefault(row["model"], {})[row["version"]] = told
    return {name: sorted(each.values(), key=lambda v: int(v["version"])) for name, each in versions.items()}


def _short(name: str, bundle: Bundle | None, known: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    answering = bundle.version if bundle else None
    newest = known[name][-1]["version"] if known[name] else None
    versions = [
        each | {"alias": "champion" if each["version"] == answering
                else "challenger" if each["version"] == newest and not each["was_promoted"] else None}
        for each in known[name]
    ]  # fmt: skip
    told = {"name": name, "version": answering, "alias": "champion" if bundle else None, "versions": versions}
    return told | ({"unit": bundle.unit, "metrics": dict(bundle.metrics)} if bundle else {})
