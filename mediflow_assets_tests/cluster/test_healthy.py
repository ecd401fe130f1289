"""Health is asked by standard library alone: a page below 400, or a port that takes connections."""

import http.server
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from mediflow_assets.cluster.healthy import is_healthy


class Page(http.server.BaseHTTPRequestHandler):
    """Answers with the status that the path names."""

    def do_GET(self) -> None:
        self.send_response(int(self.path[1:]))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    with http.server.HTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.mark.parametrize(("status", "is_well"), [(200, True), (204, True), (404, False), (503, False)])
def test_a_page_is_judged_by_its_status(port: int, status: int, is_well: bool) -> None:
    assert is_healthy(f"http://127.0.0.1:{port}/{status}") is is_well


def test_a_port_is_judged_by_a_connection(port: int) -> None:
    assert is_healthy(f"tcp://127.0.0.1:{port}")
    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = server.getsockname()[1]
    assert not is_healthy(f"tcp://127.0.0.1:{closed}")


def test_as_a_command_it_exits_by_what_it_finds(port: int) -> None:
    command = [sys.executable, "-m", "mediflow_assets.cluster.healthy"]
    well = subprocess.run([*command, f"http://127.0.0.1:{port}/200", f"tcp://127.0.0.1:{port}"])
    ill = subprocess.run([*command, f"http://127.0.0.1:{port}/200", f"http://127.0.0.1:{port}/500"])
    assert (well.returncode, ill.returncode) == (0, 1)
