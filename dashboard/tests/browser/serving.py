"""Gateway and dashboard as they run, and a person at them in Chromium."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import TimeoutError

PASSWORD = "correct horse battery"


def free_port() -> int:
    """A port that nobody uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_for(url: str) -> None:
    """Until an address answers."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            if requests.get(url, timeout=1).ok:
                return
        except requests.RequestException:
            time.sleep(0.2)
    raise AssertionError(f"{url} does not answer")


@contextmanager
def served(home: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Both on a home; the dashboard's address and process."""
    gateway, dashboard = free_port(), free_port()
    environment = os.environ | {"MEDIFLOW_HOME": str(home), "MEDIFLOW_GATEWAY_URL": f"http://127.0.0.1:{gateway}"}
    children = [
        subprocess.Popen(
            [sys.executable, "-m", name, "--port", str(port)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for name, port in (("serving", gateway), ("dashboard", dashboard))
    ]
    try:
        wait_for(f"http://127.0.0.1:{gateway}/health/live")
        wait_for(f"http://127.0.0.1:{dashboard}/_stcore/health")
        yield f"http://127.0.0.1:{dashboard}", children[1]
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait(timeout=15)


def sign_in(page: Any, address: str, user: str) -> float:
    """Sign in by keyboard; returns the moment at which Enter was pressed."""
    page.goto(address, wait_until="domcontentloaded")
    page.get_by_label("Name", exact=True).fill(user)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    began = time.perf_counter()
    page.keyboard.press("Enter")
    return began


def settled(page: Any) -> None:
    """Until the page's program has run to its end."""
    page.wait_for_function(
        "document.querySelector('[data-testid=stApp]')?.getAttribute('data-test-script-state') === 'notRunning'"
        " && !document.querySelector('[data-stale=true]')",
        timeout=60_000,
    )


def opened(page: Any, act: Callable[[], object]) -> None:
    """Open a list of options; a run of the page that ends meanwhile closes it again."""
    for _ in range(5):
        act()
        with suppress(TimeoutError):
            page.get_by_role("option").first.wait_for(timeout=5_000)
            return
    raise AssertionError("The list does not open")
