"""Each page x role x state of the house: a sentence where it cannot show, the tables' figures where it can."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dashboard.session import PAGES_OF
from dashboard.tests.conftest import encounters, fill
from dashboard.views import PAGES

Open = Callable[..., Any]


def texts(page: Any) -> str:
    """Every sentence of a page."""
    parts = [*page.info, *page.warning, *page.error, *page.caption, *page.markdown, *page.success]
    return "\n".join(str(part.value) for part in parts)


def metrics(page: Any) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


@pytest.mark.parametrize("role", PAGES_OF)
@pytest.mark.parametrize("name", PAGES)
def test_a_role_opens_its_pages_and_no_other(role: str, name: str, home: Path, open_page: Open) -> None:
    page = open_page(name, role)
    assert ("Your roles do not open this page" in texts(page)) is (name not in PAGES_OF[role])


@pytest.mark.parametrize("name", ["executive", "clinical", "quality", "governance", "predictions"])
def test_an_empty_lake_is_told_with_the_command_that_fills_it(name: str, home: Path, open_page: Open) -> None:
    page = open_page(name, "analyst", "clinician", "privacy_officer")
    assert "To fill it, run 'mediflow run" in texts(page)


def test_where_no_stream_runs_the_page_says_so(filled: Path, open_page: Open) -> None:
    assert "No stream is running" in texts(open_page("stream", "operator"))


@pytest.mark.parametrize("name", ["predictions", "governance"])
def test_a_gateway_that_is_down_is_told_and_the_tables_still_show(name: str, filled: Path, open_page: Open) -> None:
    page = open_page(name, "clinician", "privacy_officer")
    assert "The gateway does not answer" in texts(page)
    assert len(page.dataframe) >= 3


def test_the_figures_are_those_of_the_tables(filled: Path, open_page: Open) -> None:
    shown = metrics(open_page("executive", "executive", period="2024"))
    people = {row["patient_key"] for row in encounters() if row["admitted_year"] == 2024}
    shown_people = {key for key in people if not key.startswith("small")}
    assert shown["Encounters"] == "86"
    assert shown["Total cost"] == "$6,000"
    assert int(shown["Patients"]) <= len(shown_people)


@pytest.mark.parametrize("name", ["executive", "quality"])
def test_every_figure_changes_with_the_tables(name: str, filled: Path, open_page: Open) -> None:
    before = metrics(open_page(name, "executive", "analyst"))
    fill(filled, seed=2)
    after = metrics(open_page(name, "executive", "analyst"))
    same = {label for label in before if before[label] == after[label]} - {"Tables with grade A"}
    assert not same


@pytest.mark.parametrize("name", ["clinical", "predictions"])
def test_every_table_of_a_page_changes_with_the_lake(name: str, filled: Path, open_page: Open) -> None:
    before = [each.value for each in open_page(name, "clinician").dataframe]
    fill(filled, seed=2)
    after = [each.value for each in open_page(name, "clinician").dataframe]
    assert sum(one.equals(other) for one, other in zip(before, after, strict=True)) <= (
        1 if name == "predictions" else 0
    )


@pytest.mark.parametrize("name", ["executive", "clinical"])
def test_no_count_of_1_to_10_people_is_shown(name: str, filled: Path, open_page: Open) -> None:
    page = open_page(name, "analyst")
    counted = ("patients", "encounters", "index_stays", "readmitted")
    for table in page.dataframe:
        for column in set(counted) & set(table.value.columns):
            assert not table.value[column].between(1, 10).any()
    assert "777" not in "".join(table.value.to_csv() for table in page.dataframe)


def test_a_filter_of_the_url_that_no_table_holds_is_ignored(filled: Path, open_page: Open) -> None:
    page = open_page("executive", "analyst", department="'; DROP TABLE", period="1066")
    assert page.selectbox(key="executive department").value == "all"
    assert page.query_params["period"] in ("2024", ["2024"])
