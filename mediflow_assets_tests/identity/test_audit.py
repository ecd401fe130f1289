"""The audit chain: what was recorded stays, and whatever is done to it shows."""

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mediflow_assets.errors import EngineFailed
from mediflow_assets.identity.audit import AuditLog, Record

DONE = Record("gateway", "ada", "POST /predict", "done", "r1", "cost/3")


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    """A chain of five records."""
    log = AuditLog(f"sqlite:///{tmp_path / 'ops.db'}", tmp_path / "audit.head")
    for number in range(1, 6):
        assert log.append(Record("command", "eva", "erase", "done", detail=f"ticket {number}")) == number
    return log


@pytest.fixture
def tamper(tmp_path: Path) -> Callable[..., None]:
    """Changes the database behind the log's back."""

    def _tamper(*statements: str) -> None:
        with sqlite3.connect(tmp_path / "ops.db") as connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()

    return _tamper


def test_an_untouched_chain_holds(log: AuditLog) -> None:
    verdict = log.verify()
    assert (verdict.is_intact, verdict.records, verdict.first_broken) == (True, 5, None)


@pytest.mark.parametrize(
    "column", ["at", "source", "actor", "action", "outcome", "request_id", "model_version", "detail", "hash"]
)
def test_a_changed_record_is_named(log: AuditLog, tamper: Callable[..., None], column: str) -> None:
    tamper(f"UPDATE audit SET {column} = 'other' WHERE sequence = 3")
    assert (log.verify().is_intact, log.verify().first_broken) == (False, 3)


@pytest.mark.parametrize(
    ("statements", "first"),
    [
        (["DELETE FROM audit WHERE sequence = 2"], 2),
        (["DELETE FROM audit WHERE sequence = 1"], 1),
        (["DELETE FROM audit WHERE sequence = 2", "UPDATE audit SET sequence = sequence - 1 WHERE sequence > 2"], 2),
        (
            [
                "UPDATE audit SET sequence = 99 WHERE sequence = 2",
                "UPDATE audit SET sequence = 2 WHERE sequence = 4",
                "UPDATE audit SET sequence = 4 WHERE sequence = 99",
            ],
            2,
        ),
        (["DELETE FROM audit WHERE sequence >= 4"], 4),
        (["DELETE FROM audit"], 1),
    ],
    ids=["removed", "first removed", "removed and renumbered", "reordered", "cut off", "emptied"],
)
def test_what_was_removed_moved_or_cut_off_is_named(
    log: AuditLog, tamper: Callable[..., None], statements: list[str], first: int
) -> None:
    tamper(*statements)
    assert (log.verify().is_intact, log.verify().first_broken) == (False, first)


def test_records_written_over_a_cut_off_tail_do_not_hide_it(log: AuditLog, tamper: Callable[..., None]) -> None:
    tamper("DELETE FROM audit WHERE sequence >= 4")
    for _ in range(5):
        log.append(DONE)
    assert (log.verify().is_intact, log.verify().first_broken) == (False, 5)


def test_a_chain_computed_anew_does_not_reach_the_head(log: AuditLog, tmp_path: Path) -> None:
    forged = AuditLog(f"sqlite:///{tmp_path / 'forged.db'}", tmp_path / "forged.head")
    for _ in range(5):
        forged.append(DONE)
    swapped = AuditLog(f"sqlite:///{tmp_path / 'forged.db'}", tmp_path / "audit.head")
    assert (swapped.verify().is_intact, swapped.verify().first_broken) == (False, 5)


def test_a_missing_or_damaged_head_is_told(log: AuditLog, tmp_path: Path) -> None:
    (tmp_path / "audit.head").write_text("not a head")
    with pytest.raises(EngineFailed, match="head file"):
        log.verify()
    (tmp_path / "audit.head").unlink()
    assert not log.verify().is_intact
    assert log.append(DONE) == 6 and log.verify().is_intact


def test_a_head_left_behind_by_a_kill_still_fits(log: AuditLog, tmp_path: Path) -> None:
    before = (tmp_path / "audit.head").read_bytes()
    log.append(DONE)
    (tmp_path / "audit.head").write_bytes(before)
    assert log.verify().is_intact
    log.append(DONE)
    assert log.verify().is_intact and (tmp_path / "audit.head").read_bytes() != before


def test_writers_of_many_threads_and_processes_make_one_chain(log: AuditLog, tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from mediflow_assets.identity.audit import AuditLog, Record\n"
        f"log = AuditLog('sqlite:///{tmp_path / 'ops.db'}', Path('{tmp_path / 'audit.head'}'))\n"
        "for n in range(40): log.append(Record('command', 'bob', 'reidentify', 'refused'))"
    )
    children = [subprocess.Popen([sys.executable, "-c", program]) for _ in range(2)]
    with ThreadPoolExecutor(4) as threads:
        numbers = list(threads.map(lambda _: log.append(DONE, DONE), range(40)))
    assert [child.wait() for child in children] == [0, 0]
    assert len(set(numbers)) == 40
    assert (log.verify().is_intact, log.verify().records) == (True, 5 + 80 + 80)


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    program = (
        "from pathlib import Path; from mediflow_assets.identity.audit import AuditLog, Record\n"
        f"log = AuditLog('sqlite:///{tmp_path / 'ops.db'}', Path('{tmp_path / 'audit.head'}'))\n"
        "while True: print(log.append(Record('command', 'bob', 'erase', 'done')), flush=True)"
    )
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    for line in child.stdout:
        if int(line) >= 50:
            child.send_signal(signal.SIGKILL)
            break
    acknowledged = max([50, *(int(line) for line in child.stdout if line.strip())])
    child.wait()
    verdict = AuditLog(f"sqlite:///{tmp_path / 'ops.db'}", tmp_path / "audit.head").verify()
    assert verdict.is_intact and verdict.records >= acknowledged


def test_a_text_cannot_end_a_line_or_run_on(log: AuditLog) -> None:
    log.append(Record("gateway", "a\nb\r\x1b[31m\u202eevil\u2028", "x" * 999, "refused"))
    (newest, *_) = log.latest(1)
    assert newest["actor"] == "a?b??[31m?evil?" and len(newest["action"]) == 200


def test_the_newest_are_read_first_and_by_who_and_outcome(log: AuditLog) -> None:
    log.append(DONE)
    assert [row["sequence"] for row in log.latest(2)] == [6, 5]
    assert [row["sequence"] for row in log.latest(2, before=5)] == [4, 3]
    assert [row["sequence"] for row in log.latest(actor="ada", outcome="done")] == [6]


def test_the_files_are_for_their_owner_alone_and_errors_hold_no_values(
    log: AuditLog, tamper: Callable[..., None], tmp_path: Path
) -> None:
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in ("ops.db", "audit.head")} == {0o600}
    tamper("ALTER TABLE audit RENAME COLUMN detail TO other")
    with pytest.raises(EngineFailed) as failed:
        log.append(Record("command", "canary", "x", "done"))
    assert "canary" not in str(failed.value)
