"""Errors as RFC 9457 problems: `application/problem+json`, which name fields and never echo a value."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

MOST_FIELDS = 20


class Problem(Exception):
    """Ends a request with this status and sentence."""

    def __init__(self, status: int, detail: str, *, fields: Sequence[Mapping[str, str]] = (),
                 headers: Mapping[str, str] | None = None) -> None:  # fmt: skip
        super().__init__(detail)
        self.status, self.detail, self.fields, self.headers = status, detail, fields, headers


def response(status: int, detail: str, fields: Sequence[Mapping[str, str]] = (),
             headers: Mapping[str, str] | None = None) -> JSONResponse:  # fmt: skip
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


def install(app: FastAPI) -> None:
    """Every error of the app becomes a problem."""

    @app.exception_handler(Problem)
    async def _problem(_: Request, error: Problem) -> JSONResponse:
        return response(error.status, error.detail, error.fields, error.headers)

    @app.exception_handler(RequestValidationError)
    async def _invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        found = error.errors()
        fields = [{"field": _place(each["loc"]), "problem": _words(each)} for each in found[:MOST_FIELDS]]
        return response(422, f"{len(found)} fields are not as they have to be.", fields)

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> JSONResponse:
        return response(error.status_code, HTTPStatus(error.status_code).description or "", headers=error.headers)

    @app.exception_handler(Exception)
    async def _unforeseen(_: Request, __: Exception) -> JSONResponse:
        return response(500, "Something went wrong here; it is in the gateway's log under this request's id.")


def _place(loc: Sequence[str | int]) -> str:
    return ".".join(str(part) for part in loc if part != "body")[:100] or "body"


def _words(error: Mapping[str, Any]) -> str:
    # the messages of value errors are validators' own and may repeat the value
    return "is not usable" if error["type"] in ("value_error", "assertion_error") else str(error["msg"])[:200]
