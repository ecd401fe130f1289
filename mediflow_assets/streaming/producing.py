"""Sending messages to the topic at a rate, with a ledger of what the broker took, line by line."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from mediflow_assets.streaming.broker import Broker, answering

LARGEST_REQUEST = 2 << 20
_AT_ONCE = 5_000
"""Messages on their way at a time."""
_TELL_SECONDS = 2.0


class Message(Protocol):
    """What is sent."""

    @property
    def key(self) -> bytes: ...  # noqa: D102
    @property
    def value(self) -> bytes | None: ...  # noqa: D102
    @property
    def event_id(self) -> str: ...  # noqa: D102
    @property
    def kind(self) -> str: ...  # noqa: D102


@dataclass
class Produced:
    """How many messages of each kind the broker took, and how many it did not."""

    kinds: Counter[str] = field(default_factory=Counter)
    failed: int = 0
    seconds: float = 0


def make_topic(broker: Broker, topic: str, partitions: int, config: dict[str, str] | None = None) -> bool:
    """Make the topic if it is not there; the broker's clock dates its messages. Whether it was made."""
    from kafka.admin import KafkaAdminClient, NewTopic
    from kafka.errors import TopicAlreadyExistsError

    with answering(broker.servers):
        admin = KafkaAdminClient(**broker.client())
        try:
            settings = {"message.timestamp.type": "LogAppendTime", "max.message.bytes": str(LARGEST_REQUEST)}
            # -1: as many copies as the broker makes by default
            admin.create_topics([NewTopic(topic, partitions, -1, topic_configs=settings | (config or {}))])
        except TopicAlreadyExistsError:
            return False
        finally:
            admin.close()
    return True


def produce(
    broker: Broker,
    topic: str,
    messages: Iterable[Message],
    ledger: Path | None = None,
    rate: float = 0,
    tell: Callable[[int], None] = lambda _: None,
) -> Produced:
    """Send them, at most `rate` a second (0: as fast as it goes). Returns when the broker has acknowledged all."""
    from kafka import KafkaProducer

    done, begun = Produced(), time.monotonic()
    told = begun
    waiting: list[tuple[Message, Any]] = []
    with answering(broker.servers):
        producer = KafkaProducer(
            acks="all",
            enable_idempotence=True,
            linger_ms=2 if rate else 20,
            max_request_size=LARGEST_REQUEST,
            batch_size=1 << 17,
            **broker.client(),
        )
        if ledger:
            ledger.parent.mkdir(parents=True, exist_ok=True)
        out = ledger.open("a", encoding="utf-8") if ledger else None
        try:
            for number, message in enumerate(messages):
                if rate:
                    time.sleep(max(0.0, begun + number / rate - time.monotonic()))
                waiting.append((message, producer.send(topic, message.value, key=message.key)))
                if len(waiting) >= _AT_ONCE or time.monotonic() - told > _TELL_SECONDS:
                    _settle(waiting, out, done)
                    tell(number + 1)
                    told = time.monotonic()
            producer.flush()
        finally:
            # whoever stops half-way has a ledger of what was taken until then
            _settle(waiting, out, done)
            producer.close()
            if out:
                out.close()
    done.seconds = time.monotonic() - begun
    return done


def _settle(waiting: list[tuple[Message, Any]], out: Any, done: Produced) -> None:
    from kafka.errors import KafkaError

    for message, coming in waiting:
        try:
            taken = coming.get(timeout=60)
        except KafkaError:
            done.failed += 1
            continue
        done.kinds[message.kind] += 1
        if out:
            told = {
                "partition": taken.partition,
                "offset": taken.offset,
                "event_id": message.event_id,
                "kind": message.kind,
            }
            out.write(json.dumps(told) + "\n")
    waiting.clear()


def read_ledger(path: Path) -> list[dict[str, Any]]:
    """The lines of a ledger."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
