"""The OpenAPI document: nothing in it without words, and each of its examples is what it says."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from jsonschema import Draft202012Validator

METHODS = ("get", "post")


@pytest.fixture(scope="module")
def document(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        assert set(methods) <= set(METHODS)
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_every_field_and_parameter_is_described(document: dict[str, Any]) -> None:
    silent = [
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        for field, told in schema.get("properties", {}).items()
        if not is_described(told, document)
    ]
    silent += [
        f"{name} {each['name']}"
        for name, operation in operations(document)
        for each in operation.get("parameters", [])
        if not each.get("description")
    ]
    assert silent == []


def is_described(told: dict[str, Any], document: dict[str, Any]) -> bool:
    if "$ref" in told:
        return bool(document["components"]["schemas"][told["$ref"].split("/")[-1]].get("description"))
    return bool(told.get("description"))


UNITS = {
    "_usd": "USD",
    "cost": "USD",
    "_mmhg": "mmHg",
    "_days": "days|nights",
    "expires_in": "seconds",
    "age": "years",
    "readmission_risk": "probability",
    "median": "USD",
    "quartile": "USD",
}


def test_amounts_and_durations_name_their_unit(document: dict[str, Any]) -> None:
    unitless = [
        f"{name}.{field}: {told['description']}"
        for name, schema in document["components"]["schemas"].items()
        for field, told in schema.get("properties", {}).items()
        for ending, unit in UNITS.items()
        if (field == ending or (field.endswith(ending) and ending != "age"))
        and not any(word in told["description"] for word in unit.split("|"))
    ]
    assert unitless == []


def test_every_operation_is_summed_up_and_has_examples_that_hold(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        assert operation.get("summary") and operation.get("description"), name
        bodies = [("request", operation["requestBody"])] if "requestBody" in operation else []
        bodies += [(status, reply) for status, reply in operation["responses"].items() if status.startswith("2")]
        for what, body in bodies:
            for kind, content in body["content"].items():
                examples = examples_of(content, document)
                assert examples, f"{name} {what} {kind} has no example"
                check = Draft202012Validator(content["schema"] | {"components": document["components"]})
                assert [error.message for each in examples for error in check.iter_errors(each)] == [], name


def examples_of(content: dict[str, Any], document: dict[str, Any]) -> list[Any]:
    if "example" in content:
        return [content["example"]]
    schema = content["schema"]
    found = document["components"]["schemas"][schema["$ref"].split("/")[-1]] if "$ref" in schema else schema
    examples: list[Any] = found.get("examples", [])
    return examples
