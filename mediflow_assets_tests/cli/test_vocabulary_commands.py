"""`mediflow vocabulary`: words that hold records back are told to few, mapped, and their records come in."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import Result

from mediflow_assets.contracts import bronze, silver
from mediflow_assets.errors import SettingsInvalid
from mediflow_assets.identity.audit import AuditLog
from mediflow_assets.identity.users import Users
from mediflow_assets.operations import left_out_words, unknown_words
from mediflow_assets.sources import Feeds
from mediflow_assets.storage.delta import Lake
from mediflow_assets_tests.cli.conftest import DELIVERY, WHEN

PASSWORD = "correct horse battery"
Run = Callable[..., Result]


@pytest.fixture
def held(lake: Lake) -> None:
    """Records that words hold back, one of them at two tables."""
    kept = [
        ("silver/encounters", 1, "open", ["gender_unknown", "status_unknown"], {"gender": "H ", "status": "zu"}),
        ("silver/patients", 1, "open", ["gender_unknown"], {"gender": "H "}),
        ("silver/encounters", 2, "open", ["gender_unknown"], {"gender": "H", "_feed": "main"}),
        ("silver/encounters", 3, "waiting", ["gender_unknown"], {"gender": "H", "_feed": "main"}),
        ("silver/encounters", 4, "discarded", ["gender_unknown"], {"gender": "Z"}),
        ("silver/encounters", 5, "open", ["cost_unreadable"], {"cost": "SECRET"}),
    ]
    rows = [
        {
            "target_table": table,
            "source": "bronze/admissions",
            "_delivery_id": DELIVERY,
            "_record_number": number,
            "payload": json.dumps(payload),
            "reasons": reasons,
            "status": status,
            "first_seen_at": WHEN,
            "last_seen_at": WHEN,
        }
        for table, number, status, reasons, payload in kept
    ]
    lake.append_rows(silver.QUARANTINE, rows)


def test_each_word_is_counted_by_feed_and_column(lake: Lake, held: None) -> None:
    found = [(each.feed, each.column, each.word, each.records) for each in unknown_words.unmapped(lake)]
    assert found == [("main", "gender", "H", 2), ("admissions", "gender", "H", 1), ("admissions", "status", "zu", 1)]


@pytest.mark.parametrize(
    ("role", "code"), [("data_engineer", 0), ("privacy_officer", 0), ("admin", 0), ("analyst", 1), ("operator", 1)]
)
def test_words_are_told_after_a_login_only_and_each_attempt_is_audited(
    mediflow: Run, home: Path, held: None, role: str, code: int
) -> None:
    Users(f"sqlite:///{home / 'ops.db'}").create("ada", PASSWORD, [role])
    shown = mediflow("vocabulary", "unmapped", "--json", piped=f"ada\n{PASSWORD}\n")
    assert (shown.exit_code, '"H"' in shown.output) == (code, code == 0)
    [record, *_] = AuditLog(f"sqlite:///{home / 'ops.db'}", home / "audit.head").latest(1)
    assert record["action"] == "vocabulary unmapped"


def test_a_word_is_mapped_in_its_feed_and_what_else_stands_there_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    main = '[feeds.main]\nmatch = ["A"]\n\n[feeds.main.values.gender]\n"1" = "M"\n"H" = "F"\n'
    path.write_text(f'# ours\n{main}\n[feeds.b]\nmatch = ["B"]')
    assert unknown_words.map_word(path, "main", "gender", "H", "male") == "M"
    assert unknown_words.map_word(path, "main", "discharge_disposition", 'a "b"', "expired") == "expired"
    assert unknown_words.map_word(path, "admissions", "status", "zu", "finished") == "finished"
    assert unknown_words.map_word(path, "admissions", "status", "?!", "") == ""
    feeds = Feeds.load(path)
    assert feeds.named("main").values == {"gender": {"H": "M", "1": "M"}, "discharge_disposition": {'a "b"': "expired"}}
    assert feeds.values_of("admissions") == {"status": {"zu": "finished", "?!": ""}}
    assert path.read_text().startswith("# ours\n") and [feed.name for feed in feeds.feeds] == ["main", "b"]


def test_a_word_of_a_shipped_feed_is_mapped_and_all_else_of_it_stays(tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    shipped = Feeds().named("mimic3_admissions")
    for theirs, ours in (("ICF", "home"), ("MOON", "transferred")):
        unknown_words.map_word(path, shipped.name, "discharge_disposition", theirs, ours)
    unknown_words.map_word(path, shipped.name, "gender", "X9", "F")
    feeds = Feeds.load(path)
    words = {"discharge_disposition": {**shipped.values["discharge_disposition"], "ICF": "home", "MOON": "transferred"}}
    assert feeds.named(shipped.name) == replace(shipped, values=words | {"gender": {"X9": "F"}})
    assert feeds.feeds == () and [feed.name for feed in feeds.every] == [feed.name for feed in Feeds().every]
    path.write_text(f'[feeds.{shipped.name}]\nmatch = ["A"]\n')
    assert Feeds.load(path).named(shipped.name).columns == {}
    path.write_text(f"[feeds.{shipped.name}]\nvalues = 3\n")
    with pytest.raises(SettingsInvalid, match="values"):
        Feeds.load(path)


@pytest.mark.parametrize(
    ("feed", "column", "theirs", "ours", "sentence"),
    [
        ("nowhere", "gender", "H", "M", "no feed 'nowhere'"),
        ("main", "cost", "H", "M", "no column 'cost'"),
        ("main", "gender", "H", "horse", "means one of M, F, O, U"),
        ("main", "gender", " ", "M", "is empty"),
        ("inline", "gender", "H", "M", "in one line. Add the word"),
    ],
)
def test_what_cannot_be_mapped_changes_nothing(
    tmp_path: Path, feed: str, column: str, theirs: str, ours: str, sentence: str
) -> None:
    path = tmp_path / "sources.toml"
    text = '[feeds.main]\nmatch = ["A"]\n[feeds.inline]\nmatch = ["B"]\nvalues = { gender = { "1" = "M" } }\n'
    path.write_text(text)
    with pytest.raises(SettingsInvalid, match=sentence):
        unknown_words.map_word(path, feed, column, theirs, ours)
    assert path.read_text() == text


def test_the_command_says_what_comes_next(mediflow: Run, home: Path, held: None) -> None:
    mapped = mediflow("vocabulary", "map", "admissions", "gender", "H", "M")
    assert mapped.exit_code == 0 and "quarantine replay --reason gender_unknown" in " ".join(mapped.stdout.split())
    assert '"H" = "M"' in (home / "sources.toml").read_text()
    let_in = mediflow("vocabulary", "map", "fhir", "discharge_disposition", "06", "home")
    assert let_in.exit_code == 0 and "run --job rebuild" in " ".join(let_in.stdout.split())


def test_words_that_a_feed_leaves_out_are_counted_too(lake: Lake, tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    gender, status = '"H" = ""\n"1" = "M"\n', '"*" = ""\n"x" = "finished"\n'
    values = f"[feeds.main.values.gender]\n{gender}[feeds.main.values.status]\n{status}"
    path.write_text(f'[feeds.main]\nmatch = ["A"]\n{values}')
    cells = [("h ", "x"), ("H", "lost"), ("1", "X"), ("-", "-"), (None, None)]
    row = {"_delivery_id": DELIVERY, "_record_number": 1, "_ingested_at": WHEN}
    rows = [row | {"_feed": "main", "gender": one, "status": other} for one, other in cells]
    lake.append_rows(bronze.ADMISSIONS, [*rows, row | {"gender": "H"}])
    told = {"delivery_id": DELIVERY, "source": "admissions", "feed": "main", "received_at": WHEN}
    lake.append_rows(bronze.DELIVERIES, [told])
    found = left_out_words.left_out(lake, Feeds.load(path))
    assert [(each.column, each.word, each.records, each.is_left_out) for each in found] == [
        ("gender", "H", 1, True),
        ("gender", "h", 1, True),
        ("status", "lost", 1, True),
    ]
