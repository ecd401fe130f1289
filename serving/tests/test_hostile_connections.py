"""Connections that mean harm, to the process itself: closed or refused in time, while others are answered."""

import contextlib
import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest

from serving.schemas import PATIENT
from serving.tests.conftest import header

pytestmark = pytest.mark.slow
POST = b"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
DEADLINE_SECONDS = 15


@pytest.fixture(scope="module")
def token(url: str) -> bytes:
    return b"authorization: " + header(url)["authorization"].encode() + b"\r\n"


@contextlib.contextmanager
def connected(url: str) -> Iterator[socket.socket]:
    where = urlsplit(url)
    with socket.create_connection((where.hostname or "", where.port or 0), 40) as found:
        yield found


def reply_of(connection: socket.socket) -> tuple[int, bytes]:
    """The status, 0 where the connection was closed without a word, and all that came."""
    came = b""
    with contextlib.suppress(ConnectionError):
        while part := connection.recv(65_536):
            came += part
            if b"\r\n\r\n" in came and came.endswith(b"}"):
                break
    return (int(came.split()[1]) if came else 0), came


def flood(connection: socket.socket, part: bytes, most_bytes: int) -> int:
    """Send until it is refused; gives how many bytes went out."""
    sent = 0
    with contextlib.suppress(ConnectionError):
        while sent < most_bytes:
            connection.sendall(part)
            sent += len(part)
    return sent


FLOODS: dict[str, tuple[bytes, bytes, int]] = {
    "chunked": (POST + b"transfer-encoding: chunked\r\n", b"10000\r\n" + b" " * 65_536 + b"\r\n", 413),
    "chunked, of one byte each": (POST + b"transfer-encoding: chunked\r\n", b"1\r\n \r\n" * 4_096, 413),
    "more than was announced": (POST + b"content-length: 100000000\r\n", b" " * 65_536, 413),
    "headers": (b"GET / HTTP/1.1\r\nx: ", b"a" * 65_536, 431),
    "many headers": (b"GET / HTTP/1.1\r\n", b"x: y\r\n" * 4_096, 431),
    "a path": (b"GET /", b"a" * 65_536, 431),
    "trailers": (POST + b"transfer-encoding: chunked\r\n\r\n1\r\n{\r\n0\r\nx: ", b"a" * 65_536, 431),
}


@pytest.mark.parametrize("kind", FLOODS)
def test_a_flood_is_refused_within_5_seconds(url: str, token: bytes, kind: str) -> None:
    start, part, status = FLOODS[kind]
    if start.startswith(POST):
        start = start.replace(POST, POST + token, 1)
        start += b"" if b"\r\n\r\n" in start else b"\r\n"
    with connected(url) as connection:
        began = time.monotonic()
        connection.sendall(start)
        # a chunk of one byte takes six
        assert flood(connection, part, 100_000_000) < 40_000_000
        found, came = reply_of(connection)
        # a client that goes on sending may lose the reply with the connection
        assert found in (status, 0) and time.monotonic() - began < 5
        assert found == 0 or b"application/problem+json" in came


@pytest.mark.parametrize("content", [b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", b"\r\n\r\nhello\r\n\r\n"])
def test_what_is_not_http_is_a_problem(url: str, content: bytes) -> None:
    with connected(url) as connection:
        connection.sendall(content)
        status, came = reply_of(connection)
    body = json.loads(came.split(b"\r\n\r\n", 1)[1])
    assert status == body["status"] == 400 and b"application/problem+json" in came


def test_a_websocket_is_not_opened(url: str) -> None:
    with connected(url) as connection:
        connection.sendall(
            b"GET /predict HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
            b"sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZQ==\r\n\r\n"
        )
        assert reply_of(connection)[0] == 405


def half_a_body(connection: socket.socket, token: bytes) -> None:
    connection.sendall(POST + token + b"content-length: 100\r\n\r\n" + b'{"age": ')


def half_a_chunk(connection: socket.socket, token: bytes) -> None:
    connection.sendall(POST + token + b"transfer-encoding: chunked\r\n\r\n5\r\n{")


def half_a_header(connection: socket.socket, token: bytes) -> None:
    connection.sendall(POST[:30])


def nothing_at_all(connection: socket.socket, token: bytes) -> None:
    pass


def drops(connection: socket.socket, token: bytes) -> None:
    """A byte a second: never silent for long, and never done."""
    half_a_body(connection, token)
    with contextlib.suppress(ConnectionError):
        for _ in range(DEADLINE_SECONDS + 5):
            time.sleep(1)
            connection.sendall(b" ")


SLOW: list[tuple[Callable[[socket.socket, bytes], None], int]] = [
    (half_a_body, 408),
    (half_a_chunk, 408),
    (drops, 408),
    (half_a_header, 0),
    (nothing_at_all, 0),
]


def test_slow_connections_are_closed_within_15_seconds_and_others_answered(url: str, token: bytes) -> None:
    def wait(kind: Callable[[socket.socket, bytes], None], status: int) -> tuple[str, bool]:
        with connected(url) as connection:
            began = time.monotonic()
            kind(connection, token)
            found, _ = reply_of(connection)
            took = time.monotonic() - began
        is_dropping = kind is drops
        return kind.__name__, found in (status, 0 if is_dropping else status) and took < DEADLINE_SECONDS + (
            7 if is_dropping else 2
        )

    with ThreadPoolExecutor(40) as threads:
        waiting = [threads.submit(wait, kind, status) for kind, status in SLOW for _ in range(8)]
        asked = header(url)
        with httpx.Client(base_url=url, headers=asked) as client:
            for _ in range(50):
                assert client.post("/predict", json=PATIENT, timeout=5).status_code == 200
        assert [name for name, is_right in (each.result() for each in waiting) if not is_right] == []


def test_a_client_that_does_not_read_its_reply_is_let_go(url: str) -> None:
    where, replies = urlsplit(url), 300
    reply_bytes, taken = len(httpx.get(f"{url}/openapi.json").content), 0
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1_024)
        connection.connect((where.hostname, where.port))
        connection.settimeout(40)
        # more than the buffers of both ends hold
        connection.sendall(b"GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n" * replies)
        time.sleep(DEADLINE_SECONDS + 2)
        with contextlib.suppress(ConnectionError):
            while part := connection.recv(1_000_000):
                taken += len(part)
    assert taken < replies * reply_bytes / 2
