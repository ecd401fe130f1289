"""Erasing whom HL7 messages name that were sent: those that are no delivery yet, and those of the topic."""

import pytest

from mediflow_assets.contracts.hl7 import HL7_EVENTS, HL7_MESSAGES
from mediflow_assets.errors import StreamFailed
from mediflow_assets.ingest.tombstones import Tombstones
from mediflow_assets.streaming import message_spool
from mediflow_assets.streaming.event_landing import land
from mediflow_assets.streaming.message_spool import MessageSpool, hand_in
from mediflow_assets.streaming.rows import rows_of
from mediflow_assets_tests.privacy.erasure.conftest import GONE, STAYS
from mediflow_assets_tests.streaming.test_mllp import Sender, listening


def adt(control, patient):
    at = "20240301120000"
    header = f"MSH|^~\\&|ADT|H|L|W|{at}||ADT^A01|{control}|P|2.5\rEVN|A01|{at}\r"
    return f"{header}PID|1||{patient}||Smith^Ann||1980|F\rPV1|1|I|CARD{'|' * 16}VISIT-{control}-{patient}"


def test_what_a_listener_has_taken_goes_as_well_and_it_goes_on_listening(hospital):
    with listening(hospital.house.inbox.folder) as (port, _):
        sender = Sender(port)
        for patient in (GONE, STAYS):
            assert sender.send(adt("1", patient)) == ("AA", "1")
        assert hospital.erase(is_refreshed=False).hits == 0
        assert hospital.left_of(GONE) == {}
        assert [row["message"] for row in hospital.house.rows(HL7_MESSAGES)] == [adt("1", STAYS)]
        # what comes later about them waits until it lands, and does not come in
        assert sender.send(adt("2", GONE)) == ("AA", "2")
    hospital.house.inbox.take_in()
    hospital.land()
    assert hospital.left_of(GONE) == {}


def test_a_message_that_comes_while_the_home_is_searched_is_refused(hospital, monkeypatch):
    from mediflow_assets.privacy.erasure import erase

    searched = []

    def _prove(place, asked, models):
        if not searched:
            with MessageSpool(hospital.house.inbox.folder) as spool:
                spool.add([adt("1", GONE).encode()])
                # as a listener that was killed leaves it
                spool.close = lambda: False
        searched.append(proof(place, asked, models))
        return searched[-1]

    proof = erase.prove
    monkeypatch.setattr(erase, "prove", _prove)
    assert hospital.erase(is_refreshed=False).hits == 0
    assert [each.hits > 0 for each in searched] == [True, False]


def test_a_listener_that_does_not_hand_in_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(message_spool, "_PATIENCE_SECONDS", 0.2)
    with MessageSpool(tmp_path) as spool:
        spool.add([b"MSH|^~\\&|1"])
        with pytest.raises(StreamFailed, match="does not hand in"):
            hand_in(tmp_path)
    hand_in(tmp_path)
    assert len([path for path in tmp_path.iterdir() if path.is_file()]) == 1


def test_messages_of_the_topic_go_and_their_sums_stay_right(hospital):
    house = hospital.house
    sent = [(n, 0, None, adt(str(n), patient).encode()) for n, patient in enumerate((GONE, STAYS))]
    land(house.lake, "events", [rows_of("events", 0, sent)], {0: 1}, Tombstones())
    house.make_silver()
    assert hospital.erase().hits == 0
    assert [row["message"] for row in house.rows(HL7_EVENTS)] == [adt("1", STAYS)]
    house.assert_balanced()
