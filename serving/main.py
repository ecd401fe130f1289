"""The app: routes within the limits on bodies, within the audit."""

import contextlib
from collections.abc import AsyncIterator, Callable
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.middleware.cors import CORSMiddleware

from mediflow_assets.errors import MediFlowError
from mediflow_assets.settings import Settings
from serving import document, problems
from serving.audited import Audited
from serving.bodies import Bodies
from serving.lake import UNREADABLE
from serving.marked import Marked
from serving.routes import catalog, figures, governance, health, insights, patients, predict, tokens
from serving.state import State


def routers() -> tuple[APIRouter, ...]:
    """The routes, by what they are about."""
    others = (part.router for part in (catalog, insights, patients, governance, health, figures))
    return tokens.router, predict.build_router(), *others


def routed(lifespan: Callable[[FastAPI], Any] | None = None) -> FastAPI:
    """The routes and the OpenAPI document, without a home: it can be described, not asked."""
    app = FastAPI(
        title="MediFlow gateway", version=version("mediflow"), lifespan=lifespan, docs_url=None, redoc_url=None
    )
    document.install(app)
    for router in routers():
        app.include_router(router)
    return app


def create_app(settings: Settings | None = None) -> Any:
    """The gateway of a home, as an ASGI app."""
    state = State.of(settings or Settings())

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with state.running():
            yield

    app = routed(lifespan)
    app.state.mediflow = state
    problems.install(app, (MediFlowError, *UNREADABLE))
    app.add_middleware(Bodies, state=state)
    app.add_middleware(Audited, state=state, paths=document.paths(app))
    app.add_middleware(Marked)
    origins = [origin.strip() for origin in state.settings.cors_origins.split(",") if origin.strip()]
    if origins:
        headers = ["authorization", "content-type", "x-request-id"]
        app.add_middleware(CORSMiddleware, allow_origins=origins, allow_methods=["GET", "POST"], allow_headers=headers)
    return app
