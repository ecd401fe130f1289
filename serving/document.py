"""The OpenAPI document: what FastAPI finds, with the problems and the tokens that it does not know of."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from serving.problems import ProblemDetails

OPEN = ("/", "/token", "/.well-known/jwks.json", "/health/live", "/health/ready")
_SCHEME = "password"


def install(app: FastAPI) -> None:
    """Make `/openapi.json` tell all."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def paths(app: FastAPI) -> frozenset[str]:
    """The paths of all routes, as written in the code."""
    return frozenset([*get_openapi(title="", version="", routes=app.routes)["paths"], "/openapi.json"])


def _document(app: FastAPI) -> dict[str, Any]:
    found: dict[str, Any] = get_openapi(title=app.title, version=app.version, routes=app.routes)
    parts = found.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    problem = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs") | {"ProblemDetails": problem}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    flow = {"type": "oauth2", "flows": {"password": {"tokenUrl": "token", "scopes": {}}}}
    parts["securitySchemes"] = {_SCHEME: flow}
    for path, methods in found["paths"].items():
        for each in methods.values():
            if path not in OPEN:
                each["security"] = [{_SCHEME: []}]
    return found
