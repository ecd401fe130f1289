"""A real broker: Apache Kafka (KRaft) as a process of its own, on free ports, in a folder."""

import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mediflow_assets.streaming.broker import Broker

ROOT = Path(__file__).parents[2]
POM = ROOT / "deploy" / "jars" / "pom.xml"
JARS = Path("~/.cache/mediflow/jars").expanduser()
_UP_SECONDS = 60
_CONFIG = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={folder}/log
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
auto.create.topics.enable=false
log.retention.check.interval.ms=1000
log.initial.task.delay.ms=500
"""


def jars(profile: str) -> str:
    """The class path of a profile of deploy/jars, resolved by Maven once."""
    folder = JARS / profile
    if not list(folder.glob("*.jar")):
        command = ["mvn", "-q", "-B", "-f", str(POM), f"-P{profile}", f"-Djars={folder}"]
        subprocess.run([*command, "dependency:copy-dependencies"], check=True, capture_output=True)
    return f"{folder}/*"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass
class KafkaProcess:
    """The broker of a folder; killed and started again, it has what it had."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def servers(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def broker(self) -> Broker:
        return Broker(self.servers)

    def start(self) -> "KafkaProcess":
        config = self.folder / "server.properties"
        if not config.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            config.write_text(_CONFIG.format(port=self.port, controller=free_port(), folder=self.folder))
            cluster = "MkU3OEVBNTcwNTJENDM2Qk"
            self._java("kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(config)).wait(60)
        self.process = self._java("kafka.Kafka", str(config))
        self._wait()
        return self

    def kill(self) -> None:
        """As a power cut does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGKILL)

    def _java(self, *words: str) -> "subprocess.Popen[bytes]":
        log = (self.folder / "kafka.out").open("ab")
        return subprocess.Popen(
            ["java", "-Xmx512m", "-Xshare:auto", "-XX:TieredStopAtLevel=4", "-cp", jars("kafka"), *words],
            stdout=log,
            stderr=log,
            env={"PATH": os.environ["PATH"]},
            start_new_session=True,
        )

    def _wait(self) -> None:
        deadline = time.monotonic() + _UP_SECONDS
        while time.monotonic() < deadline:
            assert self.process is not None and self.process.poll() is None, "the broker ended"
            try:
                self.broker.bounds("no-such-topic")
                return
            except Exception:
                time.sleep(0.2)
        raise AssertionError("the broker did not come up")

    def _end(self, how: Any) -> None:
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, how)
            self.process.wait(30)
        self.process = None
