"""The command as a whole: quick to start, and nothing but our own words in its errors."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from mediflow_assets.errors import ContractViolated
from mediflow_assets.operations import health, status
from mediflow_assets.storage.lease import lake_lease

Run = Callable[..., Result]
PROBE = """
import sys
from mediflow_assets.cli import build
for words in ("--help", "init", "ingest .", "status", "sources list", "users list", "quarantine list", "doctor"):
    try:
        build()(words.split())
    except SystemExit:
        print("loaded", sorted({"dagster", "pyspark", "pysail", "mlflow"} & set(sys.modules)), file=sys.stderr)
"""


def test_no_light_command_imports_an_engine(home: Path, tmp_path: Path) -> None:
    said = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, cwd=tmp_path, text=True).stderr
    assert [line for line in said.splitlines() if line.startswith("loaded")] == ["loaded []"] * 8


@pytest.mark.slow
def test_a_command_that_read_a_table_ends_in_order(quarantine: Callable[..., None]) -> None:
    quarantine("open")
    call = [sys.executable, "-m", "mediflow_assets.cli", "quarantine", "list"]
    ends = [subprocess.run(call, capture_output=True) for _ in range(4)]
    assert [(end.returncode, end.stderr) for end in ends] == [(0, b"")] * 4


def test_a_wrong_setting_is_named_without_its_value(mediflow: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDIFLOW_KEEP_VERSIONS_HOURS", "hunter2")
    refused = mediflow("status")
    assert (
        refused.exit_code == 2 and "MEDIFLOW_KEEP_VERSIONS_HOURS" in refused.stderr and "hunter2" not in refused.output
    )


def test_an_unexpected_error_shows_its_class_and_nothing_else(mediflow: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "read_status", lambda *_: {}["P-SECRET"])
    failed = mediflow("status")
    assert failed.exit_code == 1 and "internal error: KeyError" in failed.stderr
    assert "P-SECRET" not in failed.output and "Traceback" not in failed.output


def test_a_check_that_failed_exits_with_three(mediflow: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ContractViolated("silver/encounters: unique (2) of 10 rows.")

    monkeypatch.setattr(status, "read_status", broken)
    assert mediflow("status").exit_code == 3


def test_wrong_usage_exits_with_two(mediflow: Run) -> None:
    assert [mediflow(*words).exit_code for words in (("nonsense",), ("users", "add"), ("generate",))] == [2, 2, 2]


def test_the_doctor_is_content_after_init(mediflow: Run) -> None:
    mediflow("init")
    assert mediflow("doctor").exit_code == 0


def test_the_doctor_says_what_to_do_before_init(mediflow: Run) -> None:
    sick = mediflow("doctor")
    assert sick.exit_code == 1 and sick.stdout.count("mediflow init") == 3


def test_the_doctor_sees_open_secrets_a_bad_mapping_and_a_dead_engine(
    mediflow: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mediflow("init")
    (home / "secrets").chmod(0o755)
    (home / "sources.toml").write_text("[feeds")
    monkeypatch.setenv("MEDIFLOW_SPARK_REMOTE", "http://nowhere")
    bad = [row.split("\t")[0] for row in mediflow("doctor").stdout.splitlines() if "\tPROBLEM\t" in row]
    assert bad == ["secrets", "sources.toml", "engine"]


def test_the_doctor_names_the_lease_holder(mediflow: Run, home: Path) -> None:
    mediflow("init")
    with lake_lease(home / "lake.lock", "run 7"):
        assert "held by run 7" in mediflow("doctor").stdout
    assert "lease\tok\tfree" in mediflow("doctor").stdout


def test_the_doctor_sees_a_full_disk(mediflow: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "LEAST_FREE_BYTES", 1 << 60)
    assert "disk\tPROBLEM" in mediflow("doctor").stdout


CLAIMS = [
    ("upgrade",),
    ("backup", "elsewhere"),
    ("quarantine", "list"),
    ("leak-scan",),
    ("maintain",),
    ("audit", "verify"),
    ("run",),
    ("run", "--select", "models"),
]


@pytest.mark.parametrize("words", CLAIMS)
def test_where_there_is_no_home_no_command_says_that_all_is_well_and_none_makes_one(
    mediflow: Run, home: Path, words: tuple[str, ...]
) -> None:
    refused = mediflow(*words)
    assert refused.exit_code == 1 and "MEDIFLOW_HOME" in refused.output
    assert not home.exists()


def test_a_job_that_there_is_not_is_wrong_usage_and_those_that_there_are_are_named(mediflow: Run) -> None:
    refused = mediflow("run", "--job", "foo")
    assert refused.exit_code == 2 and "refresh" in refused.output and "maintain" in refused.output
