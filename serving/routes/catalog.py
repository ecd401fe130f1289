"""The models as they are served: versions, figures, inputs, card."""

import asyncio
import datetime as dt
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from mediflow_assets.contracts import models as models_contracts
from mediflow_assets.contracts.inputs import Feature, field_of
from mediflow_assets.contracts.served import MODELS
from mediflow_assets.scoring import Bundle
from serving.access import allowed
from serving.problems import PROBLEMS, Problem
from serving.state import state_of
from serving.tokens import Claims

router = APIRouter(tags=["models"], responses=PROBLEMS)
Anyone = Annotated[Claims, Depends(allowed())]
_VERSION: dict[str, Any] = {
    "version": "3",
    "alias": "champion",
    "trained_at": "2026-05-01T04:00:00Z",
    "was_promoted": True,
    "reason": "better than what answered",
}
_MODEL: dict[str, Any] = {
    "name": "treatment-cost",
    "version": "3",
    "alias": "champion",
    "provisional": False,
    "unit": "USD",
    "metrics": {"r2": 0.551, "mae": 3167.0},
    "versions": [_VERSION],
}
_AGE: dict[str, Any] = {
    "name": "age_at_admission",
    "field": "age",
    "label": "age",
    "type": "integer",
    "unit": "years",
    "allowed": [],
    "description": "completed years at admission",
    "minimum": 0,
    "maximum": 120,
    "optional": False,
}
Name = Annotated[str, Path(description=" or ".join(MODELS), max_length=64)]


class Version(BaseModel):
    """One trained version."""

    version: str = Field(description="its number in the registry")
    alias: Literal["champion", "challenger"] | None = Field(description="champion answers; challenger waits")
    trained_at: dt.datetime = Field(description="when, UTC")
    was_promoted: bool = Field(description="whether the gate let it through when it was trained")
    reason: str = Field(description="why, or why not")


class Model(BaseModel):
    """A model, and the version of it that answers."""

    model_config = ConfigDict(json_schema_extra={"examples": [_MODEL]})
    name: str = Field(description=" or ".join(MODELS))
    version: str | None = Field(description="the version that answers; null where none does")
    alias: Literal["champion"] | None = Field(description="of that version")
    provisional: bool = Field(description="whether it answers for want of a better one; see its card")
    unit: str | None = Field(description="of its answers: USD or probability")
    metrics: dict[str, float] = Field(description="its figures on held-out rows; errors in the unit of its answers")
    versions: list[Version] = Field(description="every trained version, oldest first")


class Models(BaseModel):
    """All models."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"models": [_MODEL]}]})
    models: list[Model] = Field(description="both of them, trained or not")


class Input(BaseModel):
    """One input of the version that answers."""

    name: str = Field(description="as drivers name it")
    field: str = Field(description="the field of a request that carries it")
    label: str = Field(description="in words")
    type: Literal["category", "integer", "number"] = Field(description="what it may hold")
    description: str = Field(description="what it is")
    unit: str | None = Field(description="of its numbers")
    allowed: list[str] = Field(description="the words it has learned; any other counts as an average one")
    minimum: float | None = Field(description="in its unit; what is below is refused")
    maximum: float | None = Field(description="in its unit; what is above is refused")
    optional: bool = Field(description="whether an absent one is a usual case; else it is taken as average, and told")


class Details(Model):
    """A model with its inputs and its card."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [_MODEL | {"inputs": [_AGE], "cutoffs": {}, "card": "# treatment-cost, version 3"}]
        }
    )
    inputs: list[Input] = Field(description="what it is given")
    cutoffs: dict[str, float] = Field(description="named limits of its answers, in their unit")
    card: str = Field(description="purpose, data, figures, groups, limits; Markdown")


@router.get("/models", summary="The models")
async def models(request: Request, _: Anyone) -> Models:
    """Both models, their versions, and which version of each answers."""
    champions = state_of(request).champions
    known = await asyncio.to_thread(_versions, request)
    return Models(models=[Model(**_told(name, champions.get(name), known[name])) for name in MODELS])


@router.get("/models/{name}", summary="One model")
async def model(request: Request, name: Name, _: Anyone) -> Details:
    """Its figures, its inputs with types, limits and allowed values, its card."""
    if name not in MODELS:
        raise Problem(404, f"There is no such model. Models: {', '.join(MODELS)}.")
    bundle = state_of(request).champion(name)
    known = await asyncio.to_thread(_versions, request)
    inputs = [_input(feature) for feature in bundle.features]
    return Details(**_told(name, bundle, known[name]), inputs=inputs, cutoffs=dict(bundle.cutoffs), card=bundle.card)


def _input(feature: Feature) -> Input:
    return Input(
        name=feature.name,
        field=field_of(feature.name),
        label=feature.label,
        type=feature.type.value,
        description=feature.description,
        unit=feature.unit,
        allowed=list(feature.allowed),
        minimum=feature.minimum,
        maximum=feature.maximum,
        optional=feature.optional,
    )


def _versions(request: Request) -> dict[str, list[dict[str, object]]]:
    """Model → every trained version: when, and whether the gate let it through and why."""
    found = state_of(request).lake.read(models_contracts.MODEL_METRICS)
    versions: dict[str, dict[int, dict[str, object]]] = {name: {} for name in MODELS}
    for row in found.rows if found else []:
        told = {
            "version": row["version"],
            "trained_at": row["trained_at"],
            "was_promoted": row["is_promoted"],
            "reason": row["reason"],
        }
        versions.setdefault(row["model"], {})[int(row["version"])] = told
    return {name: [told for _, told in sorted(each.items())] for name, each in versions.items()}


def _told(name: str, bundle: Bundle | None, known: list[dict[str, object]]) -> dict[str, object]:
    answering = bundle.version if bundle else None
    versions = [
        each
        | {
            "alias": "champion"
            if each["version"] == answering
            else "challenger"
            if each is known[-1] and not each["was_promoted"]
            else None
        }
        for each in known
    ]
    return {
        "name": name,
        "version": answering,
        "alias": "champion" if bundle else None,
        "versions": versions,
        "provisional": bundle is not None and bundle.is_provisional,
        "unit": bundle.unit if bundle else None,
        "metrics": dict(bundle.metrics) if bundle else {},
    }
