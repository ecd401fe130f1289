"""The dashboard and the gateway as they run, in real Chromium: `make test-browser`."""

import io
import itertools
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from dashboard.tests.browser import serving
from dashboard.tests.browser.serving import PASSWORD, opened, settled
from dashboard.tests.lakes import fill
from dashboard.views import PAGES
from mediflow_assets.contracts.served import MODELS
from mediflow_assets.identity.users import ROLES, Users
from mediflow_assets.scoring import models_uri
from mediflow_assets.settings import Settings
from mediflow_assets_tests.rehearsal import rehearse

pytestmark = pytest.mark.browser
USERS = 5
_names = itertools.cycle(f"everyone-{number}" for number in range(USERS))
"""In turn: the gateway allows ten sign-ins an account in a short time."""


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    settings = Settings(home=tmp_path_factory.mktemp("browser"))
    settings.secrets.mkdir(mode=0o700, parents=True)
    users = Users(settings.ops_url)
    for number in range(USERS):
        users.create(f"everyone-{number}", PASSWORD, list(ROLES))
    for name in MODELS:
        rehearse(models_uri(settings.lake_root), name)
    fill(Path(settings.root))
    (Path(settings.root) / "synthetic").touch()
    with serving.served(Path(settings.root)) as (found, _):
        yield found


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tool:
        found = tool.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield found
        found.close()


def sign_in(browser: Any, address: str, width: int = 1440, scheme: str = "light") -> Any:
    page = browser.new_page(viewport={"width": width, "height": 1000}, color_scheme=scheme, accept_downloads=True)
    page.set_default_timeout(60_000)
    serving.sign_in(page, address, next(_names))
    page.get_by_role("heading", name="Executive Summary", level=1).wait_for(timeout=30_000)
    settled(page)
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
    settled(page)


def downloaded(page: Any, title: str) -> pl.DataFrame:
    """The CSV under a chart."""
    box = page.get_by_test_id("stExpander").filter(has_text=f"Table and download: {title}").first
    button = box.get_by_role("button", name="Download CSV")
    if not button.is_visible():
        box.locator("summary").click()
    with page.expect_download() as waiting:
        button.click()
    # the page runs again once the download is on its way, a moment later
    page.wait_for_timeout(500)
    settled(page)
    return pl.read_csv(io.BytesIO(Path(waiting.value.path()).read_bytes()))


@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_opens_without_an_error(address: str, browser: Any, width: int, scheme: str) -> None:
    page = sign_in(browser, address, width, scheme)
    for name in PAGES:
        if name != "executive":
            show(page, name)
        assert page.get_by_test_id("stException").count() == 0
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert page.get_by_text("This data is synthetic").is_visible()
        assert "token" not in page.url and "eyJ" not in page.url
    page.close()


def test_a_filter_is_kept_in_the_url_and_a_download_holds_the_table(address: str, browser: Any) -> None:
    page = sign_in(browser, f"{address}/?period=2023&department=SURGERY&class=all")
    assert "department=SURGERY" in page.url
    found = downloaded(page, "Volume by month")
    assert found.select("department", "encounters").rows() == [("SURGERY", 21), ("SURGERY", 22)]
    box = page.get_by_test_id("stSelectbox").filter(has_text="Department").locator("input")
    opened(page, box.click)
    page.get_by_role("option", name="CARDIOLOGY").click()
    page.wait_for_url("**department=CARDIOLOGY**")
    settled(page)
    assert set(downloaded(page, "Volume by month")["department"]) == {"CARDIOLOGY"}
    page.close()


def test_every_chart_has_a_download_that_holds_its_rows(address: str, browser: Any) -> None:
    page = sign_in(browser, address)
    show(page, "clinical")
    assert set(downloaded(page, "Age bands by gender").columns) == {"age_band", "gender", "patients", "is_hidden"}
    ages = downloaded(page, "Age bands by gender").filter(pl.col("age_band") == "90+")
    assert ages["patients"].to_list() == [None]
    show(page, "quality")
    assert downloaded(page, "Quarantine by reason")["records"].to_list() == [51, 6]
    page.close()


def test_tables_offer_no_download_beside_their_own(address: str, browser: Any) -> None:
    page = sign_in(browser, address)
    show(page, "governance")
    page.get_by_test_id("stDataFrame").first.hover()
    page.get_by_role("button", name="Show/hide columns").first.wait_for(timeout=30_000)
    assert not page.locator("button[aria-label^='Download as CSV']").first.is_visible()
    page.close()


def test_the_dictionary_and_the_lineage_are_files_that_can_be_read(address: str, browser: Any) -> None:
    page = sign_in(browser, address)
    show(page, "governance")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="OpenLineage (JSON lines)").click()
    events = [json.loads(line) for line in Path(waiting.value.path()).read_text().splitlines()]
    assert {"masked/encounters", "gold/readmissions"} <= {event["dataset"]["name"] for event in events}
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Data dictionary (Markdown)").click()
    assert "masked/encounters" in Path(waiting.value.path()).read_text()
    page.close()


def test_predictions_and_an_upload_are_answered_by_the_gateway(address: str, browser: Any) -> None:
    page = sign_in(browser, address)
    show(page, "predictions")
    page.get_by_role("button", name="Predict", exact=True).click()
    page.get_by_text("of such costs lie between").wait_for(timeout=30_000)
    page.get_by_text("treatment-cost, version 1, request").wait_for()
    page.get_by_role("heading", name="What drove the answer").wait_for()
    page.get_by_test_id("stForm").get_by_text("30-day readmission").click()
    page.get_by_role("button", name="Predict", exact=True).click()
    page.get_by_text("readmission-risk, version 1, request").wait_for(timeout=30_000)
    page.get_by_role("tab", name="A file").click()
    content = b"age,gender,department,diagnosis_code\n67,F,SURGERY,I50.9\n30,M,CARDIOLOGY,E11.9\n"
    page.locator("input[type=file]").set_input_files([{"name": "two.csv", "mimeType": "text/csv", "buffer": content}])
    page.get_by_role("button", name="Score the file").click()
    for _ in range(2):  # the answers stay on the page after the first download
        with page.expect_download() as waiting:
            page.get_by_role("button", name="Download the answers").click()
        scored = pl.read_csv(waiting.value.path())
        assert scored["age"].to_list() == [67, 30] and scored["predicted_cost_usd"].min() > 0  # type: ignore[operator]
    page.close()


def test_a_malformed_upload_is_one_sentence(address: str, browser: Any) -> None:
    page = sign_in(browser, address)
    show(page, "predictions")
    page.get_by_role("tab", name="A file").click()
    page.locator("input[type=file]").set_input_files([{"name": "x.csv", "mimeType": "text/csv", "buffer": b"\xff\xfe"}])
    page.get_by_role("button", name="Score the file").click()
    page.get_by_text("The file is not a CSV in UTF-8 with a header.").wait_for(timeout=30_000)
    assert page.get_by_test_id("stException").count() == 0
    page.close()


def test_a_table_of_the_asset_graph_can_be_picked(address: str, browser: Any) -> None:
    page = sign_in(browser, address)
    show(page, "governance")
    point = page.locator(".js-plotly-plot .scatterlayer .point").nth(3)
    point.scroll_into_view_if_needed()
    settled(page)
    box = point.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    chosen = page.get_by_test_id("stSelectbox").filter(has_text="Column lineage of")
    chosen.get_by_text("bronze/").or_(chosen.locator("input[value^='bronze/']")).first.wait_for(timeout=30_000)
    page.close()


def test_the_keyboard_is_enough(address: str, browser: Any) -> None:
    """Sign in, go to a page, change a filter and open a table without a mouse."""
    page = sign_in(browser, address)
    _tab_to(page, "Department")
    opened(page, lambda: page.keyboard.press("ArrowDown"))
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("department=(?!all)"))
    _tab_to(page, "Table and download: Volume by month")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Download CSV").first.wait_for()
    page.keyboard.press("Home")
    _tab_to(page, "Clinical Insights")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Clinical Insights", level=1).wait_for(timeout=30_000)
    page.close()


def _tab_to(page: Any, name: str) -> None:
    """Press Tab until what has the focus bears this name."""
    script = """() => { const at = document.activeElement;
        return at === document.body ? '' : (at.getAttribute('aria-label') || '') + ' ' + (at.innerText || '') }"""
    for _ in range(120):
        page.keyboard.press("Tab")
        if name in page.evaluate(script):
            return
    raise AssertionError(f"Tab never reaches {name}")


def test_a_page_address_opened_without_a_session_leads_to_the_form(address: str, browser: Any) -> None:
    page = browser.new_page()
    page.goto(f"{address}/clinical")
    page.get_by_label("Password", exact=True).wait_for(timeout=30_000)
    assert page.get_by_text("Page not found").count() == 0
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_serious(address: str, browser: Any, name: str, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = sign_in(browser, address, scheme=scheme)
    if name != "executive":
        show(page, name)
    found = Axe().run(page).response["violations"]
    page.close()
    serious = [each for each in found if each["impact"] in ("serious", "critical")]
    assert [(each["id"], node["html"][:300]) for each in serious for node in each["nodes"]] == []
