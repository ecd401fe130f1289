"""Bodies that mean harm get a 4xx in time, and never a 5xx; of strangers nothing is even read as JSON."""

import time
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from serving import strict_json

Bearer = Callable[[str], dict[str, str]]
START = b'{"age": 67, "gender": "F", "department": "CARDIOLOGY", "diagnosis_code": '
BODIES = {
    "NaN": START.replace(b"67", b"NaN") + b'"I10"}',
    "Infinity": START.replace(b"67", b"Infinity") + b'"I10"}',
    "overflow": START.replace(b"67", b"1e999") + b'"I10"}',
    "5,000 digits": START.replace(b"67", b"9" * 5_000) + b'"I10"}',
    "-Infinity": START.replace(b"67", b"-Infinity") + b'"I10"}',
    "5,000 digits after the point": START.replace(b"67", b"0." + b"9" * 5_000) + b'"I10"}',
    "true for a number": START.replace(b"67", b"true") + b'"I10"}',
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
    "1,000,000 rows": b'{"patients":[' + b"{}," * 999_999 + b"{}]}",
    "600,000 rows within 2 MB": b'{"patients":[' + b"{}," * 600_000 + b"{}]}",
    "950,000 numbers for rows": b'{"patients":[' + b"0," * 950_000 + b"0]}",
    "10,000 wrong rows": b'{"patients":['
    + b'{"age":"x","gender":1,"department":"","diagnosis_code":""},' * 9_999
    + b"{}]}",
    "150,000 keys": b"{" + b",".join(b'"k%d":1' % number for number in range(150_000)) + b"}",
    "660,000 lists": b"[" + b"[]," * 660_000 + b"[]]",
    "900,000 escaped quotes": b'["' + b'\\"' * 900_000 + b'"]',
}


each_body = pytest.mark.parametrize("kind", BODIES)
each_path = pytest.mark.parametrize(
    "path", ["/predict", "/predict/batch", "/predict/readmission", "/predict/readmission/batch"]
)


@pytest.mark.slow
@each_body
@each_path
def test_hostile_bodies_are_refused_within_5_seconds(client: TestClient, bearer: Bearer, kind: str, path: str) -> None:
    headers = bearer("scorer") | {"content-type": "application/json"}
    began = time.monotonic()
    client.post(path, content=BODIES[kind], headers=headers)
    assert time.monotonic() - began < 5


@each_body
@each_path
def test_hostile_bodies_are_refused(client: TestClient, bearer: Bearer, kind: str, path: str) -> None:
    headers = bearer("scorer") | {"content-type": "application/json"}
    reply = client.post(path, content=BODIES[kind], headers=headers)
    assert 400 <= reply.status_code < 500, reply.status_code
    assert reply.headers["content-type"] == "application/problem+json" and len(reply.content) < 6_000


@pytest.mark.parametrize("kind", ["NaN", "Infinity", "lone surrogate", "true for a number", "duplicate key"])
def test_what_no_number_or_text_may_be_is_422(client: TestClient, bearer: Bearer, kind: str) -> None:
    headers = bearer("scorer") | {"content-type": "application/json"}
    assert client.post("/predict", content=BODIES[kind], headers=headers).status_code == 422


@each_body
def test_a_stranger_is_told_nothing_of_a_body(client: TestClient, kind: str) -> None:
    reply = client.post("/predict/batch", content=BODIES[kind], headers={"content-type": "application/json"})
    assert reply.status_code == 401


@pytest.mark.parametrize(
    ("content", "depth"),
    [
        (b"[" * 16 + b"]" * 16, 16),
        (b"[" * 17 + b"]" * 17, 17),
        (b'{"a":' * 20 + b"1" + b"}" * 20, 20),
        (b"[" + b"[]," * 50 + b"[]]", 2),
        (b"]" * 20 + b"[" * 20, 0),
        (b'["' + b"[" * 99 + b'"]', 1),
        (rb'["' + rb"\"[" * 99 + rb'"]', 1),
        (rb'["\\",' + b"[" * 30 + b"]" * 31, 31),
        (rb'["\\\"' + b"[" * 30 + b'"]', 1),
    ],
)
def test_depth_counts_brackets_outside_of_texts(content: bytes, depth: int) -> None:
    assert strict_json._depth(content) == depth


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data; boundary=x", ""])
def test_another_content_type_is_refused(client: TestClient, bearer: Bearer, kind: str) -> None:
    reply = client.post("/predict", content=b"{}", headers=bearer("scorer") | {"content-type": kind})
    assert reply.status_code == 415


def test_a_code_that_holds_a_nul_is_no_server_error(client: TestClient, bearer: Bearer) -> None:
    body = {"age": 67, "gender": "F\u0000", "department": "C", "diagnosis_code": "\u202eI10"}
    assert client.post("/predict", json=body, headers=bearer("scorer")).status_code in (200, 422)
