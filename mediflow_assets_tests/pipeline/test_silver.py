"""What a Silver step makes of deliveries: newest versions, waiting records, reruns, checks that block."""

import datetime as dt
from dataclasses import replace

import pyarrow as pa
import pytest

from mediflow_assets.contracts import bronze, silver
from mediflow_assets.contracts.operational import CHECK_RESULTS
from mediflow_assets.errors import KeyMismatch
from mediflow_assets.operations import unknown_words
from mediflow_assets.pipeline import silver as steps
from mediflow_assets.sources import Feeds
from mediflow_assets.storage.schemas import arrow_schema

RECEIVED = dt.datetime(2024, 7, 1, 12, tzinfo=dt.UTC)
LATER = RECEIVED + dt.timedelta(days=1)
OLD, NEW = {"cost": "100.00", "updated_at": "2024-02-01"}, {"cost": "200.00", "updated_at": "2024-03-01"}


def cost(place, **of):
    return str(place.row(silver.ENCOUNTERS, **of or {"encounter_id": "E1"})["cost_usd"])


@pytest.mark.parametrize(("first", "second"), [(OLD, NEW), (NEW, OLD)], ids=["in order", "out of order"])
def test_an_older_version_never_overwrites_a_newer_one(house, admissions, first, second):
    for record, received_at in ((first, RECEIVED), (second, LATER)):
        house.deliver(admissions(record), received_at)
        house.make_silver(steps.PATIENTS, steps.ENCOUNTERS)
    assert cost(house) == "200.00"


def test_of_versions_in_one_delivery_the_newest_stays_and_all_count_as_accepted(house, admissions):
    house.deliver(admissions(OLD, NEW, OLD | {"cost": "150.00"}))
    _, made = house.make_silver(steps.PATIENTS, steps.ENCOUNTERS)
    assert cost(house) == "200.00"
    told = {"judged": 3, "accepted": 3, "quarantined": 0, "new": 1, "newer": 1, "older": 1}
    assert (made.rows, made.figures) == (1, told)


def test_a_version_from_the_future_counts_as_of_its_arrival(house, admissions):
    house.deliver(admissions({"cost": "1.00", "updated_at": "2999-01-01"}), RECEIVED)
    house.deliver(admissions({"cost": "2.00", "updated_at": ""}), LATER)
    house.make_silver(steps.PATIENTS, steps.ENCOUNTERS)
    assert cost(house) == "2.00"


def test_a_tie_of_versions_goes_to_the_later_delivery_then_to_the_later_record(house, admissions):
    house.deliver(admissions(NEW | {"cost": "3.00"}, NEW | {"cost": "4.00"}), LATER)
    house.deliver(admissions(NEW | {"cost": "1.00"}, NEW | {"cost": "2.00"}), RECEIVED)
    house.make_silver(steps.PATIENTS, steps.ENCOUNTERS)
    assert cost(house) == "4.00"


def test_the_same_stay_without_an_id_of_its_own_is_one_encounter(house, admissions):
    stay = {"encounter_id": ""}
    house.deliver(admissions(OLD | stay, NEW | stay, stay | {"department": "SURGERY"}))
    house.make_silver(steps.PATIENTS, steps.ENCOUNTERS)
    ids = [row["encounter_id"] for row in house.rows(silver.ENCOUNTERS)]
    assert ids == ["P1|2024-01-10|CARDIOLOGY", "P1|2024-01-10|SURGERY"]


VERSIONS = (
    {"diagnosis_code": "", "updated_at": "2024-02-01"},
    {"diagnosis_code": "I21.4", "updated_at": "2024-02-02"},
    {"diagnosis_code": "I21.9", "updated_at": "2024-02-02"},
    {"diagnosis_code": "J18.9", "updated_at": "2024-02-03"},
)


@pytest.mark.slow
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (3, 0, 2, 1)], ids=str)
def test_the_admitting_diagnosis_is_of_the_oldest_version_that_gives_one_whenever_it_arrives(house, admissions, order):
    for place in order:
        house.deliver(admissions(VERSIONS[place]))
        house.make_silver(steps.PATIENTS, steps.ENCOUNTERS)
    apart = house.row(silver.ENCOUNTERS, encounter_id="E1")
    house.deliver(admissions(*({"encounter_id": "E2"} | VERSIONS[place] for place in order)))
    house.make_silver(steps.PATIENTS, steps.ENCOUNTERS)
    together = house.row(silver.ENCOUNTERS, encounter_id="E2")
    for row in (apart, together):
        assert (row["admitting_diagnosis_code"], row["diagnosis_code"]) == ("I21.4", "J18.9")
        assert row["admitting_diagnosis_at"] == dt.datetime(2024, 2, 2, tzinfo=dt.UTC)


@pytest.mark.slow
def test_an_encounter_that_never_had_a_diagnosis_has_no_admitting_one(house, admissions):
    for record in ({"updated_at": "2024-02-01"}, {"updated_at": "2024-02-02"}):
        house.deliver(admissions(record | {"diagnosis_code": ""}))
        house.make_silver(steps.PATIENTS, steps.ENCOUNTERS)
    row = house.row(silver.ENCOUNTERS)
    assert (row["admitting_diagnosis_code"], row["admitting_diagnosis_at"]) == (None, None)


@pytest.mark.slow
def test_versions_of_one_time_end_the_same_in_whatever_order_their_deliveries_are_judged(
    open_house, tmp_path, admissions
):
    texts = [(admissions(NEW | {"cost": f"{n}.00"}), RECEIVED) for n in (1, 2, 3)]
    ends = set()
    for turn in range(3):
        place = open_house(tmp_path / str(turn))
        for text, received_at in (*texts[turn:], *texts[:turn]):
            place.deliver(text, received_at)
            place.make_silver(steps.PATIENTS, steps.ENCOUNTERS)
        ends.add(cost(place))
    assert len(ends) == 1


def test_a_rerun_with_nothing_new_changes_nothing(house, admissions):
    house.deliver(admissions({}, {"encounter_id": "E2", "cost": "x"}))
    house.make_silver()
    before = house.everything()
    assert all(made.is_unchanged for made in house.make_silver())
    assert house.everything() == before


def test_the_same_delivery_again_changes_nothing(house, admissions):
    text = admissions({}, {"encounter_id": "E2", "cost": "x"})
    house.deliver(text)
    house.make_silver()
    before = house.everything()
    house.deliver(text, LATER, "other name.csv")
    assert all(made.is_unchanged for made in house.make_silver())
    assert house.everything() == before


def test_an_encounter_waits_for_its_patient_and_enters_by_itself(
    house, synthea_encounters, synthea_conditions, synthea_patients
):
    house.deliver(synthea_encounters({}))
    house.deliver(synthea_conditions({}))
    house.make_silver()
    assert {row["status"] for row in house.rows(silver.QUARANTINE)} == {"waiting"}
    assert house.rows(silver.ENCOUNTERS) == house.rows(silver.CONDITIONS) == []
    house.deliver(synthea_patients({"GENDER": "M"}), LATER)
    house.make_silver()
    assert {row["status"] for row in house.rows(silver.QUARANTINE)} == {"replayed"}
    row = house.row(silver.ENCOUNTERS, encounter_id="E1")
    assert (row["gender"], row["age_at_admission"], row["zip"]) == ("M", 63, "02139")
    assert house.row(silver.CONDITIONS)["patient_key"] == row["patient_key"]
    assert all(made.is_unchanged for made in house.make_silver())
    house.assert_balanced()


def test_a_waiting_encounter_keeps_waiting_while_others_arrive(house, synthea_encounters, synthea_patients):
    house.deliver(synthea_encounters({}))
    house.make_silver()
    house.deliver(synthea_patients({"Id": "P2"}), LATER)
    house.make_silver()
    assert [row["status"] for row in house.rows(silver.QUARANTINE)] == ["waiting"]


def test_the_pseudonyms_in_silver_are_those_of_the_key(house, admissions):
    house.deliver(admissions({"patient_id": " p 7 ", "encounter_id": "e/7"}))
    house.make_silver(steps.PATIENTS, steps.ENCOUNTERS)
    row = house.row(silver.ENCOUNTERS)
    assert row["patient_key"] == house.key.pseudonym("patient", "p 7") == house.row(silver.PATIENTS)["patient_key"]
    assert row["encounter_key"] == house.key.pseudonym("encounter", "e/7")


def violate(place):
    """Write a row into Silver that no delivery brought and that breaks a rule."""
    broken = {column.name: None for column in silver.ENCOUNTERS.columns} | {
        "encounter_id": "BAD",
        "encounter_key": "bad",
        "patient_id": "P1",
        "patient_key": "p",
        "source_system": "admissions",
        "status": "finished",
        "department": "CARDIOLOGY",
        "gender": "F",
        "admitted_at": RECEIVED,
        "updated_at": RECEIVED,
        "age_at_admission": 500,
    }
    place.lake.append(silver.ENCOUNTERS, pa.Table.from_pylist([broken], schema=arrow_schema(silver.ENCOUNTERS)))


def test_a_failed_check_is_recorded_and_nothing_is_settled(house, admissions):
    house.lake.ensure(silver.ENCOUNTERS)
    violate(house)
    house.deliver(admissions({}))
    _, made = house.make_silver(steps.PATIENTS, steps.ENCOUNTERS)
    assert made.has_failed
    failed = house.row(CHECK_RESULTS, table="silver/encounters", check_name="age_out_of_range")
    assert (failed["passed"], failed["failing"], failed["rows"], failed["severity"]) == (False, 1, 2, "error")
    assert {row["target_table"] for row in house.rows(silver.PROCESSED)} == {"silver/patients"}


@pytest.mark.slow
def test_a_rerun_after_a_failed_check_fails_again_until_the_row_is_gone(house, admissions):
    house.lake.ensure(silver.ENCOUNTERS)
    violate(house)
    house.deliver(admissions({}, {"encounter_id": "E2", "cost": "x"}))
    house.make_silver(steps.PATIENTS, steps.ENCOUNTERS)
    assert house.make_silver(steps.ENCOUNTERS)[0].has_failed
    house.lake.open(silver.ENCOUNTERS).delete("encounter_id = 'BAD'")
    assert not house.make_silver(steps.ENCOUNTERS)[0].has_failed
    house.assert_balanced()


def test_another_key_is_refused(house, admissions):
    house.deliver(admissions({}))
    house.make_silver(steps.PATIENTS, steps.ENCOUNTERS)
    house.deliver(admissions({"encounter_id": "E2"}), LATER)
    before = house.everything()
    with pytest.raises(KeyMismatch):
        house.with_key(bytes(32)).make_silver()
    assert house.everything() == before


def test_a_feed_of_its_own_is_read_by_its_forms(house, tmp_path):
    file = tmp_path / "sources.toml"
    file.write_text(
        "[feeds.north]\n"
        'headers = {"Fallnummer" = "encounter_id", "Aufnahme" = "admission_date"}\n'
        'delimiter = ";"\ndate_formats = ["dd.MM.yyyy"]\ndecimal_comma = true\n'
        '[feeds.north.values.gender]\nW = "F"\n'
    )
    place = house.with_feeds(Feeds.load(file))
    place.deliver(
        "patient_id;Fallnummer;department;diagnosis_code;Aufnahme;cost;gender\n"
        "P1;E1;CARDIOLOGY;I21.4;05.01.2024;1.234,50;W\n"
        "P2;E2;CARDIOLOGY;I21.4;2024-01-06;99;M\n"
    )
    place.make_silver(steps.PATIENTS, steps.ENCOUNTERS)
    found = [(str(r["admitted_at"])[:10], str(r["cost_usd"]), r["gender"]) for r in place.rows(silver.ENCOUNTERS)]
    assert found == [("2024-01-05", "1234.50", "F"), ("2024-01-06", "99.00", "M")]


def test_every_record_of_a_delivery_is_accounted_for(house, admissions, synthea_encounters):
    house.deliver(admissions({}, {"encounter_id": "E2", "cost": "x"}, {"patient_id": ""}))
    house.deliver(synthea_encounters({"PATIENT": "NOBODY"}))
    house.make_silver()
    landed = {row["delivery_id"]: row["bronze"] for row in house.rows(bronze.DELIVERIES)}
    validated = [r for r in house.rows(silver.PROCESSED) if r["target_table"] == "silver/encounters"]
    assert {row["_delivery_id"]: row["records"] for row in validated} == landed
    house.assert_balanced()


def test_a_word_that_was_mapped_lets_its_records_in(house, admissions, tmp_path):
    path, feed = tmp_path / "sources.toml", "admissions"
    said = {"gender": "7", "discharge_disposition": "Moon"}
    house.deliver(admissions(said, said | {"encounter_id": "E2", "gender": "F"}))
    house.make_silver()
    found = {(each.feed, each.column, each.word, each.records) for each in unknown_words.unmapped(house.lake)}
    assert found == {(feed, "gender", "7", 1), (feed, "discharge_disposition", "Moon", 2)}
    unknown_words.map_word(path, feed, "gender", "7", "M")
    unknown_words.map_word(path, feed, "discharge_disposition", "Moon", "home")
    house = replace(house, feeds=Feeds.load(path))
    for table in steps.ALL:
        steps.make(house.context, table, lambda *_: True)
    rows = house.rows(silver.ENCOUNTERS)
    assert [row["discharge_disposition"] for row in rows] == ["home", "home"]
    assert unknown_words.unmapped(house.lake) == []
