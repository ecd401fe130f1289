"""Bodies that mean harm get a 4xx, soon, and never a 5xx."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

Bearer = Callable[[str], dict[str, str]]
START = b'{"age": 67, "gender": "F", "department": "CARDIOLOGY", "diagnosis_code": '
BODIES = {
    "NaN": START.replace(b"67", b"NaN") + b'"I10"}',
    "Infinity": START.replace(b"67", b"Infinity") + b'"I10"}',
    "overflow": START.replace(b"67", b"1e999") + b'"I10"}',
    "5,000 digits": START.replace(b"67", b"9" * 5_000) + b'"I10"}',
    "lone surrogate": START + b'"\\ud800"}',
    "duplicate key": START + b'"I10", "age": 3}',
    "100,000 deep": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "bad UTF-8": START + b'"\xff"}',
    "truncated": START,
    "array": b"[]",
    "text": b'"hello"',
    "null": b"null",
    "nothing": b"",
    "NUL": START + b'"\\u0000"}',
    "too large": START + b'"' + b"x" * 2_000_001 + b'"}',
    "a million rows": b'{"patients":[' + b"{}," * 600_000 + b"{}]}",
}


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("path", ["/predict", "/predict/batch", "/predict/readmission"])
def test_hostile_bodies_are_refused(client: TestClient, bearer: Bearer, kind: str, path: str) -> None:
    headers = bearer("scorer") | {"content-type": "application/json"}
    reply = client.post(path, content=BODIES[kind], headers=headers)
    assert 400 <= reply.status_code < 500, reply.status_code
    assert reply.headers["content-type"] == "application/problem+json" and len(reply.content) < 6_000


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data; boundary=x", ""])
def test_another_content_type_is_refused(client: TestClient, bearer: Bearer, kind: str) -> None:
    reply = client.post("/predict", content=b"{}", headers=bearer("scorer") | {"content-type": kind})
    assert reply.status_code == 415


def test_a_code_that_holds_a_nul_is_no_server_error(client: TestClient, bearer: Bearer) -> None:
    body = {"age": 67, "gender": "F\u0000", "department": "C", "diagnosis_code": "\u202eI10"}
    assert client.post("/predict", json=body, headers=bearer("scorer")).status_code in (200, 422)
