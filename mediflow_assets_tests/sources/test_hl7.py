"""HL7 v2 files: which bytes are a message, what it says by its own marks, and whom it names."""

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mediflow_assets.contracts import bronze, silver
from mediflow_assets.contracts.hl7_message import Message, Unreadable, decoded, iso
from mediflow_assets.pipeline.checks import UNREAD_EVENT
from mediflow_assets.sources import hl7
from mediflow_assets.sources.delivery import Recognised
from mediflow_assets.sources.hl7_people import people_of
from mediflow_assets_tests.house import RECEIVED


def message(*segments, event="ADT^A01", control="1", end="\r", charset=""):
    header = f"MSH|^~\\&|ADT|HOUSE|LAKE|HERE|20240301120000||{event}|{control}|P|2.5.1||||||{charset}".rstrip("|")
    return end.join((header, "EVN|A01|20240301120000", *segments))


PID = "PID|1||12^^^^MR||Smith^Ann||19800203|F"
FORMS = {
    "one below the other": "{}\r{}\r",
    "with line feeds": "{}\n\n{}\n",
    "with both": "{}\r\n{}\r\n",
    "in a batch": "FHS|^~\\&|ADT\rBHS|^~\\&|ADT\r{}\r{}\rBTS|2\rFTS|1",
    "in batches": "FHS|^~\\&|A\rBHS|^~\\&|A\r{}\rBTS|1\rBHS|^~\\&|A\r{}\rBTS|1\rFTS|2\r",
    "as MLLP sends it": "\x0b{}\r\x1c\r\x0b{}\r\x1c\r",
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_message_is_kept_byte_for_byte_however_it_stands_in_the_file(house, form):
    both = [message(PID, "ZPI|1|own", control=n, end="\n" if "\n" in form else "\r") for n in ("1", "2")]
    house.deliver(form.format(*both))
    rows = house.rows(bronze.HL7_MESSAGES)
    assert [(r["message"], r["message_type"], r["trigger_event"], r["control_id"]) for r in rows] == [
        (each, "ADT^A01", "A01", n) for n, each in enumerate(both, start=1) for n in (str(n),)
    ]


def test_what_is_no_message_is_rejected_with_its_reason_and_the_others_land(house):
    broken = ("MSH|^^^^|ADT", "MSH|^~\\&|ADT||||2024|||7")
    house.deliver("\r".join((message(PID), *broken, message(PID, control="2"), "BTS|2", "no segment", "at all")))
    assert len(house.rows(bronze.HL7_MESSAGES)) == 2
    assert {row["_record_number"]: row["reason"] for row in house.rows(bronze.REJECTS)} == {
        2: "bad_encoding_characters",
        3: "no_message_type",
        5: "no_message_header",
    }


def test_messages_that_are_not_adt_stay_in_bronze_and_are_counted(house):
    house.deliver("\r".join((message("OBX|1", event="ORU^R01"), message("MSA|AA|1", event="ACK^A01"))))
    assert [row["message_type"] for row in house.rows(bronze.HL7_MESSAGES)] == ["ACK^A01", "ORU^R01"]
    assert house.row(bronze.DELIVERIES)["bronze"] == 2
    assert not any(made.has_failed for made in house.make_silver())


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [("8859/1", "latin-1"), ("8859/2", "iso8859-2"), ("", "cp1252"), ("ISO-8859-15", "iso8859-15"),
     ("windows-1250", "cp1250"), ("CP1252", "cp1252")],
)  # fmt: skip
def test_a_message_is_read_in_the_character_set_that_it_names(charset, encoding):
    text = message("PID|1||12||Müller^Jörg", charset=charset)
    assert decoded(text.encode(encoding)) == text


def test_messages_for_training_stay_in_bronze_and_are_named_as_such(house):
    sent = (message("PID|1||12", "PV1|1|I").replace("|P|2.5", f"|{mode}|2.5") for mode in ("T", "D^T", "P"))
    house.deliver("\r".join(sent))
    of = sorted(row["message_type"] for row in house.rows(bronze.HL7_MESSAGES))
    assert of == ["ADT^A01", "ADT^A01 debugging", "ADT^A01 training"]
    made = next(each for each in house.make_silver() if each.contract is silver.ENCOUNTERS)
    assert len(house.rows(silver.PATIENTS)) == 1
    house.assert_balanced()
    assert made.figures["ADT^A01 training not read"] == made.figures["ADT^A01 debugging not read"] == 1
    assert {check.name: check.passed for check in made.checks}[UNREAD_EVENT]


@pytest.mark.parametrize("charset", ["OWN", "unicode_escape", "utf-7", "raw_unicode_escape", "rot13", "a\0b", "mbcs"])
def test_a_character_set_that_nobody_knows_is_the_reason(charset):
    with pytest.raises(Unreadable, match="bad_character_set"):
        decoded(message("PID|1||12||M\xfcller\\ud800+2AA-", charset=charset).encode("latin-1"))


def test_a_message_in_a_strange_character_set_takes_no_other_with_it(house):
    strange = message("PID|1||12||M\xfcller\\ud800", charset="unicode_escape").encode("latin-1")
    house.deliver(b"\r".join((message("PID|1||1").encode(), strange, message("PID|1||2").encode())))
    assert len(house.rows(bronze.HL7_MESSAGES)) == 2
    assert [row["reason"] for row in house.rows(bronze.REJECTS)] == ["bad_character_set"]


def test_the_marks_are_those_that_the_header_names():
    read = Message("MSH#*%$@#ADT\rPID#1##7***A@b@c%8##O$S$Neill*$F$$X41$")
    assert [each(1) for each in read("PID").each(3)] == ["7", "8"]
    assert read("PID")(3, 4, 2) == "b" and read("PID")(5) == "O*Neill" and read("PID")(5, 2) == "#A"


def test_escapes_stand_for_the_marks():
    assert Message("MSH|^~\\&|\rPID|||||a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f\\H\\g\\N\\")("PID")(5) == "a|b^c&d~e\\fg"


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ("1980", "1980"),
        ("198002", "1980-02"),
        ("19800203", "1980-02-03"),
        ("2024030112", "2024-03-01T12:00:00"),
        ("202403011230+0100", "2024-03-01T12:30:00+01:00"),
        ("20240301123015.25-0500", "2024-03-01T12:30:15.25-05:00"),
        ("00000000", None),
        ("last week", "last week"),
    ],
)
def test_a_time_is_as_exact_as_it_is_told(told, read):
    assert iso(told) == read


def test_a_message_names_its_patient_and_all_others_who_stand_in_it():
    text = message(
        "PID|1|old|12^^^HOSP^MR~99^^^&2.16.840&ISO||Smith^Ann|||||||||||||ACC1|||M7^^^HOSP",
        "NK1|1|Smith^Bo" + "|" * 31 + "N5",
        "PV1|1|I" + "|" * 17 + "V1",
        "GT1|1|G3",
        "MRG|13",
    )
    found = people_of(pa.RecordBatch.from_pylist([{"message": text}]))
    assert set(found.patients.to_pylist()[0]) == {
        *("|old", "hosp|12", "of-2-16-840|99", "hosp|M7", "|N5", "|G3", "|13"),
    }
    assert found.encounters.to_pylist() == [["V1", "ACC1"]] and found.whose.to_pylist() == [[]]


def test_a_message_cut_anywhere_never_stops_the_others(house):
    whole = message(PID, "PV1|1|I|CARD", "DG1|1||I10^^I10")
    cut = [whole[:place] for place in range(4, len(whole), 7)]
    house.deliver("\r".join((*cut, whole)), RECEIVED)
    ledger = house.row(bronze.DELIVERIES)
    assert ledger["records"] == len(cut) + 1 == ledger["bronze"] + ledger["rejects"]
    assert not any(made.has_failed for made in house.make_silver())


PIECES = (
    *(b"MSH|^~\\&|A", b"MSH", b"MSH|", b"MSH ", b"FHS|", b"BTS|1", b"BTS", b"FTS|", b"PID|1", b"x", b"|", b" "),
    *(b"\r", b"\n", b"\r\n", b"\x0b", b"\x1c", b"\t"),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25), st.sampled_from([1, 2, 7, 1 << 20]))
def test_two_readers_count_the_same_records_whatever_stands_in_a_file(tmp_path, monkeypatch, pieces, at_once):
    monkeypatch.setattr(hl7, "_PIECE", at_once)
    file, what = tmp_path / "some.hl7", Recognised("hl7", "hl7")
    file.write_bytes(b"MSH|^~\\&|A" + b"".join(pieces))
    read = sum(batch.accepted.num_rows + len(batch.rejects) for batch in hl7.read_hl7(file, what))
    assert read == hl7.count_hl7(file, what)
