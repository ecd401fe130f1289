"""The cluster's secrets: made at random, closed to others, to each service its own, another store's key kept."""

import subprocess
import sys
from pathlib import Path

from mediflow_assets.cluster import secret_files


def test_secrets_are_made_at_random_once_and_closed_to_others(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    assert set(secret_files.make(one)) == {"postgres", *secret_files.ROLES, "s3-access", "s3-secret"}
    before = _contents(one)
    assert secret_files.make(one) == () and _contents(one) == before
    secret_files.make(two)
    assert not set(before.values()) & set(_contents(two).values())
    assert {path.stat().st_mode & 0o777 for path in one.rglob("*")} == {0o600, 0o700}
    # a service of the applications never holds the superuser's word
    word = secret_files.password(one, "postgres")
    holders = {path.parent.name for path in one.rglob("*") if path.is_file() and word in path.read_text()}
    assert holders == {"source", "admin", "database"}


def test_secrets_made_anew_differ_in_every_file_but_the_superusers(tmp_path: Path) -> None:
    secret_files.make(tmp_path)
    before = _contents(tmp_path)
    assert "postgres" not in secret_files.make(tmp_path, is_anew=True)
    same = {name for name, text in _contents(tmp_path).items() if before[name] == text}
    assert same == {"source/postgres", "database/postgres-password"}


def _contents(folder: Path) -> dict[str, str]:
    found = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}
    # who needs no database has an empty list of passwords
    return {name: text for name, text in found.items() if text}


def test_the_key_of_a_store_of_ones_own_is_handed_out_and_kept(tmp_path: Path) -> None:
    secret_files.make(tmp_path)
    secret_files.make(tmp_path, store_key=("AKIA", "s/e+cret"))
    for _ in range(2):
        assert "aws_secret_access_key = s/e+cret\n" in (tmp_path / "pipeline" / "aws").read_text()
        assert (tmp_path / "objects" / "root").read_text() == "AKIA\ns/e+cret\n"
        assert not {"s3-access", "s3-secret"} & set(secret_files.make(tmp_path, is_anew=True))


def test_the_command_takes_the_key_from_stdin(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mediflow_assets.cli", "cluster", "secrets", str(tmp_path), "--store-key", "-"]
    assert subprocess.run(command, input="AKIA\ns3cret\n", text=True, capture_output=True).returncode == 0
    assert "s3cret" in (tmp_path / "gateway" / "aws").read_text()
    assert subprocess.run(command, input="only-one\n", text=True, capture_output=True).returncode == 2
