"""OMOP tables tell of nobody who is erased, hold no identifier, and their order tells nothing."""

import datetime as dt
import shutil
from pathlib import Path

import pytest

from mediflow_assets.contracts import omop
from mediflow_assets.contracts.omop.choice import REAL, SHIFTED, Choice
from mediflow_assets.contracts.omop.ids import number_of
from mediflow_assets.pipeline.change import INPUTS
from mediflow_assets.privacy import leak_scan
from mediflow_assets.privacy.byte_search import Identifiers, files_of, search
from mediflow_assets.privacy.erasure.erase import Request, begin, finish
from mediflow_assets.privacy.erasure.premises import Premises
from mediflow_assets_tests.samples import ADMISSION, csv_text

GONE, STAYS = "PAT-7000001", "PAT-7000002"


@pytest.fixture(scope="module")
def hospital(tmp_path_factory, open_house):
    """A hospital with OMOP tables, of which one patient wants to be erased."""
    house = open_house(tmp_path_factory.mktemp("omop_privacy") / "house")
    stays = [{"patient_id": who, "encounter_id": f"ENC-{who}-{n}", "admission_date": f"2024-0{n}-10",
              "discharge_date": f"2024-0{n}-12"} for who in (GONE, STAYS) for n in (1, 2, 3)]  # fmt: skip
    house.receive(csv_text(ADMISSION, tuple(stays)))
    house.land()
    # where the sender had it
    shutil.rmtree(house.folder / "dropped")
    house.make_silver()
    house.make_omop()
    return house


def tables():
    return [table for table in omop.TABLES if "person_id" in table.by_name]


def test_an_erased_patient_is_in_no_table_and_in_no_byte(hospital):
    house = hospital.copy("erased")
    key = house.key.pseudonym("patient", GONE)
    assert search(files_of(house.folder), Identifiers([key])).hits
    # a row that an older release made
    older = {"person_id": number_of(key), "death_date": dt.date(2024, 1, 1)}
    house.lake.append_rows(omop.DEATH, [older])
    place = Premises(house.folder, house.lake, house.inbox, f"sqlite:///{house.folder / 'ops.db'}", house.key)
    begin(place, Request((GONE,), "consent_withdrawn", "T-1", "eva"))
    # the OMOP tables are not made again: their rows go all the same
    finish(place, house.make_silver, lambda _: None)
    for table in tables():
        assert not {house.number(key), number_of(key)} & set(house.lake.read(table)["person_id"].to_pylist())
    assert len(house.rows(omop.PERSON)) == 1 and len(house.rows(omop.VISIT_OCCURRENCE)) == 3
    names = [key, house.key.of_omop(key), str(house.number(key)), str(number_of(key))]
    assert search(files_of(house.folder), Identifiers(names)).hits == {}


def test_an_identifier_in_a_table_is_found(hospital):
    house = hospital.copy("planted")
    scan = leak_scan.Scan(house.folder, house.lake, house.key)
    assert scan.run(leak_scan.FULL).hits == 0
    house.lake.append_rows(omop.CARE_SITE, [{"care_site_id": 1, "care_site_name": GONE}])
    assert scan.run(leak_scan.FULL).places.keys() == {"lake/omop/care_site"}


def test_real_dates_leave_no_byte_once_they_are_shifted(hospital):
    house = hospital.copy("dates").choosing(Choice(REAL))
    house.make_omop()
    days = {row["visit_start_date"] for row in house.rows(omop.VISIT_OCCURRENCE)}
    assert dt.date(2024, 1, 10) in days
    house = house.choosing(Choice(SHIFTED))
    house.make_omop()
    folder = house.folder / "lake" / omop.VISIT_OCCURRENCE.name
    assert search(files_of(folder), Identifiers(["2024-03-12"])).hits == {}
    live = house.lake.open(omop.VISIT_OCCURRENCE).file_uris()
    assert {file.name for file in folder.glob("*.parquet")} == {Path(uri).name for uri in live}


def test_what_an_older_release_made_leaves_no_byte_once_it_is_made_again(hospital):
    """It may show what this one does not, such as numbers that other tables tell."""
    house = hospital.copy("older")
    number = number_of(house.key.pseudonym("patient", STAYS))
    for table in tables():
        house.lake.append_rows(table, [row | {"person_id": number} for row in house.lake.read(table).to_pylist()[:1]])
        house.lake.set_properties(table, inputs=house.lake.property_of(table, INPUTS) | {"code": "older"})
    assert search(files_of(house.folder / "lake/omop"), Identifiers([str(number)])).hits
    house.make_omop()
    assert search(files_of(house.folder / "lake/omop"), Identifiers([str(number)])).hits == {}
    assert {table: house.rows(table) for table in tables()} == {table: hospital.rows(table) for table in tables()}


@pytest.mark.parametrize("table", tables(), ids=lambda table: table.name)
def test_rows_stand_in_the_order_of_their_numbers(hospital, table):
    """Within the parts of which the engine sorts each by itself."""
    numbers = [str(each) for each in hospital.lake.read(table, [table.primary_key[0]]).column(0).to_pylist()]
    for part in {each[:2] for each in numbers}:
        mine = [int(each) for each in numbers if each.startswith(part)]
        assert mine == sorted(mine)
