"""The embedded engine over an object store: one `s3://` URI for delta-rs, Arrow and the engine; backup and restore."""

import datetime as dt
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mediflow_assets import object_key
from mediflow_assets.objects import make_bucket
from mediflow_assets.secrets.pseudonym_key import PseudonymKey
from mediflow_assets.storage.delta import Lake
from mediflow_assets_tests.cluster import deliveries
from mediflow_assets_tests.cluster.conftest import started
from mediflow_assets_tests.cluster.site import Twin, differing, rows_of

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

ROWS = 1_000
RECEIVED = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def store() -> Iterator[dict[str, str]]:
    """The environment of an object store that runs, with its key in a file."""
    with started(only={"secrets", "objects"}) as cluster:
        cluster.up()
        yield {
            "AWS_ENDPOINT_URL": cluster.url("objects", 7070),
            "AWS_REGION": "us-east-1",
            "AWS_ALLOW_HTTP": "true",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_SHARED_CREDENTIALS_FILE": str(cluster.places.folder / "volumes/secrets/pipeline/aws"),
        }


def mediflow(environment: dict[str, str], *words: object) -> None:
    kept = {n: v for n, v in os.environ.items() if not n.startswith(("MEDIFLOW_", "DAGSTER_", "AWS_", "MLFLOW_"))}
    said = subprocess.run(
        [sys.executable, "-m", "mediflow_assets.cli", *map(str, words)],
        env=kept | environment | {"MEDIFLOW_PUBLISH": "run", "RUST_LOG": "error"},
        capture_output=True,
        text=True,
    )
    assert said.returncode == 0, f"{words}: {said.stdout[-1000:]}{said.stderr[-2000:]}"


def test_a_lake_in_a_bucket_equals_one_in_a_folder_and_is_backed_up_and_restored(
    store: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "ROWS", ROWS)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        # set, so that it is put back at the end; and not there, so that the file's is taken
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    twin = Twin(tmp_path / "twin")
    PseudonymKey.create(twin.home / "secrets")
    for file in deliveries.first(tmp_path):
        twin.inbox.receive(file, RECEIVED)
    home = Path(shutil.copytree(twin.home, tmp_path / "home"))
    for name, value in store.items():
        monkeypatch.setenv(name, value)
    object_key.adopt()
    for bucket in ("one", "two"):
        make_bucket(f"s3://{bucket}")
    here = store | {"MEDIFLOW_HOME": str(home), "MEDIFLOW_LAKE": "s3://one/lake"}
    mediflow(here, "run")
    twin.run()
    assert differing(rows_of(Lake("s3://one/lake")), rows_of(twin.lake)) == {}
    mediflow(here, "backup", tmp_path / "backup")
    there = store | {"MEDIFLOW_HOME": str(tmp_path / "back"), "MEDIFLOW_LAKE": "s3://two/lake"}
    mediflow(there, "restore", tmp_path / "backup")
    assert differing(rows_of(Lake("s3://two/lake")), rows_of(twin.lake)) == {}
    mediflow(there, "run")
