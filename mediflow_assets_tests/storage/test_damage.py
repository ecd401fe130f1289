"""Only what was read and is wrong counts as damage; and nothing that was quarantined is lost."""

import os
import resource
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.fs as pafs
import pytest

from mediflow_assets.contracts import gold
from mediflow_assets.errors import EngineFailed
from mediflow_assets.storage.damage import damage
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.purge import DAMAGED, set_damaged_aside
from mediflow_assets_tests.breaking import HIDDEN, PLAIN

TABLE = gold.DEPARTMENT_COSTS
NOBODY = 65534


@pytest.fixture
def lake(tmp_path) -> Lake:
    """A lake with a table that has files and a checkpoint."""
    lake = Lake(str(tmp_path / "lake"))
    for number in range(2):
        lake.append_rows(TABLE, [{TABLE.columns[0].name: f"D{number}"}])
    return lake


@contextmanager
def no_more_files(_: Lake) -> Iterator[None]:
    """As many files open as a process may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with ExitStack() as opened:
        opened.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        resource.setrlimit(resource.RLIMIT_NOFILE, (1, hard))
        yield


@contextmanager
def no_right(lake: Lake) -> Iterator[None]:
    """A table that belongs to somebody else."""
    folder, is_root = Path(lake.uri(TABLE)), os.geteuid() == 0
    folder.chmod(0)
    os.seteuid(NOBODY) if is_root else None
    try:
        yield
    finally:
        os.seteuid(0) if is_root else None
        folder.chmod(0o755)


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("trouble", [no_more_files, no_right])
def test_what_keeps_a_table_from_being_read_is_no_damage(lake, trouble: Callable, deep) -> None:
    with pytest.raises(EngineFailed), trouble(lake):
        damage(lake, TABLE, deep)
    assert damage(lake, TABLE, deep=True) is None


def test_a_commit_that_was_emptied_is_damage(lake) -> None:
    newest = max((Path(lake.uri(TABLE)) / "_delta_log").glob("*.json"))
    newest.write_bytes(b"")
    assert damage(lake, TABLE) == "its log cannot be read"


def test_a_store_that_does_not_answer_is_no_damage() -> None:
    away = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "max_retries": "0",
    }
    with pytest.raises(EngineFailed):
        damage(Lake("s3://lake", away), TABLE)


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), MemoryError(), PermissionError(13, "denied")])
def test_a_file_that_the_store_does_not_give_is_no_damage(lake, monkeypatch, error) -> None:
    class Failing:
        def get_file_info(self, path: str) -> pafs.FileInfo:
            return pafs.LocalFileSystem().get_file_info(path)

        def open_input_file(self, path: str) -> None:
            raise error

    place = str(Path(lake.uri(TABLE)))
    monkeypatch.setattr("mediflow_assets.storage.damage._place", lambda *_: (Failing(), place))
    with pytest.raises(EngineFailed, match=type(error).__name__):
        damage(lake, TABLE, deep=True)


def test_too_little_memory_to_read_a_file_is_no_damage(lake, monkeypatch) -> None:
    def too_little(*_: object) -> int:
        raise pa.ArrowMemoryError("malloc failed")

    monkeypatch.setattr("mediflow_assets.storage.damage._validated", too_little)
    with pytest.raises(EngineFailed):
        damage(lake, TABLE, deep=True)


@pytest.mark.parametrize(
    "entry", [b"", b"[]\n", b"\xff\xfe" * 40, b'{"add":{}}\n'], ids=["gone", "other", "bytes", "part"]
)
def test_an_entry_of_the_log_that_is_gone_or_garbled_is_damage(lake, entry) -> None:
    lake.append_rows(TABLE, [{}])
    written = Path(lake.uri(TABLE)) / "_delta_log" / f"{1:020}.json"
    written.write_bytes(entry) if entry else written.unlink()
    assert damage(lake, TABLE) == "its log cannot be read"


def test_what_was_set_aside_before_stays_there(lake) -> None:
    kept = []
    for number in range(3):
        lake.append_rows(TABLE, [{TABLE.columns[0].name: str(number)}])
        kept.append(lake.rows(TABLE))
        set_damaged_aside(lake, TABLE)
        assert lake.open(TABLE) is None
    folders = sorted((Path(lake.root) / DAMAGED).glob("gold/*"))
    assert [folder.name for folder in folders] == [TABLE.key[1], f"{TABLE.key[1]}-2", f"{TABLE.key[1]}-3"]
    assert kept == [3, 1, 1] and all(any(folder.glob("*.parquet")) for folder in folders)


@pytest.mark.parametrize("kind", [*PLAIN, *HIDDEN])
def test_every_kind_of_damage_is_found(lake, kind) -> None:
    (PLAIN | HIDDEN)[kind](lake, TABLE)
    assert damage(lake, TABLE, deep=True)
