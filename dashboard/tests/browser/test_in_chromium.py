"""The dashboard and the gateway as they run, in real Chromium: `make test-browser`."""

import itertools
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import requests

from dashboard.tests.lakes import fill
from dashboard.views import PAGES
from mediflow_assets.contracts.inputs import MODELS
from mediflow_assets.governance.users import ROLES, Users
from mediflow_assets.scoring import models_uri
from mediflow_assets.settings import Settings
from mediflow_assets_tests.rehearsal import rehearse

pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery"
MOST_SIGN_INS = 20
_numbers = itertools.count()
"""A user for each sign-in: the gateway allows ten an account."""


def _port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait(url: str) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            if requests.get(url, timeout=1).ok:
                return
        except requests.RequestException:
            time.sleep(0.2)
    raise AssertionError(f"{url} does not answer")


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = Settings(home=tmp_path_factory.mktemp("browser"))
    settings.secrets.mkdir(mode=0o700, parents=True)
    users = Users(settings.ops_url)
    for number in range(MOST_SIGN_INS):
        users.create(f"everyone-{number}", PASSWORD, list(ROLES))
    for name in MODELS:
        rehearse(Path(settings.root), models_uri(settings.lake_root), name)
    fill(Path(settings.root))
    gateway, dashboard = _port(), _port()
    environment = os.environ | {
        "MEDIFLOW_HOME": str(settings.root),
        "MEDIFLOW_GATEWAY_URL": f"http://127.0.0.1:{gateway}",
    }
    commands = (("serving", gateway), ("dashboard", dashboard))
    children = [subprocess.Popen([sys.executable, "-m", name, "--port", str(port)], env=environment,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                for name, port in commands]  # fmt: skip
    try:
        _wait(f"http://127.0.0.1:{gateway}/health/live")
        _wait(f"http://127.0.0.1:{dashboard}/_stcore/health")
        yield f"http://127.0.0.1:{dashboard}"
    finally:
        for child in children:
            child.terminate()
        for child in children:
            child.wait(timeout=15)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tool:
        found = tool.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield found
        found.close()


def sign_in(browser: Any, address: str, width: int = 1440, scheme: str = "light") -> Any:
    page = browser.new_page(viewport={"width": width, "height": 1000}, color_scheme=scheme, accept_downloads=True)
    page.goto(address)
    page.get_by_label("Name", exact=True).fill(f"everyone-{next(_numbers)}")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Executive Summary", level=1).wait_for(timeout=30_000)
    return page


def show(page: Any, name: str) -> None:
    """Open a page by its link, which may lie behind the menu's button."""
    title = PAGES[name][0]
    link = page.get_by_test_id("stSidebarNav").get_by_role("link", name=title)
    box = link.bounding_box()
    if box is None or box["x"] < 0:
        page.get_by_test_id("stExpandSidebarButton").click()
    link.click()
    page.get_by_role("heading", name=title, level=1).wait_for(timeout=30_000)


@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_opens_without_an_error(address: str, browser: Any, width: int, scheme: str) -> None:
    page = sign_in(browser, address, width, scheme)
    for name in PAGES:
        if name != "executive":
            show(page, name)
        page.get_by_test_id("stStatusWidget").wait_for(state="detached", timeout=30_000)
        assert page.get_by_test_id("stException").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert "token" not in page.url
    page.close()


def test_a_filter_is_kept_in_the_url_and_a_download_holds_the_table(address: str, browser: Any) -> None:
    page = sign_in(browser, f"{address}/?period=2023&department=SURGERY&class=all")
    assert "department=SURGERY" in page.url
    page.get_by_text("Table and download: Volume by month").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download CSV").first.click()
    assert set(pl.read_csv(waiting.value.path())["department"]) == {"SURGERY"}
    page.close()


def test_a_prediction_and_an_upload_are_answered_by_the_gateway(address: str, browser: Any) -> None:
    page = sign_in(browser, address)
    show(page, "predictions")
    page.get_by_role("button", name="Predict", exact=True).click()
    page.get_by_text("of such costs lie between").wait_for(timeout=30_000)
    content = b"age,gender,department,diagnosis_code\n67,F,SURGERY,I50.9\n30,M,CARDIOLOGY,E11.9\n"
    page.locator("input[type=file]").set_input_files([{"name": "two.csv", "mimeType": "text/csv", "buffer": content}])
    page.get_by_role("button", name="Score the file").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download the answers").click()
    assert pl.read_csv(waiting.value.path())["predicted_cost_usd"].min() > 0
    page.close()


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_serious(address: str, browser: Any, name: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = sign_in(browser, address)
    if name != "executive":
        show(page, name)
    page.get_by_test_id("stStatusWidget").wait_for(state="detached", timeout=30_000)
    found = Axe().run(page).response["violations"]
    page.close()
    serious = [each for each in found if each["impact"] in ("serious", "critical")]
    assert [(each["id"], node["html"][:300]) for each in serious for node in each["nodes"]] == []
