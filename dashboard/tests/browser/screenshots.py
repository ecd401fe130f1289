"""`make screenshots`: the six pages as they stand in docs/screenshots, from a home with tables and models."""

import argparse
import secrets
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

from dashboard.tests.browser.serving import PASSWORD, served, settled, sign_in
from dashboard.views import PAGES
from mediflow_assets.identity.users import ROLES, Users
from mediflow_assets.settings import Settings

HEIGHT = 1250


def main() -> None:
    """Take them, as a user made for it, who is disabled afterwards."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--home", type=Path, default=Path(".mediflow"))
    asked.add_argument("--to", type=Path, default=Path("docs/screenshots"))
    given = asked.parse_args()
    home = given.home.absolute()
    users, name = Users(Settings(home=home).ops_url), f"viewer-{secrets.token_hex(2)}"
    users.create(name, PASSWORD, list(ROLES))
    try:
        with served(home) as (address, _):
            _take(address, name, given.to)
    finally:
        users.disable(name)


def _take(address: str, user: str, folder: Path) -> None:
    with sync_playwright() as tool:
        browser = tool.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": HEIGHT})
        sign_in(page, address, user)
        for name, (title, _) in PAGES.items():
            page.get_by_test_id("stSidebarNav").get_by_role("link", name=title).click()
            page.get_by_role("heading", name=title, level=1).wait_for(timeout=60_000)
            settled(page)
            if name == "predictions":
                page.get_by_role("button", name="Predict", exact=True).click()
                page.get_by_role("heading", name="What drove the answer").wait_for(timeout=60_000)
                settled(page)
            # charts draw themselves after the page's program has ended
            if name in ("executive", "clinical"):
                page.locator(".js-plotly-plot .main-svg").first.wait_for(timeout=60_000)
            page.wait_for_timeout(3_000)
            page.screenshot(path=folder / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
