"""The service against a real broker, with Apache Spark: lands once, alerts, stops, is killed, says what is lost."""

import datetime as dt
import itertools
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mediflow_assets.contracts import gold
from mediflow_assets.contracts.events import ENCOUNTER_EVENTS, STREAM_ALERTS
from mediflow_assets.ingest.event_lease import events_asked_for
from mediflow_assets.ingest.tombstones import Tombstones
from mediflow_assets.streaming.producing import produce, read_ledger
from mediflow_assets.synthetic.events import Sent, Shares, messages
from mediflow_assets_tests.streaming.conftest import event
from mediflow_assets_tests.streaming.hospital import StreamHome, metrics, until
from mediflow_assets_tests.streaming.kafka_process import KafkaProcess
from mediflow_assets_tests.streaming.kills import BROKER, RUN, SERVICE, Drill

NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
GIVES_UP_SECONDS = 10
ERASED = "P-ERASED-1"
SHARES = Shares(bad=0.005, duplicate=0.05, late=0.01, disorder=0.05)
Homes = Callable[..., StreamHome]


def alerts_of(home: StreamHome, rule: str) -> list[dict[str, Any]]:
    return [row for row in home.rows(STREAM_ALERTS.name) if row["rule"] == rule]


def hot_events(is_dear: threading.Event, is_enough: threading.Event) -> Iterator[Sent]:
    """Each of another encounter, its blood pressure above the limit, its cost usual at first and far too high later."""
    for n in itertools.takewhile(lambda _: not is_enough.is_set(), itertools.count()):
        cost = 90_000 if is_dear.is_set() else 900
        yield Sent(
            str(n).encode(), event(event_id=f"h{n}", encounter_id=f"H{n}", cost=cost, blood_pressure="200/80"), ""
        )


pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]


def test_both_landings_give_the_same_tables(stream_home: Homes) -> None:
    live = stream_home("continuous")
    live.make_topic(2)
    batch = stream_home("batch", live.topic)
    live.send(messages(2_000, 3, NOW, SHARES))
    for home in (live, batch):
        Tombstones.add(home.folder, [ERASED], "test")
    gone = event(event_id="gone", encounter_id="GONE", patient_id=ERASED, blood_pressure="230/130")
    # not in the ledger: it is refused
    produce(live.kafka.broker, live.topic, [Sent(b"k", gone, "gone")])
    service = live.start("stream", "serve")
    until(lambda: not live.waiting(), 120, service)
    live.send([Sent(b"k", event(event_id="hot", encounter_id="HOT", blood_pressure="220/130"), "hot")])
    until(lambda: live.lake.rows(STREAM_ALERTS) >= 2, 60, service)
    assert metrics(live.metrics_port)["mediflow_stream_rows_total"] == 2_001
    service.send_signal(signal.SIGTERM)
    assert service.wait(60) == 0
    for home in (live, batch):
        assert home.call("run") == 0
        assert 230 not in {row["value"] for row in home.rows(STREAM_ALERTS.name)}
    live.assert_every_message_once()
    live.assert_poison_is_held()
    assert live.bronze() == batch.bronze()
    assert live.silver() == batch.silver()
    told = {row["rule"]: row for row in live.rows(STREAM_ALERTS.name) if row["value"] in (220, 130)}
    assert set(told) == {"systolic_mmhg", "diastolic_mmhg"} and {r["mode"] for r in told.values()} == {"real-time"}
    of_run = {row["alert_id"] for row in batch.rows(STREAM_ALERTS.name) if row["rule"] != "cost_above_limit"}
    of_service = {row["alert_id"] for row in live.rows(STREAM_ALERTS.name) if row["rule"] != "cost_above_limit"}
    assert of_run == of_service


def test_the_table_is_given_up_when_it_is_asked_for(stream_home: Homes) -> None:
    home = stream_home("continuous")
    home.make_topic(1)
    home.send([Sent(b"k", event(), "EV1")])
    service = home.start("stream", "serve")
    until(lambda: not home.waiting(), 120, service)
    assert home.start("stream", "serve").wait(90) == 1
    begun = time.monotonic()
    with events_asked_for(home.folder, "test"):
        assert time.monotonic() - begun <= GIVES_UP_SECONDS
        home.send([Sent(b"k", event(event_id="EV2"), "EV2")])
        time.sleep(2)
        assert home.lake.rows(ENCOUNTER_EVENTS) == 1
    until(lambda: not home.waiting(), 60, service)
    home.assert_every_message_once()


@pytest.mark.parametrize("trouble", ["backlog", pytest.param("broker down", marks=pytest.mark.faults)])
def test_the_table_is_given_up_in_time_whatever_the_service_is_at(
    stream_home: Homes, tmp_path: Path, trouble: str
) -> None:
    own = KafkaProcess(tmp_path / "kafka").start()
    try:
        home = stream_home("continuous", of=own)
        home.make_topic(2)
        home.send(messages(120_000 if trouble == "backlog" else 200, 4, NOW))
        service = home.start("stream", "serve")
        until(lambda: home.lake.rows(ENCOUNTER_EVENTS), 120, service)
        if trouble == "broker down":
            own.kill()
            time.sleep(6)
        begun = time.monotonic()
        with events_asked_for(home.folder, "test"):
            assert time.monotonic() - begun <= GIVES_UP_SECONDS
        if trouble == "broker down":
            own.start()
        until(lambda: not home.waiting(), 120, service)
        home.assert_every_message_once()
        service.send_signal(signal.SIGTERM)
        assert service.wait(60) == 0
    finally:
        own.stop()


def test_new_baselines_are_taken_in_and_no_event_is_passed_over(stream_home: Homes) -> None:
    home = stream_home("continuous")
    home.more["MEDIFLOW_ALERTS_BATCH_SECONDS"] = "10"
    home.make_topic(2)
    # peers enough for a baseline
    usual = [
        Sent(f"u{n}".encode(), event(event_id=f"u{n}", encounter_id=f"U{n}", cost=900 + n), f"u{n}") for n in range(60)
    ]
    home.send(usual)
    is_dear, is_enough = threading.Event(), threading.Event()
    service = home.start("stream", "serve")
    sender = threading.Thread(target=home.send, args=(hot_events(is_dear, is_enough), 20), daemon=True)
    sender.start()
    until(lambda: alerts_of(home, "systolic_mmhg"), 120, service)
    assert home.call("run") == 0
    is_dear.set()
    version = home.lake.version(gold.COST_BASELINES)
    until(lambda: f"baselines of version {version}" in (home.folder / "serve.out").read_text(), 120, service)
    time.sleep(3)
    is_enough.set()
    sender.join(60)
    sent = len(read_ledger(home.ledger)) - len(usual)
    until(lambda: len(alerts_of(home, "systolic_mmhg")) >= sent, 120, service)
    pressed, dear = alerts_of(home, "systolic_mmhg"), alerts_of(home, "cost_above_limit")
    assert len({row["encounter_key"] for row in pressed}) == len(pressed) == sent
    assert {row["baseline_version"] for row in pressed} == {-1, version}
    assert {row["baseline_version"] for row in dear} == {version}
    # started again at a checkpoint: hardly any event was validated twice
    told = sum(bounds.end for bounds in home.kafka.broker.bounds(f"{home.topic}-alerts").values())
    assert told - len(pressed) - len(dear) <= sent // 10


def test_lost_offsets_end_the_service_by_name(stream_home: Homes) -> None:
    from kafka import KafkaAdminClient, TopicPartition

    home = stream_home("continuous")
    home.make_topic(1)
    home.send([Sent(b"k", event(event_id=f"EV{n}"), f"EV{n}") for n in range(3)])
    service = home.start("stream", "serve")
    until(lambda: not home.waiting(), 120, service)
    service.kill()
    service.wait(30)
    home.send([Sent(b"k", event(event_id=f"EW{n}"), f"EW{n}") for n in range(5)])
    admin = KafkaAdminClient(bootstrap_servers=home.kafka.servers)
    admin.delete_records({TopicPartition(home.topic, 0): 6})
    admin.close()
    assert home.call("stream", "serve") == 1
    assert f"{home.topic} partition 0, offsets 3 to 5 are gone" in (home.folder / "serve.out").read_text()


def drill(tmp_path: Path, stream_home: Homes, landing: str, count: int, rate: float, kills: dict[str, int]) -> None:
    own = KafkaProcess(tmp_path / "kafka").start()
    try:
        home = stream_home(landing, of=own)
        home.make_topic(2)
        Drill(home, seed=7, kills=kills).go(messages(count, 11, NOW, SHARES), rate)
        clean = stream_home("batch", home.topic, of=own)
        assert clean.call("run") == 0
        home.assert_every_message_once()
        home.assert_poison_is_held()
        assert home.bronze() == clean.bronze()
        assert home.silver() == clean.silver()
    finally:
        own.stop()


def test_nothing_is_lost_or_doubled_by_three_kills(tmp_path: Path, stream_home: Homes) -> None:
    drill(tmp_path, stream_home, "continuous", 15_000, 600, {SERVICE: 1, RUN: 1, BROKER: 1})


@pytest.mark.faults
@pytest.mark.timeout(3_600)
def test_nothing_is_lost_or_doubled_by_thirty_three_kills(tmp_path: Path, stream_home: Homes) -> None:
    drill(tmp_path, stream_home, "continuous", 200_000, 500, {SERVICE: 20, RUN: 10, BROKER: 3})


@pytest.mark.faults
@pytest.mark.timeout(3_600)
def test_batch_landing_loses_or_doubles_nothing_either(tmp_path: Path, stream_home: Homes) -> None:
    drill(tmp_path, stream_home, "batch", 20_000, 600, {RUN: 5, BROKER: 1})
