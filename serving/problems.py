"""Errors as RFC 9457 problems: `application/problem+json`, which name fields and never echo a value."""

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

MOST_FIELDS = 20
log = logging.getLogger("mediflow.gateway")


class FieldProblem(BaseModel):
    """One field that is not as it has to be."""

    field: str = Field(description="its place in the request")
    problem: str = Field(description="what is wrong with it; its value is not repeated")


class ProblemDetails(BaseModel):
    """An error, RFC 9457."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Unprocessable Content",
                    "status": 422,
                    "detail": "1 field is not as it has to be.",
                    "errors": [{"field": "age", "problem": "Input should be less than or equal to 120"}],
                }
            ]
        }
    )
    type: str = Field(description="about:blank: the title says it")
    title: str = Field(description="the status in words")
    status: int = Field(description="the HTTP status")
    detail: str = Field(description="what happened, and what to do")
    errors: list[FieldProblem] = Field([], description="the first 20 fields that are not as they have to be")


PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": HTTPStatus(status).phrase,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
    }
    for status in (400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 429, 431, 500, 503)
}
"""What any route may answer instead, for the OpenAPI document."""


class Problem(Exception):
    """Ends a request with this status and sentence."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        fields: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.fields, self.headers = status, detail, fields, headers


def response(
    status: int, detail: str, fields: Sequence[Mapping[str, str]] = (), headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """A problem as a reply."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if fields:
        body["errors"] = [dict(field) for field in fields[:MOST_FIELDS]]
    return JSONResponse(body, status, dict(headers or {}), media_type="application/problem+json")


def install(app: FastAPI, unreadable: Sequence[type[Exception]]) -> None:
    """Every error of a route becomes a problem; those of storage and database, `unreadable`, a 503 to try again."""

    @app.exception_handler(Problem)
    async def _problem(_: Request, error: Problem) -> JSONResponse:
        return response(error.status, error.detail, error.fields, error.headers)

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        found = error.errors()
        fields = [{"field": _place(each["loc"]), "problem": _words(each)} for each in found[:MOST_FIELDS]]
        return response(422, count_of(found), fields)

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> JSONResponse:
        return response(error.status_code, HTTPStatus(error.status_code).description or "", headers=error.headers)

    async def _unavailable(request: Request, error: Exception) -> JSONResponse:
        kept = {"error": type(error).__name__, "request_id": request.state.request_id}
        log.warning("cannot be read", extra=kept)
        return response(503, "What this needs cannot be read at the moment.", headers={"retry-after": "10"})

    for kind in unreadable:
        app.add_exception_handler(kind, _unavailable)


def count_of(problems: Sequence[object]) -> str:
    """How many fields are wrong, as a sentence."""
    one = "1 field is not as it has to be."
    return one if len(problems) == 1 else f"{len(problems)} fields are not as they have to be."


def _place(loc: Sequence[str | int]) -> str:
    return ".".join(str(part) for part in loc if part != "body")[:100] or "body"


def _words(error: Mapping[str, Any]) -> str:
    # the messages of value errors are validators' own and may repeat the value
    return "is not usable" if error["type"] in ("value_error", "assertion_error") else str(error["msg"])[:200]
