"""Ids that are none, ids in wrappings, and cells in which nothing is given."""

from collections import Counter

import pytest

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.identifiers import as_delivered
from mediflow_assets.contracts.not_given import NOT_GIVEN
from mediflow_assets.sources import Feeds
from mediflow_assets.transforms.validation import of_another_patient


def stays(house):
    return {row["encounter_id"]: row for row in house.rows(silver.ENCOUNTERS)}


def people(house):
    return [row["patient_id"] for row in house.rows(silver.PATIENTS)]


def refused(house, contract=silver.ENCOUNTERS):
    return Counter(reason for why in house.reasons(contract).values() for reason in why)


def test_words_for_nothing_are_nobody(told):
    house = told("null_ids")
    assert people(house) == [] and len(house.reasons(silver.PATIENTS)) == 13
    assert set(refused(house, silver.PATIENTS)) == {"patient_id_placeholder", "patient_id_damaged"}


def test_an_encounter_id_that_is_a_word_for_nothing_is_told(told):
    house = told("null_encounter_id")
    assert len(people(house)) == 5 and stays(house) == {}
    assert refused(house) == {"encounter_id_placeholder": 5}


def test_a_word_for_nothing_in_a_cell_is_an_empty_cell(told):
    house = told("null_cells")
    found = stays(house)
    assert sorted(found) == [f"VNC{n}" for n in range(1, 8)] and not refused(house)
    assert (found["VNC1"]["age_at_admission"], found["VNC2"]["gender"]) == (None, "U")
    absent = {"VNC3": "diagnosis_code", "VNC4": "discharged_at", "VNC5": "cost_usd"}
    assert [found[id_][name] for id_, name in absent.items()] == [None] * 3
    # a stay over night of which no class is told is presumed to be one of an inpatient
    assert (found["VNC6"]["encounter_class"], "encounter_class" in found["VNC6"]["derived"]) == ("inpatient", True)
    assert found["VNC7"]["department"] == "GENERAL_MEDICINE"


def test_blanks_of_unicode_make_no_other_patient(told):
    house = told("nbsp")
    assert people(house) == ["NB1", "NB5"] and len(stays(house)) == 6 and not refused(house)


def test_a_column_of_names_is_not_taken_for_ids(told):
    house = told("f_patientname")
    assert people(house) == [] and refused(house) == {"patient_id_is_a_name": 2}


def test_an_encounter_id_under_two_patients_is_of_the_first(told):
    house = told("reused_encounter")
    assert stays(house)["V1001"]["patient_id"] == "RU1" and refused(house) == {of_another_patient(silver.ENCOUNTERS): 1}


def test_two_visits_of_one_day_without_ids_are_two(told):
    house = told("local_days")
    visits = [row for row in house.rows(silver.ENCOUNTERS) if row["patient_id"] == "LD9"]
    assert sorted(str(row["cost_usd"]) for row in visits) == ["100.00", "130.00"]


WRAPPED = ['="00123"', "'00123", '\u00a0="00123"\t', '=" 00123 "', "00123"]


def test_what_a_spreadsheet_wraps_around_an_id_is_no_part_of_it(house, admissions):
    rows = [{"patient_id": id_, "encounter_id": f"'E{n}"} for n, id_ in enumerate(WRAPPED)]
    house.deliver(
        admissions(*rows, {"patient_id": "123.0", "encounter_id": "77.00"}, {"patient_id": "123", "encounter_id": "E9"})
    )
    house.make_silver()
    assert people(house) == ["00123", "123"] and not refused(house)
    assert set(stays(house)) == {*(f"E{n}" for n in range(len(WRAPPED))), "77", "E9"}
    assert {row["patient_key"] for row in house.rows(silver.PATIENTS)} == {
        house.key.pseudonym("patient", id_) for id_ in ("00123", "123")
    }


@pytest.mark.parametrize("id_", ["0123.0", "1234567890123456.0", '="1.23E+12"', "1,234,567", '="NULL"', "'-'"])
def test_what_cannot_be_undone_exactly_is_told(house, admissions, id_):
    house.deliver(admissions({"patient_id": id_}))
    house.make_silver()
    assert people(house) == [] and len(refused(house, silver.PATIENTS)) == 1


def test_ids_of_fhir_are_taken_as_they_are():
    assert as_delivered("123.0", keeps_case=True) == "123.0"
    assert as_delivered("123.0") == "123"


def test_a_spreadsheets_wrappings_are_undone_in_every_cell(house, admissions):
    cells = {"cost": '="12.50"', "admission_date": "'2024-01-10", "gender": '="F"', "name": "'t Hooft", "age": "="}
    house.deliver(admissions(cells | {"age": ""}))
    house.make_silver()
    row, patient = house.row(silver.ENCOUNTERS), house.row(silver.PATIENTS)
    assert (str(row["cost_usd"]), row["gender"], patient["full_name"]) == ("12.50", "F", "'t Hooft")
    assert row["admitted_at"].date().isoformat() == "2024-01-10"


def test_every_word_for_nothing_is_read_so_in_every_column(house, admissions):
    columns = ("name", "birth_date", "gender", "diagnosis_code", "discharge_date", "cost", "zip", "updated_at", "payer")
    words = ["0000-00-00", "00/00/0000", "00.00.0000", "0000-00-00 00:00:00", "\u2013", "\u2014", "--", "n.a.", "N. a."]
    words += NOT_GIVEN
    rows = [dict.fromkeys(columns, word) | {"encounter_id": f"E{n}"} for n, word in enumerate(words)]
    house.deliver(admissions(*rows, {"encounter_id": "E", "status": "unknown"}, {"encounter_id": "F", "status": "n/a"}))
    house.make_silver()
    assert not refused(house) and not refused(house, silver.PATIENTS)
    assert len(stays(house)) == len(words) + 2
    assert {row["cost_usd"] for id_, row in stays(house).items() if id_ not in ("E", "F")} == {None}
    assert (stays(house)["E"]["status"], stays(house)["F"]["status"]) == ("finished", "finished")


def test_a_feed_may_have_words_of_its_own_and_give_ours_a_meaning(house, admissions, tmp_path):
    (tmp_path / "sources.toml").write_text(
        """[feeds.north]
match = ["Ward"]
null_words = ["ohne", "x"]
[feeds.north.values.gender]
"-" = "O"
"""
    )
    house = house.with_feeds(Feeds.load(tmp_path / "sources.toml"))
    row = {"Ward": "1", "cost": "OHNE", "gender": "-", "encounter_id": "X", "admission_date": "2024-01-10"}
    house.deliver(admissions(row | {"patient_id": "P1"}, row | {"patient_id": "x"}))
    house.make_silver()
    assert people(house) == ["P1"] and refused(house) == {"patient_id_missing": 1}
    (stay,) = stays(house).values()
    assert (stay["cost_usd"], stay["gender"], stay["encounter_id"]) == (None, "O", "P1|2024-01-10|CARDIOLOGY")


def test_two_visits_of_one_day_are_two_in_a_form_without_colons(house, admissions, tmp_path):
    toml = tmp_path / "sources.toml"
    toml.write_text('[feeds.ward]\nmatch = ["patient_id"]\ndate_formats = ["yyyyMMddHHmm"]\n')
    house = house.with_feeds(Feeds.load(toml))
    times = ("202403010830", "202403011500")
    house.deliver(admissions(*({"admission_date": at, "discharge_date": "", "encounter_id": ""} for at in times)))
    house.make_silver()
    assert len(house.rows(silver.ENCOUNTERS)) == 2
