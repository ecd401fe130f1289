"""Apache Spark for the streaming service: a session of its own, in a JVM that ends with this process."""

import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from mediflow_assets.errors import StreamFailed

_DELTA = "org.apache.spark.sql.delta.catalog.DeltaCatalog"
_ANSWER_MS = 4_000
_SILENT = "-Dlog4j2.level=OFF -Dlog4j2.rootLogger.level=OFF"
_REGIONS = "-XX:G1HeapRegionSize=8m"
"""A heap that begins at a sixty-fourth of the memory, with regions that a batch of messages outgrows, as the JVM
chooses by itself, stopped the alerts for 0.2 to 0.4 s every few seconds. So it begins whole."""


@dataclass(frozen=True)
class Kafka:
    """Where the brokers are, as Spark is told it."""

    servers: str
    options: Mapping[str, str] = field(default_factory=dict, repr=False)

    def on(self, stream: Any) -> Any:
        """A reader or writer with the options set."""
        stream = stream.format("kafka").option("kafka.bootstrap.servers", self.servers)
        for name, value in self.options.items():
            stream = stream.option(f"kafka.{name}", value)
        return stream


def delta_jar() -> str:
    """The file of Delta's jar, as delta-spark names it for the pyspark that is installed; `make jars` fetches it."""
    from delta.pip_utils import configure_spark_with_delta_pip
    from pyspark.sql import SparkSession

    configured: Any = configure_spark_with_delta_pip(SparkSession.Builder())
    _, artifact, version = configured._options["spark.jars.packages"].split(":")
    return f"{artifact}-{version}.jar"


def start_session(jars: Path, cores: int, memory: str, scratch: Path) -> Any:
    """A local session with Delta and the Kafka connector. Raises StreamFailed where their jars are not there.

    A query in real time keeps one core for each partition, for good.
    """
    found = sorted(str(path) for path in jars.glob("*.jar"))
    for name in (delta_jar(), "spark-sql-kafka"):
        if not any(name in each for each in found):
            raise StreamFailed(f"There is no {name} in {jars}: 'make jars' fetches it (Java 17 and Maven).")
    for name in ("SPARK_REMOTE", "SPARK_CONNECT_MODE_ENABLED", "SPARK_LOCAL_REMOTE"):
        os.environ.pop(name, None)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    logging.getLogger("py4j").setLevel(logging.CRITICAL)
    logging.getLogger("pyspark").setLevel(logging.CRITICAL)
    from pyspark.sql import SparkSession

    builder: Any = SparkSession.builder.master(f"local[{cores}]").appName("mediflow stream")
    settings = {
        "spark.jars": ",".join(found),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": _DELTA,
        "spark.sql.shuffle.partitions": "2",
        # both lay the rules of an encounter out again and again, and fill the memory before the first event is read
        "spark.sql.constraintPropagation.enabled": "false",
        "spark.sql.optimizer.dynamicPartitionPruning.enabled": "false",
        "spark.driver.memory": memory,
        "spark.driver.extraJavaOptions": f"{_SILENT} -Xms{memory} {_REGIONS}",
        "spark.driver.host": "127.0.0.1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.local.dir": str(scratch),
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.sql.streaming.metricsEnabled": "false",
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    # a log of Spark may hold rows
    session.sparkContext.setLogLevel("OFF")
    return session


def small_frame(session: Any, rows: pa.Table) -> Any:
    """Rows as part of the plan itself: real time joins with nothing that has to be computed."""
    return session.createDataFrame(rows)


def read_topic(
    session: Any, kafka: Kafka, topic: str, offsets: str, most: int | None = None, has_headers: bool = False
) -> Any:
    """The topic as a stream of `topic, partition, offset, timestamp, key, value`, and `headers` if asked for."""
    reader = kafka.on(session.readStream).option("subscribe", topic).option("startingOffsets", offsets)
    reader = reader.option("includeHeaders", str(has_headers).lower())
    # read committed: what a producer took back is no event
    reader = reader.option("failOnDataLoss", "true").option("kafka.isolation.level", "read_committed")
    for name in ("default.api.timeout.ms", "request.timeout.ms"):
        # by default a query that is stopped while the broker is down waits a minute for its answer
        reader = reader.option(f"kafka.{name}", str(_ANSWER_MS))
    return (reader.option("maxOffsetsPerTrigger", most) if most else reader).load()
