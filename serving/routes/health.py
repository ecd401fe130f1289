"""Whether it lives, whether it can answer, and what it is."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from mediflow_assets.contracts.inputs import MODELS
from serving.state import state_of

router = APIRouter(tags=["health"])


@router.get("/health/live")
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


@router.get("/health/ready")
async def ready(request: Request) -> JSONResponse:
    """Every model has a champion that is loaded; else 503, and what is wrong."""
    champions = state_of(request).champions
    found = {name: champions.get(name) for name in MODELS}
    problems = [f"{name}: no champion" for name, bundle in found.items() if bundle is None]
    problems += list(champions.problems.values())
    body: dict[str, Any] = {
        "status": "ready" if all(found.values()) else "not ready",
        "models": {name: bundle.version if bundle else None for name, bundle in found.items()},
        "problems": problems,
    }
    return JSONResponse(body, 200 if all(found.values()) else 503)


@router.get("/")
async def root(request: Request) -> dict[str, Any]:
    """Name, version, links."""
    return {"name": "MediFlow gateway", "version": request.app.version, "links": {"api": "/openapi.json",
            "token": "/token", "models": "/models", "health": "/health/ready"}}  # fmt: skip
