"""Events in Silver: by the rules of files, in the order in which they happened, each once."""

import json

import pytest

from mediflow_assets.contracts import events as contract
from mediflow_assets.contracts import silver
from mediflow_assets.pipeline.offset_ranges import unvalidated
from mediflow_assets.pipeline.reconciliation import reconcile
from mediflow_assets.pipeline.silver import ENCOUNTERS, PATIENTS
from mediflow_assets.synthetic.poison import KINDS, poison
from mediflow_assets_tests.house import RECEIVED
from mediflow_assets_tests.streaming.conftest import Stream, event

DISCHARGE = {"event_id": "EV2", "event_type": "discharge", "occurred_at": "2024-01-15T10:00:00Z"}


def encounter(stream: Stream, id_: str = "E1") -> dict[str, object]:
    return stream.house.row(silver.ENCOUNTERS, encounter_id=id_)


def test_an_admission_and_its_discharge_are_one_encounter(stream: Stream) -> None:
    stream.send(event(), event(**DISCHARGE, cost=2500)).refresh()
    found = encounter(stream)
    assert (found["status"], str(found["cost_usd"]), found["length_of_stay_days"]) == ("finished", "2500.00", 5)
    assert found["source_system"] == "events" and found["age_at_admission"] == 63
    stream.house.assert_balanced()


def test_an_older_event_never_overwrites_a_newer_one(stream: Stream) -> None:
    stream.send(event(event_type="update", occurred_at="2024-01-12T09:00:00Z", cost=300)).refresh()
    stream.send(event(event_id="EV0", cost=100)).refresh()
    assert str(encounter(stream)["cost_usd"]) == "300.00"


@pytest.mark.slow
def test_a_cancellation_sets_the_status(stream: Stream) -> None:
    stream.send(event()).refresh()
    stream.send(event(event_id="EV3", event_type="cancel", occurred_at="2024-01-11T00:00:00Z")).refresh()
    assert encounter(stream)["status"] == "cancelled"


@pytest.mark.slow
def test_a_discharge_waits_for_its_admission(stream: Stream) -> None:
    stream.send(event(**DISCHARGE)).refresh()
    held = stream.house.row(silver.QUARANTINE)
    assert (held["status"], held["reasons"]) == ("waiting", ["encounter_not_arrived"])
    assert stream.house.rows(silver.ENCOUNTERS) == []
    stream.house.assert_balanced()
    stream.send(event()).refresh()
    assert encounter(stream)["status"] == "finished"
    assert stream.house.row(silver.QUARANTINE)["status"] == "replayed"
    assert [row for row in reconcile(stream.house.lake) if not row["balanced"]] == []


@pytest.mark.slow
def test_an_event_that_lands_between_patients_and_encounters_waits_for_the_next_run(stream: Stream) -> None:
    house = stream.house
    stream.send(event()).land()
    house.make_silver(PATIENTS)
    stream.send(event(event_id="EV7", patient_id="P7", encounter_id="E7")).land()
    house.make_silver(ENCOUNTERS)
    assert [row["encounter_id"] for row in house.rows(silver.ENCOUNTERS)] == ["E1"]
    assert unvalidated(house.lake, silver.ENCOUNTERS)
    house.make_silver()
    assert [row["encounter_id"] for row in house.rows(silver.ENCOUNTERS)] == ["E1", "E7"]
    assert house.rows(silver.QUARANTINE) == [] and not unvalidated(house.lake, silver.ENCOUNTERS)
    house.assert_balanced()


def test_an_event_sent_twice_is_merged_once_and_counted(stream: Stream) -> None:
    stream.send(event(), event()).refresh()
    assert encounter(stream)["_record_number"] == 0
    stream.send(event())
    stream.land()
    made = {each.contract.name: each for each in stream.house.make_silver()}[silver.ENCOUNTERS.name]
    assert made.figures["duplicates"] == 1 and made.figures["accepted"] == 1
    assert encounter(stream)["_record_number"] == 0
    stream.house.assert_balanced()


@pytest.mark.slow
def test_an_event_that_is_sent_again_while_a_run_is_on_its_way_still_counts_once(stream: Stream) -> None:
    house = stream.house
    stream.send(event()).land()
    house.make_silver(PATIENTS)
    stream.send(event(), event(**DISCHARGE)).land()
    house.make_silver(ENCOUNTERS)
    assert encounter(stream)["_record_number"] == 0
    house.make_silver()
    assert str(encounter(stream)["admitting_diagnosis_at"]) == "2024-01-10 09:00:00+00:00"
    house.assert_balanced()


def test_the_older_message_is_accepted(stream: Stream) -> None:
    older = {
        "patient_id": "P9",
        "age": 45,
        "gender": "F",
        "department": "Cardiology",
        "cost": 1000.5,
        "diagnosis_code": "I21.4",
        "timestamp": "2024-01-10T09:30:00",
    }
    stream.send(json.dumps(older).encode()).refresh()
    found = encounter(stream, "P9|2024-01-10T09:30:00Z|CARDIOLOGY")
    assert (found["age_at_admission"], found["status"]) == (45, "unknown")


POISON = {
    "tombstone": None,
    "empty_message": b"",
    "not_json": b'{"event_id": "x"',
    "not_utf8": b'{"event_id": "\xff"}',
    "byte_order_mark": b"\xef\xbb\xbf{}",
    "not_an_object": b"[1, 2]",
    "repeated_field": b'{"event_id": "a", "event_id": "b"}',
    "not_a_number": b'{"event_id": "a", "cost": NaN}',
    "nested_too_deep": b'{"a":' * 60 + b"1" + b"}" * 60,
    "message_too_large": event(payer="x" * contract.LARGEST_BYTES),
    "event_id_missing": event(event_id=None),
    "event_type_unknown": event(event_type="transfer"),
    "event_version_unknown": event(event_version=9),
    "occurred_at_missing": event(occurred_at=...),
    "occurred_at_unreadable": event(occurred_at="yesterday"),
    "occurred_at_implausible": event(occurred_at="1800-01-01T00:00:00Z"),
    "occurred_in_future": event(occurred_at="2999-01-01T00:00:00Z"),
    "patient_id_missing": event(patient_id=...),
    "patient_id_wrong_type": event(patient_id={"id": "P1"}),
    "age_out_of_range": event(birth_date=..., age=-3),
    "age_unreadable": event(birth_date=..., age="forty"),
    "cost_unreadable": event(cost=1e300),
    "cost_negative": event(cost=-1),
    "department_malformed": event(department="=cmd|' /C calc'!A0"),
    "diagnosis_malformed": event(diagnosis_code="'; DROP TABLE patients; --"),
    "admitted_at_implausible": event(admission_date="1800-01-01"),
    "admitted_in_future": event(admission_date="2999-01-01"),
}


def test_poison_is_quarantined_with_its_place_and_reason(stream: Stream) -> None:
    stream.send(*POISON.values(), event(event_id="good", encounter_id="E2", patient_id="P2"), partition=3).refresh()
    found = stream.house.reasons(silver.ENCOUNTERS)
    assert all(len(set(codes)) == len(codes) for codes in stream.house.reasons(silver.PATIENTS).values())
    for number, code in enumerate(POISON):
        assert code in found["kafka/encounter-events/3", number], (code, found["kafka/encounter-events/3", number])
    assert len(found) == len(POISON)
    assert [row["encounter_id"] for row in stream.house.rows(silver.ENCOUNTERS)] == ["E2"]
    # no part of a poison message is taken: not its patient either
    assert [row["patient_id"] for row in stream.house.rows(silver.PATIENTS)] == ["P2"]
    stream.house.assert_balanced()


def test_every_kind_of_poison_that_the_generator_makes_is_held(stream: Stream) -> None:
    stream.send(*(poison(f"bad-{n}", kind, RECEIVED) for n, kind in enumerate(KINDS)), partition=3).refresh()
    held = {number for _, number in stream.house.reasons(silver.ENCOUNTERS)}
    assert [kind for number, kind in enumerate(KINDS) if number not in held] == []


@pytest.mark.slow
def test_a_corrected_event_is_replayed(stream: Stream) -> None:
    stream.send(event(age="forty", birth_date=...)).refresh()
    patch = "_delivery_id,_record_number,age\nkafka/encounter-events/0,0,40\n"
    stream.house.deliver(patch)
    stream.refresh()
    assert encounter(stream)["age_at_admission"] == 40
    held = {row["target_table"]: row["status"] for row in stream.house.rows(silver.QUARANTINE)}
    assert held == dict.fromkeys(("silver/patients", "silver/encounters"), "replayed")


@pytest.mark.slow
@pytest.mark.parametrize("cuts", [(2, 3, 4), (1, 2, 5), (5,)])
def test_wherever_the_runs_cut_the_topic_silver_is_the_same(stream: Stream, cuts: tuple[int, ...]) -> None:
    sent = [
        event(**DISCHARGE),
        event(),
        event(),
        event(event_id="EV4", event_type="update", cost=7, occurred_at="2024-01-12T00:00:00Z"),
        event(**DISCHARGE),
    ]
    done = 0
    for cut in cuts:
        stream.send(*sent[done:cut]).refresh()
        done = cut
    stream.send(*sent[done:]).refresh()
    found = encounter(stream)
    assert (found["status"], str(found["cost_usd"]), found["_record_number"]) == ("finished", "1000.50", 0)
    assert len(stream.house.rows(silver.ENCOUNTERS)) == 1
