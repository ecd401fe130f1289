"""The broker, by kafka-python and without a consumer group: which offsets it has, and exact ranges of messages."""

import contextlib
import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from mediflow_assets.errors import BrokerUnreachable, OffsetsLost
from mediflow_assets.streaming.ranges import Bounds, Range, lost_text

ANSWER_SECONDS = 4
"""Within this a broker answers, or is taken to be down."""
STALL_SECONDS = 30
"""Within this a read makes progress."""
_MOST_BYTES = 8 << 20
_NO_ID = str(UUID(int=0))


@dataclass(frozen=True)
class Broker:
    """Where it is, and how it is spoken to: `options` are kafka-python's own, security among them."""

    servers: str
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def client(self) -> dict[str, Any]:
        """What every client is told: where the broker is, how it is spoken to, and that it answers soon or is down."""
        servers, answer = self.servers.split(","), ANSWER_SECONDS * 1000
        return {"bootstrap_servers": servers, "bootstrap_timeout_ms": answer, **self.options}

    def bounds(self, topic: str) -> dict[int, Bounds]:
        """Per partition what it has of a topic; nothing where there is no such topic. Raises BrokerUnreachable."""
        with self._consumer() as consumer:
            partitions = _partitions(consumer, topic)
            with answering(self.servers):
                first = consumer.beginning_offsets(partitions)
                end = consumer.end_offsets(partitions)
            return {each.partition: Bounds(first[each], end[each]) for each in partitions}

    def topic_id(self, topic: str) -> str | None:
        """The id that the topic got when it was made; None where there is no such topic, or the broker tells none.
        Raises BrokerUnreachable."""
        from kafka.admin import KafkaAdminClient

        with answering(self.servers):
            admin = KafkaAdminClient(request_timeout_ms=ANSWER_SECONDS * 1000, **self.client())
            try:
                told = [each.get("topic_id") for each in admin.describe_topics([topic])]
            finally:
                admin.close()
        return str(told[0]) if told and told[0] and str(told[0]) != _NO_ID else None

    def read(self, wanted: Range, stall_seconds: float = STALL_SECONDS) -> Iterator[list[Any]]:
        """The messages of just this range, some at a time.

        Raises OffsetsLost if retention removed some meanwhile, BrokerUnreachable if no progress is made.
        """
        from kafka import TopicPartition
        from kafka.errors import KafkaError, OffsetOutOfRangeError

        with self._consumer(
            max_poll_records=5_000, fetch_max_bytes=_MOST_BYTES * 4, max_partition_fetch_bytes=_MOST_BYTES
        ) as consumer:
            place = TopicPartition(wanted.topic, wanted.partition)
            consumer.assign([place])
            consumer.seek(place, wanted.start)
            moved = time.monotonic()
            at = wanted.start
            while at < wanted.end:
                try:
                    polled = consumer.poll(timeout_ms=500).get(place, [])
                    # control records move the position too
                    position = consumer.position(place, timeout_ms=ANSWER_SECONDS * 1000)
                except OffsetOutOfRangeError:
                    first = self.bounds(wanted.topic)[wanted.partition].first
                    gone = Range(wanted.topic, wanted.partition, at, min(first, wanted.end))
                    raise OffsetsLost(lost_text([gone])) from None
                except KafkaError as error:
                    polled, position = [], at
                    if time.monotonic() - moved > stall_seconds:
                        raise _unreachable(self.servers, type(error).__name__) from None
                messages = [each for each in polled if each.offset < wanted.end]
                if messages:
                    yield messages
                if position is not None and position > at:
                    at, moved = position, time.monotonic()
                elif time.monotonic() - moved > stall_seconds:
                    raise _unreachable(self.servers, f"no message of {wanted} came in {stall_seconds} s")

    @contextlib.contextmanager
    def _consumer(self, **more: Any) -> Iterator[Any]:
        from kafka import KafkaConsumer

        logging.getLogger("kafka").setLevel(logging.CRITICAL)
        with answering(self.servers):
            consumer = KafkaConsumer(
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="none",
                # what a producer took back is no event
                isolation_level="read_committed",
                request_timeout_ms=ANSWER_SECONDS * 1000,
                **{**self.client(), **more},
            )
        try:
            yield consumer
        finally:
            with contextlib.suppress(Exception):
                consumer.close()


def _partitions(consumer: Any, topic: str) -> list[Any]:
    from kafka import TopicPartition

    with answering(""):
        # asking for a topic's partitions may make the topic; asking for all topics makes none
        known = consumer.partitions_for_topic(topic) if topic in consumer.topics() else None
    return [TopicPartition(topic, number) for number in sorted(known or ())]


@contextlib.contextmanager
def answering(servers: str) -> Iterator[None]:
    """Raise BrokerUnreachable in place of what the client raises."""
    from kafka.errors import KafkaError

    try:
        yield
    except (KafkaError, OSError) as error:
        raise _unreachable(servers, type(error).__name__) from None


def _unreachable(servers: str, why: str) -> BrokerUnreachable:
    return BrokerUnreachable(f"No Kafka broker answers at {servers or 'MEDIFLOW_KAFKA'} ({why}). Is it running?")
