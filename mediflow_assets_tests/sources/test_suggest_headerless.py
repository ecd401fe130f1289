"""An export without a header is refused by what to do, and its first record is not shown."""

from typing import Any

import pytest

from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources.suggest import suggest
from mediflow_assets_tests.sources.test_suggest import AMERICAN, GERMAN, TODAY, export

MIXED = {
    "P0000x": lambda row: f"P{row:04}x",
    "Mustermann Max": ["Roe Ada", "Doe Bo", "Quill Cy"],
    "M": ["M", "F"],
    "01 Mar 2026": lambda row: f"{1 + row % 28:02} Mar 2026",
    "Herr": ["Frau", "Herr"],
}


@pytest.mark.parametrize(
    "left", [[], ["01 Mar 2026"], ["01 Mar 2026", "M"], ["P0000x"], ["Mustermann Max", "M"], ["M", "Herr"]]
)
def test_a_first_record_is_no_header(write: Any, left: list[str]) -> None:
    columns = {name: of for name, of in MIXED.items() if name not in left}
    with pytest.raises(DeliveryRefused, match=r"looks like a record|they hold values") as refusal:
        suggest(write(export(columns, ";")), today=TODAY)
    assert "names of its columns" in str(refusal.value) and "Mustermann" not in str(refusal.value)


def test_a_record_with_words_of_headers_is_none(write: Any) -> None:
    columns = {"Station 3": ["Station 1", "Station 4"], "A12x7": lambda row: f"A{row + 10}x{row % 9}"}
    with pytest.raises(DeliveryRefused, match="looks like a record"):
        suggest(write(export({**columns, "Innere": ["Innere", "Chirurgie"]}, ";")), today=TODAY)


@pytest.mark.parametrize("columns", [GERMAN, AMERICAN, {"MRN": GERMAN["Pat.-Nr."], "Admit1": lambda row: f"A{row}"}])
def test_a_header_that_stands_again_is_one(write: Any, columns: dict[str, Any]) -> None:
    content = export(columns, ";")
    assert suggest(write(content + content), today=TODAY).section
