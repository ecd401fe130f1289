"""HL7 v2 on a real topic: by its header, beside events, and whoever is killed."""

import random
from collections import Counter
from collections.abc import Callable

import pytest

from mediflow_assets.contracts import bronze, silver
from mediflow_assets.contracts.events import ENCOUNTER_EVENTS
from mediflow_assets.contracts.hl7 import HL7_EVENTS
from mediflow_assets.streaming.topic_landing import Topic, land_topic
from mediflow_assets.synthetic.events import Sent
from mediflow_assets_tests.sources.adt_days import House as Hospital
from mediflow_assets_tests.streaming.conftest import event
from mediflow_assets_tests.streaming.hospital import StreamHome, until
from mediflow_assets_tests.streaming.kills import RUN, SERVICE, Drill

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]
Homes = Callable[..., StreamHome]


@pytest.mark.parametrize("landing", ["batch", "continuous"])
def test_a_header_says_what_a_message_is(stream_home: Homes, landing: str) -> None:
    from kafka import KafkaProducer

    home = stream_home(landing)
    home.make_topic(1)
    producer = KafkaProducer(bootstrap_servers=home.kafka.servers)
    hl7 = Hospital(1).days(1).messages[0].encode()
    for value, headers in ((hl7, []), (b"torn", [("content-type", b"application/hl7-v2")]), (event(), [])):
        producer.send(home.topic, value, headers=headers)
    producer.close()
    if landing == "batch":
        land_topic(home.lake, home.folder, Topic.of(home.settings), [], "test")
    else:
        service = home.start("stream", "serve")
        until(lambda: not home.waiting(), 120, service)
    assert [row["message"].encode() for row in home.rows(HL7_EVENTS.name)] == [hl7]
    assert [row["reason"] for row in home.rows(bronze.REJECTS.name)] == ["no_message_header"]
    assert home.lake.rows(ENCOUNTER_EVENTS) == 1


@pytest.mark.parametrize(("landing", "kills"), [("batch", {RUN: 3}), ("continuous", {SERVICE: 3})])
def test_whoever_is_killed_each_message_lands_once(stream_home: Homes, landing: str, kills: dict[str, int]) -> None:
    home, hospital, chance = stream_home(landing), Hospital(9).days(300), random.Random(9)
    home.make_topic(2)
    values = [*map(str.encode, hospital.messages), *(event(event_id=f"EV{n}") for n in range(60))]
    chance.shuffle(values)
    sent = [Sent(f"k{n}".encode(), value, f"EV{n}") for n, value in enumerate(values)]
    Drill(home, 9, kills).go(sent, rate=10)
    assert Counter(row["message"] for row in home.rows(HL7_EVENTS.name)) == Counter(hospital.messages)
    assert home.lake.rows(ENCOUNTER_EVENTS) == 60
    stays = {
        row["encounter_id"]: row["status"] for row in home.rows(silver.ENCOUNTERS.name) if row["encounter_id"] != "E1"
    }
    assert stays == {stay.number: stay.status for stay in hospital.stays.values()}
