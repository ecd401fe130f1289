"""Days of ADT messages end in the tables that the hospital's own books say, in whatever order they come."""

import datetime as dt
import random

import pytest

from mediflow_assets.contracts import links, silver
from mediflow_assets.contracts.clinical import ENCOUNTER_LOCATIONS
from mediflow_assets.operations import unknown_words
from mediflow_assets.pipeline import silver as silver_steps
from mediflow_assets.pipeline import silver_tables
from mediflow_assets.sources import Feeds
from mediflow_assets.sources.systems import System
from mediflow_assets_tests.house import RECEIVED
from mediflow_assets_tests.sources.adt_books import by_the_books, differences, in_the_tables
from mediflow_assets_tests.sources.adt_days import House as Hospital


def shuffled(messages, seed):
    """The messages in another order, some of them twice, in several files."""
    chance = random.Random(seed)
    sent = [*messages, *chance.sample(messages, len(messages) // 5)]
    chance.shuffle(sent)
    return ["\r".join(sent[start : start + 80]) for start in range(0, len(sent), 80)]


@pytest.mark.parametrize(("seed", "tells_begin"), [(1, 1.0), (2, 0.3)])
def test_days_of_messages_end_in_what_the_hospital_says(house, seed, tells_begin):
    hospital = Hospital(seed, tells_begin).days(250)
    house.deliver("\r".join(hospital.messages))
    assert not any(made.has_failed for made in house.make_silver())
    assert house.reasons(silver.ENCOUNTERS) == {}
    assert differences(in_the_tables(house), by_the_books(hospital)) == []
    house.assert_balanced()


def test_messages_in_any_order_and_any_number_of_times_end_in_the_same(house):
    hospital = Hospital(3, tells_begin=0.5).days(200)
    for hour, text in enumerate(shuffled(hospital.messages, 3)):
        house.deliver(text, RECEIVED + dt.timedelta(hours=hour))
        house.make_silver()
    assert differences(in_the_tables(house), by_the_books(hospital)) == []


def adt(event, pid, visit, *more, at="20240301120000"):
    return "\r".join((f"MSH|^~\\&|ADT|H|L|W|{at}||ADT^{event}|1|P|2.5", f"EVN|{event}|{at}", pid, visit, *more))


VISIT = "PV1|1|{}|CARD" + "|" * 16 + "V1" + "|" * 25 + "20240301"


def test_words_of_a_house_hold_messages_back_until_they_are_mapped(house, tmp_path):
    message = adt("A01", "PID|1||12||Smith^Ann||1980|FRAU*", VISIT.format("TAGESKLINIK*"))
    house.deliver(message)
    house.make_silver()
    found = {(each.feed, each.column, each.word) for each in unknown_words.unmapped(house.lake)}
    assert found == {("hl7", "gender", "FRAU*"), ("hl7", "encounter_class", "TAGESKLINIK*")}
    file = tmp_path / "sources.toml"
    unknown_words.map_word(file, "hl7", "gender", "FRAU*", "F")
    unknown_words.map_word(file, "hl7", "encounter_class", "TAGESKLINIK*", "outpatient")
    knowing = house.with_feeds(Feeds.load(file))
    for table in silver_tables.ALL:
        silver_steps.make(knowing.context, table, lambda held: True)
    row = knowing.row(silver.ENCOUNTERS)
    assert (row["gender"], row["encounter_class"]) == ("F", "outpatient")


def test_a_record_number_is_of_the_namespace_of_its_authority(house):
    feeds = Feeds(systems={"hl7": System(authorities={"st-mary": "mrn"})}, timezone="America/Chicago")
    house = house.with_feeds(feeds)
    for number, of in (("1", "ST MARY"), ("2", "OTHER HOUSE&1.2.3&ISO"), ("3", "")):
        house.deliver(
            adt("A01", f"PID|1||{number}^^^{of}||Smith^Ann||1980|F", VISIT.format("I").replace("|V1|", f"|{number}|"))
        )
    house.make_silver()
    rows = house.rows(silver.ENCOUNTERS)
    assert [(row["id_namespace"], row["patient_id"]) for row in rows] == [
        ("mrn", "1"),
        ("mrn", "3"),
        ("other-house", "2"),
    ]
    assert {row["admitted_at"].isoformat() for row in rows} == {"2024-03-01T06:00:00+00:00"}
    assert {row["admitted_on"].isoformat() for row in rows} == {"2024-03-01"}


def test_patients_of_authorities_whose_names_end_otherwise_are_apart(house):
    for n in (12, 13):
        authority = f"2.16.840.1.113883.3.8901.200.1.100.1.{n}"
        house.deliver(adt("A28", f"PID|1||1234^^^&{authority}&ISO^PI||Smith^Ann||19{n}|F", "PV1|1|N"))
    house.deliver(adt("A28", "PID|1||1234^^^北京^PI||Lee^Ann||1990|F", "PV1|1|N"))
    house.deliver(adt("A28", "PID|1||1234^^^^PI||Jones^Ann||1991|F", "PV1|1|N"))
    house.make_silver(*(table for table in silver_tables.ALL if table.contract is silver.PATIENTS))
    assert len(house.rows(silver.PATIENTS)) == 4


def test_nothing_is_told_apart_from_what_is_to_be_emptied(house):
    pid = "PID|1||12||Smith^Ann||1980|F|||1 ELM^^BOSTON^MA^02115||555-1|||M|||123-45-6789"
    house.deliver(adt("A28", pid, "PV1|1|N"))
    house.deliver(adt("A31", 'PID|1||12||Smith^Ann||1980|F|||""||""|||""', "PV1|1|N", at="20240302"))
    house.make_silver()
    row = house.row(silver.PATIENTS)
    told = ("address", "city", "phone", "marital_status", "ssn")
    assert [row[name] for name in told] == [None, None, None, None, "123-45-6789"]


def test_a_name_in_use_goes_before_one_of_before(house):
    house.deliver(
        adt("A28", "PID|1||12||Jones^Ann^^^^^M~Smith^Ann^^^^^L||1980|F|||9 OLD^^^^^^BA~1 ELM^^^^^^H", "PV1|1|N")
    )
    house.make_silver()
    row = house.row(silver.PATIENTS)
    assert (row["family_name"], row["address"]) == ("Smith", "1 ELM")


def test_diagnoses_are_ranked_and_local_codes_are_counted(house):
    given = ("DG1|1||E11.9^^I10C|||W", "DG1|2||L77^^OWN|||F", "DG1|3||I10^High pressure^I10C|||F|||||||||1",
             "DG1|4||I11.9^^I10C|||F|||||||||" + "1" * 5000)  # fmt: skip
    house.deliver(adt("A01", "PID|1||12||Smith^Ann||1980|F", VISIT.format("I"), *given))
    made = {check.name: check.passed for each in house.make_silver() for check in each.checks}
    row = house.row(silver.ENCOUNTERS)
    assert (row["diagnosis_code"], row["diagnosis_text"]) == ("I10", "High pressure")
    assert row["listed_codes"] == "icd10:I10 ?:L77 icd10:I11.9 icd10:E11.9" and not made["listed_code_unread"]
    assert {(each["code"], each["diagnosis_rank"]) for each in house.rows(silver.CONDITIONS)} == {
        ("I10", 1),
        ("I11.9", 3),
        ("E11.9", 4),
    }


def test_account_numbers_that_are_merged_merge_nobody(house):
    house.deliver(adt("A35", "PID|1||12||Smith^Ann||1980|F", "MRG|12||ACC7"))
    house.make_silver()
    assert house.rows(links.PATIENT_LINKS) == [] and house.reasons(links.PATIENT_LINKS) == {}


def test_a_stretch_ends_with_its_encounter_as_soon_as_anybody_tells_the_end(house, admissions):
    house.deliver(adt("A01", "PID|1||12||Smith^Ann||1980|F", VISIT.format("I")))
    house.make_silver()
    assert house.row(ENCOUNTER_LOCATIONS)["left_at"] is None
    over = {"patient_id": "12", "encounter_id": "V1", "admission_date": "2024-03-01", "discharge_date": "2024-03-04"}
    house.deliver(admissions(over))
    house.make_silver()
    assert house.row(ENCOUNTER_LOCATIONS)["left_at"].isoformat() == "2024-03-04T00:00:00+00:00"


def test_nobody_is_in_a_room_after_going_home(house):
    pid, ward = "PID|1||12||Smith^Ann||1980|F", VISIT.replace("CARD", "ICU")
    house.deliver(adt("A01", pid, VISIT.format("I")))
    house.deliver(adt("A02", pid, ward.format("I"), at="20240302080000"))
    house.deliver(adt("A03", pid, ward.format("I") + "120000|20240303100000", at="20240303100000"))
    house.deliver(adt("A02", pid, VISIT.replace("CARD", "SURG").format("I"), at="20240303110000"))
    house.make_silver()
    told = [row for row in house.rows(ENCOUNTER_LOCATIONS) if row["is_stretch"]]
    found = sorted((f"{row['entered_on']}", row["department"], row["left_at"].isoformat()[:13]) for row in told)
    assert found == [("2024-03-01", "CARD", "2024-03-02T08"), ("2024-03-02", "ICU", "2024-03-03T10")]
