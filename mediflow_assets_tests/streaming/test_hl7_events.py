"""HL7 v2 on the topic: told apart from events, landed once, and the same in Silver as from files."""

import random

import pytest

from mediflow_assets.contracts import bronze, erasure, silver
from mediflow_assets.contracts.events import ENCOUNTER_EVENTS
from mediflow_assets.contracts.hl7 import HL7_EVENTS
from mediflow_assets.ingest.tombstones import Tombstones
from mediflow_assets.pipeline import landed_offsets
from mediflow_assets.pipeline.reconciliation import reconcile
from mediflow_assets.streaming import event_landing
from mediflow_assets.streaming.event_landing import land
from mediflow_assets.streaming.hl7_landing import is_message
from mediflow_assets.streaming.rows import rows_of
from mediflow_assets_tests.sources.adt_books import by_the_books, differences, in_the_tables
from mediflow_assets_tests.sources.adt_days import House as Hospital
from mediflow_assets_tests.streaming.conftest import TOPIC, event
from mediflow_assets_tests.streaming.test_mllp import Sender, listening

GONE = "PAT-9000001"


def adt(control="1", patient="12", visit="V1"):
    at = "20240301120000"
    header = f"MSH|^~\\&|ADT|H|L|W|{at}||ADT^A01|{control}|P|2.5\rEVN|A01|{at}\r"
    return f"{header}PID|1||{patient}||Smith^Ann||1980|F\rPV1|1|I|CARD{'|' * 16}{visit}".encode()


@pytest.mark.parametrize(
    ("value", "content_type", "is_hl7"),
    [
        (adt(), None, True),
        (b"\x0b" + adt() + b"\x1c\r", None, True),
        (b"BHS|^~\\&|ADT\r", None, True),
        (b"anything", b"application/hl7-v2", True),
        (b"anything", b"x-application/hl7-v2+er7; charset=utf-8", True),
        (b'{"resourceType": "Patient"}', b"application/fhir+json", False),
        (b'{"MSH": 1}', None, False),
        (b"MSHX", None, False),
        (None, b"application/hl7-v2", False),
    ],
)
def test_a_message_is_hl7_by_its_begin_or_by_its_header(value, content_type, is_hl7):
    assert is_message(value, [("Content-Type", content_type)] if content_type else []) is is_hl7


def test_events_and_hl7_may_stand_in_one_topic(stream):
    stream.send(event(), adt(), b"{", adt("2") + b"\r" + adt("3"), b"MSH|^^^^|x", adt("4", visit="V4")).refresh()
    house = stream.house
    assert [row["_record_number"] for row in house.rows(ENCOUNTER_EVENTS, "_record_number")] == [0, 2]
    landed = {row["_record_number"]: row["message"].encode() for row in house.rows(HL7_EVENTS)}
    assert landed == {1: adt(), 5: adt("4", visit="V4")}
    rejects = {row["_record_number"]: (row["reason"], row["source"]) for row in house.rows(bronze.REJECTS)}
    assert rejects == {3: ("several_messages", "hl7_events"), 4: ("bad_encoding_characters", "hl7_events")}
    assert {row["encounter_id"] for row in house.rows(silver.ENCOUNTERS)} == {"E1", "V1", "V4"}
    house.assert_balanced()


def test_a_message_whose_header_says_hl7_and_that_is_none_is_a_reject(stream):
    batch = rows_of(TOPIC, 0, [(0, 0, None, b"no message"), (1, 0, None, event())], [[("content-type", b"x-hl7")], []])
    land(stream.house.lake, TOPIC, [batch], {0: 1}, Tombstones())
    assert [row["reason"] for row in stream.house.rows(bronze.REJECTS)] == ["no_message_header"]
    assert len(stream.house.rows(ENCOUNTER_EVENTS)) == 1


@pytest.mark.parametrize("table", [bronze.REJECTS, HL7_EVENTS, ENCOUNTER_EVENTS])
def test_a_landing_cut_short_before_any_commit_loses_nothing_and_doubles_nothing(stream, monkeypatch, table):
    kept = landed_offsets.append

    def cut(lake, contract, *rest):
        if contract is table:
            raise KeyboardInterrupt
        kept(lake, contract, *rest)

    stream.send(event(), adt(), b"MSH|^^^^|x")
    with monkeypatch.context() as patched:
        patched.setattr(landed_offsets, "append", cut)
        with pytest.raises((KeyboardInterrupt, Exception)):
            stream.land()
    stream.landed.clear()
    stream.send(adt("2")).land()
    counts = [len(stream.house.rows(each)) for each in (ENCOUNTER_EVENTS, HL7_EVENTS, bronze.REJECTS)]
    assert counts == [1, 2, 1]


def test_what_is_landed_in_several_commits_is_counted_once(stream, monkeypatch):
    monkeypatch.setattr(event_landing, "_TOGETHER_BYTES", 0)
    tombstones = Tombstones(frozenset(), b"k" * 32)
    marked = Tombstones(frozenset({tombstones.mark(GONE)}), b"k" * 32)
    batches = [
        rows_of(TOPIC, partition, [(place, 0, None, value) for place, value in enumerate(values, start=start)])
        for start in (0, 3)
        for partition, values in enumerate(((event(patient_id=GONE), adt("1"), event()), (adt("1", GONE),)))
    ]
    landed = event_landing.land(stream.house.lake, TOPIC, batches, {0: 6, 1: 4}, marked)
    assert (landed.rows, landed.refused.total()) == (4, 4)
    assert landed_offsets.landed_through(stream.house.lake, TOPIC) == {0: 6, 1: 4}
    rows = stream.house.rows(erasure.ERASED)
    assert sum(row["records"] for row in rows if row["table"].startswith("bronze/")) == 4


def test_messages_of_erased_patients_are_refused_and_counted_once(stream):
    tombstones = Tombstones(frozenset(), b"k" * 32)
    marked = Tombstones(frozenset({tombstones.mark(GONE)}), b"k" * 32)
    stream.send(adt("1", GONE), adt("2"), f"MSH|^^^^|{GONE}".encode())
    for _ in range(2):
        stream.landed.clear()
        landed = stream.land(marked)
    assert landed.known == 3
    assert [row["control_id"] for row in stream.house.rows(HL7_EVENTS)] == ["2"]
    assert stream.house.rows(bronze.REJECTS) == []
    counts = {row["table"]: row["records"] for row in stream.house.rows(erasure.ERASED)}
    assert counts == dict.fromkeys(
        ("bronze/hl7_events", "silver/patients", "silver/encounters", "silver/encounter_locations"), 1
    )
    stream.refresh()
    assert [row for row in reconcile(stream.house.lake) if not row["balanced"]] == []


def test_days_of_messages_on_the_topic_end_in_what_the_hospital_says(stream):
    hospital, chance = Hospital(7, tells_begin=0.5).days(150), random.Random(7)
    sent = [*hospital.messages, *chance.sample(hospital.messages, 30)]
    chance.shuffle(sent)
    for place, text in enumerate(sent):
        stream.send(text.encode(), *([event(event_id=f"EV{place}")] if place % 50 == 0 else []), partition=place % 3)
        if place in (60, 120):
            stream.refresh()
    stream.refresh()
    found = in_the_tables(stream.house)
    for part, of_event in zip(found, ({"E1"}, set(), {"P1"}), strict=False):
        for name in of_event:
            del part[name]
    codes = {each for each in found[1] if each[0] != "E1"}
    assert differences((found[0], codes, *found[2:]), by_the_books(hospital)) == []
    stream.house.assert_balanced()


@pytest.mark.parametrize(
    "seed", [21, pytest.param(22, marks=pytest.mark.slow), pytest.param(23, marks=pytest.mark.slow)]
)
def test_it_makes_no_difference_which_way_a_message_comes(stream, seed):
    hospital, chance = Hospital(seed, tells_begin=0.5).days(80), random.Random(seed)
    sent = [*hospital.messages, *chance.sample(hospital.messages, 16)]
    chance.shuffle(sent)
    house = stream.house
    for start in range(0, len(sent), 48):
        ways = [(chance.choice(["file", "mllp", "topic", "both"]), text) for text in sent[start : start + 48]]
        with listening(house.inbox.folder) as (port, _):
            sender = Sender(port)
            for way, text in ways:
                assert way not in ("mllp", "both") or sender.send(text)[0] == "AA"
        house.inbox.take_in()
        house.receive("\r".join(text for way, text in ways if way == "file"))
        house.land()
        stream.send(*(text.encode() for way, text in ways if way in ("topic", "both")), partition=start % 2).refresh()
    assert differences(in_the_tables(house), by_the_books(hospital)) == []
    house.assert_balanced()
