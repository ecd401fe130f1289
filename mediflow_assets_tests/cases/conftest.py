"""Small deliveries with a known right outcome, each in a folder beside RIGHT.md, which says it."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mediflow_assets.sources import Feeds

HERE = Path(__file__).parent
RECEIVED = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
"""After all that the cases tell of."""


@pytest.fixture
def told(house: Any) -> Callable[[str], Any]:
    """The house once it has taken in the deliveries of a case, one after the other."""

    def _told(case: str) -> Any:
        mine = house.with_feeds(Feeds.load(HERE / case / "sources.toml"))
        files = [file for file in sorted((HERE / case).iterdir()) if file.suffix not in (".md", ".toml")]
        for file in files:
            mine.deliver(file.read_bytes(), RECEIVED, file.name)
            mine.make_silver()
        mine.assert_balanced()
        return mine

    return _told
