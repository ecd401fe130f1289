"""OMOP tables live on as others do: under another key, as people are merged and erased, and in a backup."""

import shutil
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from mediflow_assets.backup.backup import Kept, back_up
from mediflow_assets.backup.restore import restore
from mediflow_assets.contracts import omop
from mediflow_assets.contracts.table import Type
from mediflow_assets.privacy import key_rotation
from mediflow_assets.privacy.byte_search import Identifiers, files_of, search
from mediflow_assets.privacy.erasure.erase import Request, begin, finish
from mediflow_assets.privacy.erasure.premises import Premises
from mediflow_assets.secrets.pseudonym_key import PseudonymKey
from mediflow_assets.secrets.secret_files import write_closed
from mediflow_assets_tests.samples import (
    ADMISSION,
    MERGE,
    SYNTHEA_CONDITION,
    SYNTHEA_ENCOUNTER,
    SYNTHEA_PATIENT,
    csv_text,
)

pytestmark = pytest.mark.slow

FIRST, SECOND, SYNTHEA = "PAT-7000001", "PAT-7000002", "SYN-7000003"
EVENTS = {
    "procedures": ("START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION,BASE_COST,REASONCODE,REASONDESCRIPTION",
                   "2024-01-11T08:00:00Z,,{who},E1,80146002,Appendectomy,1.00,,"),
    "medications": ("START,STOP,PATIENT,PAYER,ENCOUNTER,CODE,DESCRIPTION,BASE_COST,PAYER_COVERAGE,DISPENSES,TOTALCOST,"
                    "REASONCODE,REASONDESCRIPTION",
                    "2024-01-11T08:00:00Z,,{who},,E1,314076,Lisinopril,1.00,0,1,1.00,,"),
    "observations": ("DATE,PATIENT,ENCOUNTER,CATEGORY,CODE,DESCRIPTION,VALUE,UNITS,TYPE",
                     "2024-01-11T08:00:00Z,{who},E1,vital-signs,8302-2,Body Height,127.9,cm,numeric\n"
                     "2024-01-11T08:00:00Z,{who},E1,survey,72166-2,Tobacco,Never smoker,,text"),
}  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory, open_house):
    """A home of three patients, of whom every OMOP table tells, and older versions of these tables."""
    house = open_house(tmp_path_factory.mktemp("lives_on") / "home")
    (house.folder / "secrets").mkdir(mode=0o700, parents=True)
    write_closed(house.folder / "secrets/pseudonym.key", house.key.secret)
    stays = [{"patient_id": who, "encounter_id": f"ENC-{who}-{n}", "admission_date": f"2024-0{n}-10",
              "discharge_date": f"2024-0{n}-12"} for who in (FIRST, SECOND) for n in (1, 3)]  # fmt: skip
    texts = [
        csv_text(SYNTHEA_PATIENT, ({"Id": SYNTHEA, "DEATHDATE": "2024-02-01"},)),
        csv_text(SYNTHEA_ENCOUNTER, ({"PATIENT": SYNTHEA},)),
        csv_text(SYNTHEA_CONDITION, ({"PATIENT": SYNTHEA},)),
        *(f"{header}\n{rows.format(who=SYNTHEA)}\n" for header, rows in EVENTS.values()),
    ]
    for arrived in (texts, [csv_text(ADMISSION, tuple(stays))]):
        for text in arrived:
            house.receive(text)
        house.land()
        made_again(house)
    shutil.rmtree(house.folder / "dropped")
    assert all(house.lake.rows(contract) for contract in omop.TABLES)
    return house


@pytest.fixture
def home(made, tmp_path):
    return replace(made, folder=Path(shutil.copytree(made.folder, tmp_path / "home")))


def made_again(house):
    house.make_silver()
    assert [each.contract.name for each in house.make_omop() if each.has_failed] == []


def stored(house):
    """Every table but the one of deliveries."""
    return {contract.name: house.rows(contract) for contract in omop.TABLES if contract is not omop.CDM_SOURCE}


def numbers(house):
    """What stands for people and records, by table and column. A department is what it is called."""
    return {
        (contract.name, name): {value for value in house.lake.read(contract, [name])[name].to_pylist() if value}
        for contract in omop.TABLES
        for name, column in contract.by_name.items()
        if column.type is Type.LONG and name != "care_site_id"
    }


def rows_of_people(house):
    """In how many rows each person stands, by table."""
    return {
        contract.name: [row["person_id"] for row in house.rows(contract)]
        for contract in omop.TABLES
        if "person_id" in contract.by_name
    }


def test_under_another_key_every_number_is_another_and_every_join_holds(home, loaded):
    before, counts = numbers(home), {name: len(rows) for name, rows in stored(home).items()}
    pseudonyms = [row["person_source_value"] for row in home.rows(omop.PERSON)]

    def renamed():
        return replace(home, key=PseudonymKey.load(home.folder / "secrets"))

    key_rotation.rotate(
        home.folder, home.lake, f"sqlite:///{home.folder / 'ops.db'}", lambda: made_again(renamed()), lambda _: None
    )
    after = numbers(home)
    assert {place for place in before if before[place] & after[place]} == set()
    assert {name: len(rows) for name, rows in stored(home).items()} == counts
    assert loaded(home).execute("PRAGMA foreign_key_check").fetchall() == []
    names = [*pseudonyms, *(str(number) for of in before.values() for number in of)]
    assert search(files_of(home.folder), Identifiers(names)).hits == {}


def test_merged_patients_are_one_person_with_the_events_of_both_until_it_is_undone(home, loaded):
    first, second = (home.number(home.key.pseudonym("patient", who)) for who in (FIRST, SECOND))
    before = stored(home)
    both = {name: {first: of.count(first) + of.count(second), second: 0} for name, of in rows_of_people(home).items()}
    both |= {name: {first: 1, second: 0} for name in (omop.PERSON.name, omop.OBSERVATION_PERIOD.name)}
    merge = MERGE | {"surviving_patient_id": FIRST, "merged_patient_id": SECOND}
    home.deliver(csv_text(merge, ({"merged_at": "2024-04-01"},)))
    made_again(home)
    found = {name: {who: of.count(who) for who in (first, second)} for name, of in rows_of_people(home).items()}
    assert found == both
    assert loaded(home).execute("PRAGMA foreign_key_check").fetchall() == []
    home.deliver(csv_text(merge, ({"merged_at": "2024-04-02", "action": "unmerge"},)))
    made_again(home)
    assert stored(home) == before


def test_of_an_erased_patient_no_row_is_left_in_any_file(home):
    gone = {home.number(home.key.pseudonym_of("patient", *whose)) for whose in (("mrn", FIRST), ("synthea", SYNTHEA))}
    stays = {home.number(home.key.pseudonym_of("patient", "mrn", SECOND))}
    assert stood_in(home, gone) >= {contract.name for contract in omop.TABLES if "person_id" in contract.by_name}
    place = Premises(home.folder, home.lake, home.inbox, f"sqlite:///{home.folder / 'ops.db'}", home.key)
    begin(place, Request((FIRST, SYNTHEA), "consent_withdrawn", "T-1", "eva"))
    finish(place, lambda: made_again(home), lambda _: None)
    assert stood_in(home, gone) == set() != stood_in(home, stays)
    for contract in omop.TABLES:
        live = {Path(uri).name for uri in home.lake.open(contract).file_uris()}
        assert {file.name for file in files(home, contract)} == live


def files(house, contract):
    return sorted((house.folder / "lake" / contract.name).glob("*.parquet"))


def stood_in(house, people):
    """The tables of which a file, of whatever version, tells of one of the people."""
    found = set()
    for contract in omop.TABLES:
        for file in files(house, contract):
            numbers = pl.read_parquet(file).select(pl.selectors.matches(r"^(person|observation_period)_id$"))
            if any(people & set(column.to_list()) for column in numbers):
                found.add(contract.name)
    return found


def test_a_restored_home_has_its_omop_tables_and_makes_none_of_them_again(home, tmp_path):
    kept = Kept(home.folder, home.lake, home.folder / "lake.lock")
    back_up(kept, tmp_path / "backup")
    twin = replace(home, folder=tmp_path / "twin")
    restore(tmp_path / "backup", Kept(twin.folder, twin.lake, twin.folder / "lake.lock"))
    assert {contract: twin.rows(contract) for contract in omop.TABLES} == {
        contract: home.rows(contract) for contract in omop.TABLES
    }
    twin.make_silver()
    assert all(each.is_unchanged for each in twin.make_omop())
