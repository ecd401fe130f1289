"""Tables follow what changed on Apache Spark as well: after each thing that happens they are as if made whole."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyspark
import pytest

from mediflow_assets.defs.resources import EngineResource
from mediflow_assets.pipeline import increment
from mediflow_assets_tests.cluster.compose import ROOT
from mediflow_assets_tests.cluster.places import JARS
from mediflow_assets_tests.house import House
from mediflow_assets_tests.pipeline.changing import assert_whatever_happens, begun

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]
HAPPENS = ["stay", "correction"]
"""Each takes Spark a minute or more; longer sequences are for the embedded engine."""
_UP_SECONDS = 120


@pytest.fixture(scope="module")
def on_spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A session of a Spark Connect server of its own, in one process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder, home = tmp_path_factory.mktemp("spark"), Path(pyspark.__file__).parent
    given = {
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": port,
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.extraClassPath": JARS / "spark/*",
        "spark.pyspark.python": sys.executable,
        # of a dozen rows
        "spark.sql.shuffle.partitions": 1,
        "spark.databricks.delta.snapshotPartitions": 1,
    }
    command = [home / "bin/spark-submit", "--master", "local[2]", "--driver-memory", "1g"]
    command += ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer"]
    command += ["--properties-file", ROOT / "deploy/conf/spark.conf"]
    command += [word for name, value in given.items() for word in ("--conf", f"{name}={value}")]
    own = {"SPARK_HOME": str(home), "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_DIRS": str(folder)}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [*map(str, command), "spark-internal"], cwd=folder, env=os.environ | own, stdout=log, stderr=log
        )
    try:
        _wait_for(port, server)
        engine = EngineResource(remote=f"sc://127.0.0.1:{port}")
        yield engine.spark_session
        engine.close()
    finally:
        server.terminate()
        server.wait(60)


def _wait_for(port: int, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _UP_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        with socket.socket() as asked:
            if asked.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.5)
    raise AssertionError("the Spark Connect server did not come up")


def test_whatever_happens_on_spark_the_tables_are_as_if_made_whole(
    on_spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(increment, "LEAST_ROWS", 0)
    monkeypatch.setattr(increment, "LARGEST_SHARE", 1)
    assert_whatever_happens(begun(House(tmp_path / "house", on_spark)), 1, HAPPENS)
