"""A backup restored into an empty home is the home it was taken of; what is not whole is refused."""

import shutil
import sqlite3
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from mediflow_assets.backup.backup import back_up
from mediflow_assets.backup.manifest import Manifest
from mediflow_assets.backup.restore import erase_again, restore
from mediflow_assets.contracts import TABLES, silver
from mediflow_assets.errors import BackupInvalid, ErasureUnfinished, LakeBusy
from mediflow_assets.identity.audit import AuditLog
from mediflow_assets.ingest.tombstones import FILE_NAME, KEY_FILE
from mediflow_assets.privacy.erasure.subjects import distinct
from mediflow_assets.storage.lease import lake_lease
from mediflow_assets_tests.backup.conftest import kept_of
from mediflow_assets_tests.privacy.erasure.conftest import GONE, STAYS, Hospital

pytestmark = pytest.mark.slow


def restored(whole: Hospital, backup: Path, to: Path, marks: Path | None = None) -> Hospital:
    """A home from a backup."""
    restore(backup, kept_of(to), marks)
    return replace(whole, house=replace(whole.house, folder=to))


def test_a_restored_home_has_the_same_rows_secrets_log_and_waiting_deliveries(whole: Hospital, tmp_path: Path) -> None:
    made = back_up(kept_of(whole.root), tmp_path / "backup")
    twin = restored(whole, tmp_path / "backup", tmp_path / "twin")
    for name, known in made.tables.items():
        assert twin.house.rows(TABLES[name]) == whole.house.rows(TABLES[name]), name
        assert known["rows"] == whole.house.lake.rows(TABLES[name])
    assert {"silver/encounters", "gold/department_costs", "masked/patients"} <= set(made.tables)
    assert (twin.root / "secrets/pseudonym.key").read_bytes() == whole.house.key.secret
    log = AuditLog(twin.place.database_url, twin.root / "audit.head")
    assert log.verify().is_intact and log.verify().records == 3
    assert [d.delivery_id for d in twin.house.inbox.waiting()] == [d.delivery_id for d in whole.house.inbox.waiting()]
    twin.land()
    twin.refresh()
    assert twin.house.lake.rows(silver.PATIENTS) == whole.house.lake.rows(silver.PATIENTS) + 1


def test_a_backup_is_closed_to_others(whole: Hospital, tmp_path: Path) -> None:
    back_up(kept_of(whole.root), tmp_path / "backup")
    assert stat.S_IMODE((tmp_path / "backup").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "backup/home/secrets").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "backup/home/secrets/pseudonym.key").stat().st_mode) == 0o600


def test_a_database_in_use_is_copied_as_of_one_moment(whole: Hospital, tmp_path: Path) -> None:
    busy = sqlite3.connect(whole.root / "ops.db", isolation_level=None)
    busy.execute("CREATE TABLE other (n int)")
    busy.execute("BEGIN IMMEDIATE")
    busy.executemany("INSERT INTO other VALUES (?)", [(n,) for n in range(1000)])
    back_up(kept_of(whole.root), tmp_path / "backup")
    busy.execute("COMMIT")
    copy = sqlite3.connect(tmp_path / "backup/home/ops.db")
    assert copy.execute("SELECT count(*) FROM other").fetchone() == (0,)
    assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_no_backup_is_taken_while_somebody_writes_or_an_erasure_is_half_done(whole: Hospital, tmp_path: Path) -> None:
    with lake_lease(whole.root / "lake.lock", "run 7"), pytest.raises(LakeBusy, match="run 7"):
        back_up(kept_of(whole.root), tmp_path / "one")
    whole.begin(GONE)
    with pytest.raises(ErasureUnfinished):
        back_up(kept_of(whole.root), tmp_path / "two")


def test_what_is_not_whole_or_not_empty_is_refused(whole: Hospital, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    back_up(kept_of(whole.root), backup)
    with pytest.raises(BackupInvalid, match="not empty"):
        back_up(kept_of(whole.root), backup)
    with pytest.raises(BackupInvalid, match="already"):
        restore(backup, kept_of(whole.root))
    changed = Path(shutil.copytree(backup, tmp_path / "changed"))
    next((changed / "lake/silver/patients").glob("*.parquet")).write_bytes(b"x")
    with pytest.raises(BackupInvalid, match="1 files"):
        restore(changed, kept_of(tmp_path / "twin"))
    (changed / "manifest.json").unlink()
    with pytest.raises(BackupInvalid, match="cut short"):
        restore(changed, kept_of(tmp_path / "twin"))
    assert not (tmp_path / "twin").exists()
    assert Manifest.read(backup).files


def test_who_was_erased_after_the_backup_is_erased_again_after_the_restore(whole: Hospital, tmp_path: Path) -> None:
    back_up(kept_of(whole.root), tmp_path / "backup")
    whole.erase(GONE)
    marks = tmp_path / "marks"
    marks.mkdir()
    shutil.copy(whole.root / FILE_NAME, marks)
    shutil.copy(whole.root / "secrets" / KEY_FILE, marks)
    twin = restored(whole, tmp_path / "backup", tmp_path / "twin", marks)
    assert GONE in distinct(twin.house.lake, silver.PATIENTS, "patient_id")
    proof = erase_again(twin.place, "eva", twin.refresh, lambda _: None)
    assert proof is not None and (proof.patients, proof.hits) == (1, 0)
    assert twin.left_of(GONE, "ENC-900001") == {}
    assert STAYS in distinct(twin.house.lake, silver.PATIENTS, "patient_id")
    assert erase_again(twin.place, "eva", twin.refresh, lambda _: None) is None


def test_marks_older_than_the_backups_are_refused(whole: Hospital, tmp_path: Path) -> None:
    whole.erase(GONE, is_refreshed=False)
    back_up(kept_of(whole.root), tmp_path / "backup")
    marks = tmp_path / "marks"
    marks.mkdir()
    (marks / FILE_NAME).write_text("")
    shutil.copy(whole.root / "secrets" / KEY_FILE, marks)
    with pytest.raises(BackupInvalid, match="lack marks"):
        restore(tmp_path / "backup", kept_of(tmp_path / "twin"), marks)
