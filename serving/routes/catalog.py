"""The models as they are served: version, figures, inputs, card."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request

from mediflow_assets.contracts.inputs import MODELS
from mediflow_assets.scoring import Bundle, feature_as_json
from serving.access import allowed
from serving.problems import Problem
from serving.state import state_of
from serving.tokens import Claims

router = APIRouter(tags=["models"])
Anyone = Annotated[Claims, Depends(allowed())]


@router.get("/models")
async def models(request: Request, _: Anyone) -> dict[str, list[dict[str, Any]]]:
    """Both models, and which version of each answers."""
    champions = state_of(request).champions
    return {"models": [_short(name, champions.get(name)) for name in MODELS]}


@router.get("/models/{name}")
async def model(request: Request, name: str, _: Anyone) -> dict[str, Any]:
    """One model: its figures, its inputs with types and allowed values, its card."""
    if name not in MODELS:
        raise Problem(404, f"There is no such model. Models: {', '.join(MODELS)}.")
    bundle = state_of(request).champion(name)
    inputs = [feature_as_json(feature) for feature in bundle.features]
    return _short(name, bundle) | {"inputs": inputs, "cutoffs": dict(bundle.cutoffs), "card": bundle.card}


def _short(name: str, bundle: Bundle | None) -> dict[str, Any]:
    if bundle is None:
        return {"name": name, "version": None, "alias": None}
    return {"name": name, "version": bundle.version, "alias": "champion", "unit": bundle.unit,
            "metrics": dict(bundle.metrics)}  # fmt: skip
