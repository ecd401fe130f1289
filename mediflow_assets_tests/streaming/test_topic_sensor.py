"""The sensor and batch landing against a real broker."""

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from mediflow_assets.contracts import TABLES
from mediflow_assets.contracts.events import ENCOUNTER_EVENTS
from mediflow_assets.defs.stream_sensor import build_stream_sensor
from mediflow_assets.errors import OffsetsLost
from mediflow_assets.settings import Settings
from mediflow_assets.streaming.event_landing import land_ranges
from mediflow_assets.streaming.ranges import Range
from mediflow_assets.streaming.topic_landing import Topic, land_topic
from mediflow_assets.synthetic.events import Sent
from mediflow_assets_tests.streaming.conftest import event
from mediflow_assets_tests.streaming.hospital import StreamHome, until
from mediflow_assets_tests.streaming.kafka_process import KafkaProcess, free_port

LONGEST_SKIP_SECONDS, LONGEST_TICK_SECONDS = 5, 1
STREAMED = ("bronze/encounter_events", "gold/stream_alerts", "masked/stream_alerts", "gold/stream_status")
cluster = pytest.mark.cluster
Homes = Callable[..., StreamHome]


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def tick(settings: Settings, instance: dg.DagsterInstance) -> Any:
    return build_stream_sensor(settings)(dg.build_sensor_context(instance))


def offsets(request: dg.RunRequest) -> list[tuple[int, int, int]]:
    config = request.run_config["ops"]["encounter_events"]["config"]
    return [(each["partition"], each["start"], each["end"]) for each in config["offsets"]]


def some(count: int, start: int = 0) -> list[Sent]:
    """Messages of alternating keys, so that both partitions get some."""
    return [
        Sent(f"k{n}".encode(), event(event_id=f"EV{n}", encounter_id=f"E{n}"), f"EV{n}")
        for n in range(start, start + count)
    ]


def land(home: StreamHome, request: dg.RunRequest) -> None:
    """What the run of a request does."""
    ranges = [Range(home.topic, *each) for each in offsets(request)]
    land_topic(home.lake, home.folder, Topic.of(home.settings), ranges, "test")


def failed(instance: dg.DagsterInstance, request: dg.RunRequest) -> None:
    """The run of a request, which failed."""
    run = dg.DagsterRun(job_name="refresh", run_config=request.run_config, status=dg.DagsterRunStatus.FAILURE)
    instance.add_run(run)


def test_landing_is_off_unless_it_is_set(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    assert "off" in tick(Settings(home=tmp_path), instance).skip_message


@pytest.mark.slow
def test_a_broker_that_is_down_is_told_in_time(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    settings = Settings(home=tmp_path, landing="batch", kafka=f"127.0.0.1:{free_port()}")
    begun = time.monotonic()
    assert "No Kafka broker answers" in tick(settings, instance).skip_message
    assert time.monotonic() - begun <= LONGEST_SKIP_SECONDS


@pytest.mark.slow
def test_a_broker_that_takes_connections_and_never_answers_is_told_in_time(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = Settings(home=tmp_path, landing="batch", kafka=f"127.0.0.1:{silent.getsockname()[1]}")
        begun = time.monotonic()
        assert "No Kafka broker answers" in tick(settings, instance).skip_message
        assert time.monotonic() - begun <= LONGEST_SKIP_SECONDS


@pytest.mark.parametrize("landing", ["off", "batch", "continuous"])
def test_without_a_broker_nothing_is_landed_and_nothing_fails(tmp_path: Path, landing: str) -> None:
    home = StreamHome(tmp_path, KafkaProcess(tmp_path / "none"), landing)
    told = land_topic(home.lake, home.folder, Topic.of(home.settings), (), "test")
    assert told["new_rows"] == 0 and home.lake.rows(ENCOUNTER_EVENTS) == 0
    assert ("No Kafka broker answers" in told.get("not_landed", "")) == (landing == "batch")


@cluster
@pytest.mark.parametrize(("landing", "has_broker"), [("batch", False), ("continuous", False), ("off", True)])
def test_everything_materialises_in_each_landing(
    stream_home: Homes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, landing: str, has_broker: bool
) -> None:
    home = stream_home(landing, of=None if has_broker else KafkaProcess(tmp_path / "none"))
    assert home.call("run") == 0
    assert {name for name in STREAMED if home.lake.version(TABLES[name]) < 0} == set()
    assert home.lake.rows(ENCOUNTER_EVENTS) == 0
    monkeypatch.setenv("DAGSTER_HOME", str(home.folder / "dagster"))
    told = home.metadata("bronze/encounter_events")
    assert told["landing"] == landing and ("not_landed" in told) == (landing == "batch")


def test_after_a_failed_refresh_the_sensor_rests(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    settings = Settings(home=tmp_path, landing="continuous")
    instance.add_run(dg.DagsterRun(job_name="refresh", status=dg.DagsterRunStatus.FAILURE))
    assert "tried again" in tick(settings, instance).skip_message
    instance.add_run(dg.DagsterRun(job_name="refresh", status=dg.DagsterRunStatus.SUCCESS))
    assert "has validated all" in tick(settings, instance).skip_message


@cluster
def test_new_offsets_of_both_partitions_are_requested_and_landed(
    stream_home: Homes, instance: dg.DagsterInstance
) -> None:
    home = stream_home()
    home.make_topic(2)
    home.send(some(20))
    begun = time.monotonic()
    request = tick(home.settings, instance)
    assert time.monotonic() - begun <= LONGEST_TICK_SECONDS
    assert request.run_key is None and {each[0] for each in offsets(request)} == {0, 1}
    land(home, request)
    home.assert_every_message_once()
    assert "all that the broker has" in tick(home.settings, instance).skip_message
    home.send(some(5, 20))
    land(home, tick(home.settings, instance))
    land(home, request)
    home.assert_every_message_once()


@cluster
def test_the_range_of_a_failed_run_is_asked_for_again(
    stream_home: Homes, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = stream_home()
    home.make_topic(2)
    home.send(some(20))
    request = tick(home.settings, instance)
    failed(instance, request)
    assert "tried again" in tick(home.settings, instance).skip_message
    monkeypatch.setattr("mediflow_assets.defs.stream_sensor.REST_SECONDS", 0)
    again = tick(home.settings, instance)
    assert offsets(again) == offsets(request) and again.run_key is None
    land(home, again)
    home.assert_every_message_once()


@cluster
@pytest.mark.parametrize("status", ["NOT_STARTED", "STARTING", "STARTED", "CANCELING"])
@pytest.mark.parametrize("job", ["refresh", "rebuild", "__ASSET_JOB"])
def test_a_run_on_its_way_is_waited_for(
    stream_home: Homes, instance: dg.DagsterInstance, status: str, job: str
) -> None:
    home = stream_home()
    home.make_topic()
    home.send(some(3))
    # what somebody materialises in the UI is a run of the asset job
    chosen = frozenset({dg.AssetKey(["bronze", "encounter_events"])}) if job.startswith("__") else None
    instance.add_run(dg.DagsterRun(job_name=job, status=dg.DagsterRunStatus[status], asset_selection=chosen))
    assert "on its way" in tick(home.settings, instance).skip_message


@cluster
def test_a_topic_made_later_is_found(stream_home: Homes, instance: dg.DagsterInstance) -> None:
    home = stream_home()
    assert isinstance(tick(home.settings, instance), dg.SkipReason)
    home.make_topic(1)
    home.send(some(2))
    assert offsets(tick(home.settings, instance)) == [(0, 0, 2)]


@cluster
def test_catching_up_is_bounded(stream_home: Homes, instance: dg.DagsterInstance) -> None:
    home = stream_home()
    home.make_topic(2)
    home.send(some(100))
    settings = home.settings.model_copy(update={"max_records_per_run": 30})
    request = tick(settings, instance)
    assert sum(end - start for _, start, end in offsets(request)) <= 32
    while isinstance(request, dg.RunRequest):
        land(home, request)
        request = tick(settings, instance)
    home.assert_every_message_once()


@cluster
def test_removed_offsets_are_named_and_never_passed_over(stream_home: Homes, instance: dg.DagsterInstance) -> None:
    from kafka import KafkaAdminClient, TopicPartition

    home = stream_home()
    home.make_topic(1)
    home.send(some(4))
    land(home, tick(home.settings, instance))
    home.send(some(6, 4))
    admin = KafkaAdminClient(bootstrap_servers=home.kafka.servers)
    admin.delete_records({TopicPartition(home.topic, 0): 7})
    admin.close()
    told = tick(home.settings, instance).skip_message
    assert f"{home.topic} partition 0, offsets 4 to 6 are gone" in told
    assert home.call("stream", "skip-lost") == 0
    assert offsets(tick(home.settings, instance)) == [(0, 7, 10)]


@cluster
def test_a_broker_that_comes_back_is_found_again(
    tmp_path: Path, stream_home: Homes, instance: dg.DagsterInstance
) -> None:
    own = KafkaProcess(tmp_path / "kafka").start()
    try:
        home = stream_home(of=own)
        home.make_topic(1)
        home.send(some(3))
        own.kill()
        assert "No Kafka broker answers" in tick(home.settings, instance).skip_message
        own.start()
        until(lambda: isinstance(tick(home.settings, instance), dg.RunRequest))
        land(home, tick(home.settings, instance))
        home.assert_every_message_once()
    finally:
        own.stop()


@cluster
def test_two_landings_never_write_at_once(stream_home: Homes) -> None:
    from mediflow_assets.errors import LakeBusy
    from mediflow_assets.ingest.event_lease import lock_of
    from mediflow_assets.storage.lease import lake_lease

    home = stream_home()
    home.make_topic(1)
    home.send(some(3))
    with lake_lease(lock_of(home.folder), "stream serve"), pytest.raises(LakeBusy, match="stream serve"):
        land_ranges(home.lake, home.folder, home.kafka.broker, [Range(home.topic, 0, 0, 3)], "test")
    assert home.lake.rows(ENCOUNTER_EVENTS) == 0


@cluster
@pytest.mark.parametrize("count", [5, 20], ids=["fewer events", "more events"])
def test_a_topic_made_anew_is_told_and_nothing_is_skipped(
    stream_home: Homes, instance: dg.DagsterInstance, count: int
) -> None:
    from kafka import KafkaAdminClient

    home = stream_home()
    home.make_topic(1)
    home.send(some(13))
    land(home, tick(home.settings, instance))
    admin = KafkaAdminClient(bootstrap_servers=home.kafka.servers)
    admin.delete_topics([home.topic])
    until(lambda: home.topic not in admin.list_topics())
    admin.close()
    home.make_topic(1)
    home.send(some(count, 100))
    told = tick(home.settings, instance).skip_message
    assert f"{home.topic} was deleted and made again" in told
    with pytest.raises(OffsetsLost, match="made again"):
        land_ranges(home.lake, home.folder, home.kafka.broker, [Range(home.topic, 0, 13, count)], "test")
    assert home.call("run") == 0 and "made again" in (home.folder / "run.out").read_text()
    assert home.call("stream", "status") == 0 and "made again" in (home.folder / "status.out").read_text()
    assert home.lake.rows(ENCOUNTER_EVENTS) == 13


@cluster
def test_what_a_producer_took_back_never_lands(stream_home: Homes, instance: dg.DagsterInstance) -> None:
    from kafka import KafkaProducer

    home = stream_home()
    home.make_topic(1)
    producer = KafkaProducer(bootstrap_servers=home.kafka.servers, transactional_id="t", enable_idempotence=True)
    producer.init_transactions()
    for name, end in (("KEPT", "commit_transaction"), ("GONE", "abort_transaction"), ("LAST", "commit_transaction")):
        producer.begin_transaction()
        for number in range(3):
            producer.send(home.topic, event(event_id=f"{name}{number}"))
        producer.flush()
        getattr(producer, end)()
    producer.close()
    land(home, tick(home.settings, instance))
    landed = home.lake.read(ENCOUNTER_EVENTS, ["value"])["value"].to_pylist()
    assert [b"GONE" in each for each in landed] == [False] * 6
    assert isinstance(tick(home.settings, instance), dg.SkipReason), "the markers of transactions are passed"
