"""Whether it lives, whether it can answer, and what it is."""

import asyncio
from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from mediflow_assets.contracts.served import MODELS
from mediflow_assets.scoring import Bundle
from serving.problems import PROBLEMS, Problem
from serving.state import state_of

router = APIRouter(tags=["health"], responses=PROBLEMS)


class Live(BaseModel):
    """The process answers."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "live"}]})
    status: Literal["live"] = Field("live", description="always live")


class Ready(BaseModel):
    """It can answer."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "status": "ready",
                    "models": {"treatment-cost": "3"},
                    "states": {"treatment-cost": "champion", "readmission-risk": "absent"},
                    "problems": ["readmission-risk: no champion; 'mediflow run --select models' trains it"],
                }
            ]
        }
    )
    status: Literal["ready"] = Field("ready", description="always ready; else the reply is 503")
    models: dict[str, str] = Field(description="model → the version that answers")
    states: dict[str, Literal["champion", "provisional", "absent"]] = Field(
        description="every model: whether its version passed the gate, is better than nothing, or there is none"
    )
    problems: list[str] = Field(
        description="what is wrong although it answers: no champion, or a promoted version that does not load"
    )


class Links(BaseModel):
    """Where to go on."""

    api: str = Field(description="the OpenAPI document")
    token: str = Field(description="gives access tokens")
    models: str = Field(description="lists the models")
    health: str = Field(description="tells whether it can answer")


class Root(BaseModel):
    """What this is."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "MediFlow gateway",
                    "version": "0.1.0",
                    "links": {
                        "api": "/openapi.json",
                        "token": "/token",
                        "models": "/models",
                        "health": "/health/ready",
                    },
                }
            ]
        }
    )
    name: str = Field(description="always MediFlow gateway")
    version: str = Field(description="of MediFlow")
    links: Links


@router.get("/health/live", summary="Liveness")
async def live() -> Live:
    """The process answers."""
    return Live()


@router.get("/health/ready", summary="Readiness")
async def ready(request: Request) -> Ready:
    """Lake and database can be read, else 503 and what is wrong. A model without a champion keeps nothing else from
    being answered: its state is told, and only what is asked of it is refused."""
    state = state_of(request)
    found = {name: state.champions.get(name) for name in MODELS}
    wrong = []
    if not await asyncio.to_thread(state.lake.is_readable):
        wrong.append("lake: masked/cost_peers cannot be read; 'mediflow run' makes it")
    if not await asyncio.to_thread(state.is_recordable):
        wrong.append("database: users and the audit log cannot be read")
    told = [f"{name}: no champion; 'mediflow run --select models' trains it" for name in MODELS if found[name] is None]
    told += state.champions.problems.values()
    if wrong:
        raise Problem(503, "; ".join([*wrong, *told]), headers={"retry-after": "10"})
    return Ready(
        models={name: bundle.version for name, bundle in found.items() if bundle},
        states={name: _state(bundle) for name, bundle in found.items()},
        problems=told,
    )


def _state(bundle: Bundle | None) -> Literal["champion", "provisional", "absent"]:
    if bundle is None:
        return "absent"
    return "provisional" if bundle.is_provisional else "champion"


@router.get("/", summary="Name, version, links")
async def root(request: Request) -> Root:
    """For a person, or a program that looks around."""
    links = Links(api="/openapi.json", token="/token", models="/models", health="/health/ready")  # noqa: S106
    return Root(name="MediFlow gateway", version=request.app.version, links=links)
