"""The app: routes within the audit, within the limits on bodies."""

import contextlib
from collections.abc import AsyncIterator
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI

from mediflow_assets.settings import Settings
from serving import problems
from serving.audited import Audited
from serving.bodies import Bodies
from serving.routes import catalog, health, predict, tokens
from serving.state import State


def create_app(settings: Settings | None = None) -> Any:
    """The gateway of a home, as an ASGI app."""
    state = State.of(settings or Settings())

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with state.running():
            yield

    app = FastAPI(
        title="MediFlow gateway", version=version("mediflow"), lifespan=lifespan, docs_url=None, redoc_url=None
    )
    app.state.mediflow = state
    problems.install(app)
    for part in (tokens, predict, catalog, health):
        app.include_router(part.router)
    app.add_middleware(Bodies)
    app.add_middleware(Audited, state=state)
    return app
