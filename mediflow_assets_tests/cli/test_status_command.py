"""`mediflow status`: its shape, and when it is not content."""

import json
from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

from mediflow_assets.ingest.inbox import Inbox
from mediflow_assets.ingest.landing import land_all
from mediflow_assets.storage.delta import Lake

Run = Callable[..., Result]

Csv = Callable[..., Path]
Checked = Callable[..., None]


def test_an_empty_home_is_sound(mediflow: Run) -> None:
    empty = {"deliveries": [], "tables": {}, "reconciliation": [], "checks": [], "models": []}
    shown = mediflow("status", "--json")
    assert (shown.exit_code, json.loads(shown.stdout)) == (0, empty)


def test_landed_and_waiting_deliveries_are_told_apart(mediflow: Run, inbox: Inbox, lake: Lake, csv: Csv) -> None:
    mediflow("ingest", csv("a.csv", 1, 2))
    land_all(lake, inbox)
    mediflow("ingest", csv("b.csv", 3))
    landed, waiting = json.loads(mediflow("status", "--json").stdout)["deliveries"]
    assert (landed["state"], landed["records"], landed["bronze"], landed["rejects"]) == ("landed", 2, 2, 0)
    assert (waiting["state"], waiting["records"], len(waiting["id"])) == ("waiting", None, 12)


def test_a_table_has_its_rows_its_version_and_its_time(mediflow: Run, inbox: Inbox, lake: Lake, csv: Csv) -> None:
    mediflow("ingest", csv("a.csv", 1, 2))
    land_all(lake, inbox)
    table = json.loads(mediflow("status", "--json").stdout)["tables"]["bronze/admissions"]
    assert (table["rows"], table["version"], table["updated_at"][:2]) == (2, 1, "20")


def test_the_last_result_of_a_check_counts(mediflow: Run, checked: Checked) -> None:
    checked(False, days=0)
    assert mediflow("status").exit_code == 3
    checked(True, days=1)
    assert mediflow("status").exit_code == 0


def test_a_warning_does_not_change_the_exit_code(mediflow: Run, checked: Checked) -> None:
    checked(False, severity="warn")
    shown = mediflow("status")
    assert shown.exit_code == 0 and "0 hold, 1 do not" in shown.stdout


def test_a_sum_that_does_not_agree_is_told(mediflow: Run, reconciled: Callable[[bool], None]) -> None:
    reconciled(True)
    assert mediflow("status").exit_code == 0
    reconciled(False)
    assert mediflow("status").exit_code == 3


def test_files_dropped_by_hand_are_counted_but_not_named(mediflow: Run, inbox: Inbox) -> None:
    inbox.folder.mkdir(parents=True)
    (inbox.folder / "jane_doe.csv").write_text("x")
    shown = mediflow("status").stdout
    assert "1 files lie in the inbox" in shown and "jane" not in shown


def test_a_damaged_table_fails_without_a_trace_of_its_content(mediflow: Run, lake: Lake, reconciled: Checked) -> None:
    reconciled(True)
    for file in Path(lake.root).rglob("*.parquet"):
        file.write_bytes(b"P-SECRET")
    failed = mediflow("status")
    assert failed.exit_code == 1 and failed.stderr.startswith("Error: gold/reconciliation")
    assert "P-SECRET" not in failed.output
