"""What the two sides of the streaming service share: the landing and the alerts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mediflow_assets.errors import MediFlowError
from mediflow_assets.storage.delta import Lake
from mediflow_assets.streaming.metrics import Metrics
from mediflow_assets.streaming.spark import Kafka
from mediflow_assets.streaming.topic_landing import Topic

Tell = Callable[[str], None]


@dataclass
class ServiceContext:
    """Where one service of one home works, and how it reports."""

    home: Path
    lake: Lake
    topic: Topic
    kafka: Kafka
    alerts_topic: str
    alerts_batch_seconds: int
    secrets: Path
    session: Any
    metrics: Metrics
    tell: Tell
    timezone: str | None
    """The home's IANA time zone; None where none is set."""
    _told: str = field(default="", init=False)

    @property
    def scratch(self) -> Path:
        """Checkpoints: what Spark needs to go on within one start; across starts the tables tell."""
        return self.home / "stream"

    def say(self, sentence: str) -> None:
        """Tell something, once: what goes on failing in the same way says nothing new."""
        if sentence != self._told:
            self._told = sentence
            self.tell(sentence)

    def failed(self, error: MediFlowError, what: str = "") -> None:
        """Count and tell what failed and is tried again."""
        self.metrics.failed()
        self.say(f"{what}{error}")
