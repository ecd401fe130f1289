"""The end of a run: what became of each delivery, why, and what to type next."""

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from mediflow_assets.cli import run_report
from mediflow_assets.contracts import bronze, silver
from mediflow_assets.defs.launching import Outcome
from mediflow_assets.operations.mending import what_mends
from mediflow_assets.pipeline import silver as steps
from mediflow_assets_tests.house import RECEIVED

Row = dict[str, Any]
ONE_EACH = ("diagnosis_malformed", "gender_unknown", "status_unknown")


def ended(row: Row | None, *failed: str, **landing: Any) -> Outcome:
    """A run that validated a delivery of encounters."""
    delivery_outcomes = {"silver/encounters": [row]} if row else {}
    return Outcome("r", not failed, failed, (), (), landing, delivery_outcomes)


@pytest.fixture
def delivered(house: Any, admissions: Any) -> Row:
    """Six encounters, of which one is good, and a reject."""
    wrong = ({"cost": "x"}, {"cost": "y"}, {"gender": "7"}, {"cost": "z", "status": "lost"}, {"diagnosis_code": "&"})
    rows = ({"encounter_id": f"E{n}"} | changed for n, changed in enumerate(({}, *wrong)))
    delivery = house.deliver(admissions(*rows) + "broken\n")
    house.make_silver(steps.PATIENTS, steps.ENCOUNTERS)
    assert house.lake.rows(silver.ENCOUNTERS) == 1 and house.lake.rows(bronze.REJECTS) == 1
    return {"delivery": delivery, "records": 6, "accepted": 1, "waiting": 0, "rejects": 1, "share": 0.86}


def test_each_delivery_is_told_with_its_three_most_frequent_reasons(
    house: Any, delivered: Row, capsys: pytest.CaptureFixture[str]
) -> None:
    run_report.show(ended(delivered), house.lake)
    title, told, *more, step = capsys.readouterr().out.splitlines()
    short = delivered["delivery"][:12]
    why = "cost_unreadable 3, diagnosis_malformed 1, gender_unknown 1"
    assert told.split("\t") == [f"admissions {short}", "silver/encounters", "1", "0", "5", "1", "86.0%", why]
    reasons = [line.split("\t")[2:4] for line in more[1:]]
    assert reasons == [["cost_unreadable", "3"], *([each, "1"] for each in ONE_EACH), ["too_few_fields", "1"]]
    assert title.startswith("# deliveries of this run\t") and f"quarantine list --records --delivery {short}'" in step


def test_a_failed_check_names_the_way_out(house: Any, delivered: Row, capsys: pytest.CaptureFixture[str]) -> None:
    run_report.show(ended(delivered, "silver/encounters: quarantine_rate"), house.lake)
    assert "docs/operations.md" in capsys.readouterr().out.splitlines()[-1]


def test_rejects_alone_have_a_next_step_and_a_way_out(
    house: Any, admissions: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    delivery = house.deliver(admissions({}) + "broken\n" * 30)
    row = {"delivery": delivery, "records": 1, "accepted": 1, "waiting": 0, "rejects": 30, "share": 0.97}
    run_report.show(ended(row), house.lake)
    _, told, *_, step = capsys.readouterr().out.splitlines()
    assert told.endswith("too_few_fields 30") and "mediflow status" in step and "quarantine list" not in step
    run_report.show(ended(row, "silver/encounters: quarantine_rate, 30 rows"), house.lake)
    assert "'MEDIFLOW_QUARANTINE_FAIL_SHARE=1 mediflow run'" in capsys.readouterr().out.splitlines()[-1]
    run_report.show(ended(row, "silver/encounters: cost_negative"), house.lake)
    assert "FAIL_SHARE" not in capsys.readouterr().out


def test_reasons_are_counted_without_a_python_object_for_each_record(
    house: Any, delivered: Row, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, asked = type(house.lake).read, []

    def noted(lake: Any, contract: Any, columns: Any = None, where: Any = None) -> Any:
        asked.append((contract, columns))
        return read(lake, contract, columns, where)

    monkeypatch.setattr(type(house.lake), "read", noted)
    found = run_report._reasons(house.lake, {delivered["delivery"]})
    assert (silver.QUARANTINE, ["target_table", "_delivery_id", "reasons"]) in asked
    assert found[(bronze.REJECTS.name, delivered["delivery"])] == {"too_few_fields": 1}
    assert sum(found[("silver/encounters", delivered["delivery"])].values()) >= 5


def test_what_was_refused_or_left_is_told(house: Any, capsys: pytest.CaptureFixture[str]) -> None:
    told = {"refused_files": 3, "refused_deliveries": ["admissions 0123: cut short."], "not_at_rest": 2}
    run_report.show(ended(None, **told), house.lake)
    shown = capsys.readouterr()
    assert (
        "admissions 0123: cut short." in shown.err
        and "2 files" in shown.err
        and "3 files were refused" in shown.err
        and "sources suggest" in shown.out
    )


def test_a_run_that_judged_nothing_says_nothing(house: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run_report.show(ended(None), house.lake)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("reason", "feed", "mends"),
    [
        ("gender_unknown", None, "mediflow vocabulary map admissions gender THEIRS OURS"),
        ("status_unknown", "main", "mediflow vocabulary map main status THEIRS OURS"),
        ("cost_unreadable", "main", "[feeds.main] decimal_comma"),
        ("event_type_unknown", None, "the export itself"),
    ],
)
def test_each_reason_is_told_with_what_mends_it(reason: str, feed: str | None, mends: str) -> None:
    told = what_mends(reason, feed)
    assert mends in told and told.endswith(f"mediflow quarantine replay --reason {reason}")


def test_a_delivery_of_unusual_size_is_told(house: Any, admissions: Any, capsys: pytest.CaptureFixture[str]) -> None:
    for day, count in enumerate((9, 9, 9, 2)):
        rows = [{"encounter_id": f"E{day}-{each}"} for each in range(count)]
        delivery = house.deliver(admissions(*rows), RECEIVED + dt.timedelta(days=day))
    house.lake.ensure(silver.ENCOUNTERS)
    row = {"delivery": delivery, "records": 2, "accepted": 2, "waiting": 0, "rejects": 0, "share": 0.0}
    for warnings, is_told in (((), False), (("silver/encounters: delivery_volume, 1 row",), True)):
        run_report.show(replace(ended(row), warnings=warnings), house.lake)
        told = f"admissions {delivery[:12]}: 2 records, where 9 are usual" in capsys.readouterr().err
        assert told is is_told
