"""The API reference, from the gateway's OpenAPI document and the roles that its routes ask for."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute

from documents.markdown import code, page, table
from serving.access import Allowed
from serving.document import OPEN

_SOURCE = "the gateway's OpenAPI document and its routes in `serving/`"
_HEAD = """How to use it, with examples: [the gateway](../api.md). The document itself is at `/openapi.json`."""
Roles = dict[tuple[str, str], str]
"""Method and path → who may ask."""


def roles_of(routers: Iterable[APIRouter]) -> Roles:
    """Who may ask each route, by the dependency that checks it."""
    found: Roles = {}
    for route in (route for router in routers for route in router.routes):
        if isinstance(route, APIRoute):
            checks = [each.call for each in route.dependant.dependencies if isinstance(each.call, Allowed)]
            who = "anyone" if route.path in OPEN else "as its text says"
            found |= {(method, route.path): ", ".join(map(str, checks)) or who for method in route.methods or ()}
    return found


def api_page(document: dict[str, Any], roles: Roles) -> str:
    """Every route, with its request, its reply and its errors; then the fields of each schema."""
    schemas = document["components"]["schemas"]
    routes = [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    overview = table(
        ("route", "gives", "who"),
        [(code(f"{method} {path}"), each.get("summary", ""), roles[method, path]) for method, path, each in routes],
    )
    common = _common_errors(each for _, _, each in routes)
    sections = [_route(method, path, each, roles[method, path], common) for method, path, each in routes]
    fields = [_schema(name, schema) for name, schema in sorted(schemas.items())]
    errors = f"Any route may answer instead, with [ProblemDetails](#problemdetails): {', '.join(common)}."
    return page(_SOURCE, "API", _HEAD, overview, errors, *sections, "## Fields", *fields)


def _common_errors(operations: Iterable[dict[str, Any]]) -> list[str]:
    """The errors that every route may answer."""
    each = [[status for status in operation["responses"] if status[0] in "45"] for operation in operations]
    return [status for status in each[0] if all(status in errors for errors in each)] if each else []


def _route(method: str, path: str, operation: dict[str, Any], who: str, common: Sequence[str]) -> str:
    parameters = table(
        ("parameter", "in", "type", "means"),
        [
            (code(each["name"]), each["in"], _type(each["schema"]), each.get("description", ""))
            for each in operation.get("parameters", [])
        ],
    )
    replies = operation["responses"]
    given = [f"{status}: {_content(reply)}" for status, reply in replies.items() if status[0] == "2"]
    errors = [status for status in replies if status[0] != "2" and status not in common]
    facts = [
        f"Who: {who}.",
        f"Request: {_content(operation['requestBody'])}." if "requestBody" in operation else "",
        f"Reply: {'; '.join(given)}." if given else "",
        f"Further errors: {', '.join(errors)}." if errors else "",
    ]
    return "\n\n".join(
        part
        for part in (
            f"## {method} {path}",
            operation.get("description", ""),
            parameters,
            "  \n".join(filter(None, facts)),
        )
        if part
    )


def _content(body: dict[str, Any]) -> str:
    kinds = body.get("content", {})
    return ", ".join(f"{_type(kind.get('schema', {}))} ({media})" for media, kind in kinds.items()) or "no body"


def _schema(name: str, schema: dict[str, Any]) -> str:
    needed = schema.get("required", [])
    rows = [
        (code(field), _type(facts), "yes" if field in needed else "", facts.get("description", ""))
        for field, facts in schema.get("properties", {}).items()
    ]
    about = " ".join(str(schema.get("description", "")).split())
    fields = table(("field", "type", "always there", "means"), rows)
    return "\n\n".join(part for part in (f"### {name}", about, fields) if part)


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "const" in schema:
        return code(schema["const"])
    if "enum" in schema:
        return " or ".join(map(code, schema["enum"]))
    for word in ("anyOf", "allOf", "oneOf"):
        if word in schema:
            return " or ".join(dict.fromkeys(map(_type, schema[word])))
    kind = schema.get("type", "any")
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    return " ".join([str(schema.get("format", kind)), *_limits(schema)])


def _limits(schema: dict[str, Any]) -> Iterator[str]:
    low = schema.get("minimum", schema.get("minLength"))
    high = schema.get("maximum", schema.get("maxLength"))
    unit = "" if "minimum" in schema or "maximum" in schema else " characters"
    if low is not None and high is not None:
        yield f"({low} to {high}{unit})"
    elif low is not None or high is not None:
        yield f"({'at least' if high is None else 'at most'} {low if high is None else high}{unit})"
