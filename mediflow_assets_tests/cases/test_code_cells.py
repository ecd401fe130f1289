"""Several codes in one cell of an admission: the first is the encounter's, each is a condition."""

import datetime as dt
import json
from dataclasses import replace

import pytest
from deltalake import write_deltalake

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.code_cells import codes_in
from mediflow_assets.pipeline import rebuild
from mediflow_assets.sources import Feeds
from mediflow_assets_tests.house import RECEIVED
from mediflow_assets_tests.samples import csv_text
from mediflow_assets_tests.streaming.conftest import Stream, event

HEADER = "patient_id,encounter_id,department,diagnosis_code,admission_date,cost\n"


@pytest.mark.parametrize(
    ("cell", "codes"),
    [
        *(("I21.4;E11.9", ["I21.4", "E11.9"]), ("I214|E119", ["I214", "E119"]), ("4280, 25000", ["4280", "25000"])),
        *(("I21.4 / E11.9/I10", ["I21.4", "E11.9", "I10"]), ("E10.30† H36.0*", ["E10.30", "H36.0"])),
        *(("I21.4;??;I10", ["I21.4", "??", "I10"]), ("I10;I10", ["I10"]), ("E11.9+", ["E11.9"]), ("I10", ["I10"])),
        *(("Heart failure", ["Heart failure"]), ("COPD / asthma", ["COPD / asthma"]), ("E11,9", ["E11,9"])),
        *(("I21.4;;E11.9;", ["I21.4", "E11.9"]), ("22298006 44054006", ["22298006", "44054006"])),
        *(("J18.9 G", ["J18.9"]), ("C50.9 R;I10 (G)", ["C50.9", "I10"]), ("C50.9 L G, I10", ["C50.9", "I10"])),
        *(("J18.9 A", []), ("J18.9 A;I10 G", ["I10"]), ("I10|-|", ["I10"]), ("I10\nE11.9", ["I10", "E11.9"])),
        *(("I10|Essential hypertension", ["I10"]), ("I10; Essential (primary) hypertension", ["I10"])),
        *(("E11.9|Type 2 diabetes mellitus", ["E11.9"]), ("J44.9 / COPD / Asthma", ["J44.9"])),
        *(("I10 - Essential hypertension", ["I10"]), ("4280: heart failure", ["4280"]), ("E11.9 Diabetes", ["E11.9"])),
        *(("44054006 |Diabetes mellitus type 2|", ["44054006"]), ("100 mg aspirin", ["100 mg aspirin"])),
        *(("I10|Hypertension;E11.9|Diabetes, type 2", ["I10", "E11.9"]), ("I10;X1", ["I10", "X1"])),
    ],
)
def test_a_cell_holds_codes_in_their_order(cell, codes):
    assert codes_in(cell) == codes


def conditions(house):
    """Encounter, place and code of each condition."""
    rows = house.rows(silver.CONDITIONS, "encounter_id", "diagnosis_rank", "code")
    return [tuple(row.values()) for row in rows]


def told(house):
    """The same, by what Silver says of them besides: no order of arrival may change it."""
    names = ("encounter_id", "diagnosis_rank", "code", "system", "patient_id", "onset_date", "updated_at")
    return house.rows(silver.CONDITIONS, *names)


def test_a_stay_whose_one_diagnosis_is_ruled_out_has_none(house):
    rows = ("J18.9 A", "J18.9 G", "I10|Essential hypertension", "I21.4;;E11.9;")
    house.deliver(HEADER + "".join(f"{n},S{n},MEDICINE,{cell},2024-03-01,1\n" for n, cell in enumerate(rows, 1)))
    house.make_silver()
    codes = [row["diagnosis_code"] for row in house.rows(silver.ENCOUNTERS, "encounter_id", "diagnosis_code")]
    assert codes == [None, "J18.9", "I10", "I21.4"]
    assert conditions(house) == [("S4", 1, "I21.4"), ("S4", 2, "E11.9")]


def test_each_code_of_a_cell_that_can_be_read_is_a_condition(house):
    house.deliver(
        HEADER
        + "1,S1,MEDICINE,I21.4;E119; I10,2024-03-01,1\n"
        + "2,S2,MEDICINE,I21.4;??;E11.9,2024-03-01,1\n"
        + "3,S3,MEDICINE,??;I10,2024-03-01,1\n"
        + "4,S4,MEDICINE,E11.9,2024-03-01,1\n"
        + "5,S5,MEDICINE,E10.30+ H36.0*,2024-03-99,1\n"
        + "6,S6,MEDICINE,?;I10,2024-03-01,1\n"
    )
    made = house.make_silver()
    found = house.rows(silver.ENCOUNTERS, "encounter_id", "diagnosis_code")
    assert [tuple(row.values()) for row in found] == [
        *(("S1", "I21.4"), ("S2", "I21.4"), ("S3", None), ("S4", "E11.9"), ("S6", None)),
    ]
    assert conditions(house) == [
        *(("S1", 1, "I21.4"), ("S1", 2, "E11.9"), ("S1", 3, "I10")),
        *(("S2", 1, "I21.4"), ("S2", 3, "E11.9"), ("S3", 2, "I10"), ("S6", 2, "I10")),
    ]
    checks = {check.name: check.failing for each in made for check in each.checks}
    assert checks["listed_code_unread"] == 2
    assert house.reasons(silver.CONDITIONS) == {}
    house.assert_balanced()
    house.deliver(HEADER + "5,S5,MEDICINE,E10.30+ H36.0*,2024-03-09,1\n")
    house.make_silver()
    assert [row for row in conditions(house) if row[0] == "S5"] == [("S5", 1, "E10.30"), ("S5", 2, "H36.0")]


DATED = "patient_id,encounter_id,department,diagnosis_code,admission_date,updated_at\n"
VERSIONS = (
    "1,S1,MEDICINE,I21.4;E11.9;I10,2024-03-01,2024-03-01\n2,S2,MEDICINE,I10;E11.9,2024-03-01,2024-03-01\n",
    "1,S1,MEDICINE,I21.4;I10,2024-03-02,2024-03-02\n2,S2,MEDICINE,I10,2024-03-01,2024-03-02\n",
    "1,S1,SURGERY,,2024-03-02,2024-03-03\n",
)


def test_the_conditions_of_a_list_are_those_of_the_newest_that_is_given_in_any_order(house):
    found = []
    for number, order in enumerate(((0, 1, 2), (2, 1, 0))):
        twin = replace(house, folder=house.folder / str(number))
        for version in order:
            twin.deliver(DATED + VERSIONS[version])
            twin.make_silver()
        twin.assert_balanced()
        found.append(told(twin))
    assert [tuple(row.values())[:3] for row in found[0]] == [("S1", 1, "I21.4"), ("S1", 2, "I10")]
    assert {str(row["onset_date"]) for row in found[0]} == {"2024-03-02"}
    assert found[1] == found[0]


def test_the_conditions_of_a_list_follow_corrections_rebuilds_and_records_that_are_cleared(house, tmp_path):
    (tmp_path / "sources.toml").write_text(
        """
[feeds.emptying]
match = ["emptied_id"]
empty_means = "cleared"
[feeds.emptying.columns]
patient_id = "patient_id"
encounter_id = "emptied_id"
diagnosis_code = "diagnosis_code"
admission_date = "admission_date"
updated_at = "updated_at"
"""
    )
    house = house.with_feeds(Feeds.load(tmp_path / "sources.toml"))
    first = house.deliver(DATED + VERSIONS[0])
    house.make_silver()

    def correct(day, **fields):
        received_at = RECEIVED + dt.timedelta(days=day)
        house.deliver(csv_text({}, [{"_delivery_id": first, "_record_number": "1", **fields}]), received_at)
        house.make_silver()
        house.assert_balanced()

    correct(1, diagnosis_code="I21.4;J44.9", admission_date="2024-02-28")
    assert [row for row in conditions(house) if row[0] == "S1"] == [("S1", 1, "I21.4"), ("S1", 2, "J44.9")]
    assert str(house.row(silver.CONDITIONS, code="J44.9")["onset_date"]) == "2024-02-28"
    before = told(house)
    for table in (silver.CONDITIONS, silver.ENCOUNTERS):
        rebuild.ask(house.lake, table)
        house.make_silver()
        assert told(house) == before
    correct(2, diagnosis_code="I21.4")
    assert {row[0] for row in conditions(house)} == {"S2"}
    house.deliver(DATED.replace("encounter_id", "emptied_id") + "2,S2,MEDICINE,,2024-03-01,2024-03-04\n")
    house.make_silver()
    assert conditions(house) == []
    house.assert_balanced()


def test_what_a_record_of_its_own_tells_of_a_condition_stands_in_place_of_the_list(house, tmp_path):
    (tmp_path / "sources.toml").write_text(
        """
[feeds.diagnoses]
grain = "diagnosis"
match = ["SEQ"]
[feeds.diagnoses.columns]
patient_id = "ID"
encounter_id = "CLAIM"
diagnosis_rank = "SEQ"
diagnosis_code = "ICD"
"""
    )
    house = house.with_feeds(Feeds.load(tmp_path / "sources.toml"))
    house.deliver(DATED + VERSIONS[0])
    house.deliver("ID,CLAIM,ICD,SEQ\n1,S1,E11.9,7\n1,S1,C50.9,8\n")
    house.make_silver()
    assert [row for row in conditions(house) if row[0] == "S1"] == [
        *(("S1", 1, "I21.4"), ("S1", 3, "I10"), ("S1", 7, "E11.9"), ("S1", 8, "C50.9")),
    ]
    house.deliver(DATED + VERSIONS[1])
    house.make_silver()
    assert {row[2] for row in conditions(house)} == {"I21.4", "I10", "E11.9", "C50.9"}
    assert {row[0] for row in conditions(house)} == {"S1"}


def test_several_codes_in_a_cell_of_ndjson_or_of_an_event_are_as_those_of_a_file(house):
    record = {"patient_id": "1", "encounter_id": "S1", "department": "MEDICINE", "admission_date": "2024-03-01"}
    house.deliver(json.dumps(record | {"diagnosis_code": "I21.4;E119"}) + "\n", name="delivery.ndjson")
    of_9 = event(encounter_id="S3", patient_id="3", diagnosis_code="??;4280", diagnosis_system="9", event_id="EV2")
    Stream(house).send(event(encounter_id="S2", patient_id="2", diagnosis_code="I21.4;E119"), of_9).land()
    house.make_silver()
    assert house.reasons(silver.ENCOUNTERS) == {}
    assert [row["diagnosis_code"] for row in house.rows(silver.ENCOUNTERS)] == ["I21.4", "I21.4", None]
    both = [(stay, *code) for stay in ("S1", "S2") for code in ((1, "I21.4"), (2, "E11.9"))]
    assert conditions(house) == [*both, ("S3", 2, "428.0")]
    house.assert_balanced()


def test_a_lake_whose_encounters_tell_of_no_lists_yet_gets_their_conditions_by_a_run(house):
    house.deliver(DATED + VERSIONS[0])
    house.make_silver()
    before = told(house)
    for contract, name in ((silver.ENCOUNTERS, "listed_codes"), (silver.CONDITIONS, "is_listed")):
        rows = house.lake.read(contract).drop_columns([name])
        write_deltalake(house.lake.uri(contract), rows.slice(0, rows.num_rows if name == "listed_codes" else 0),
                        mode="overwrite", schema_mode="overwrite")  # fmt: skip
    house.run()
    assert told(house) == before
    house.assert_balanced()


def test_a_list_is_read_by_the_code_system_of_its_record(house, tmp_path):
    (tmp_path / "sources.toml").write_text(
        """
[feeds.claims]
match = ["DX1", "DX2"]
[feeds.claims.columns]
patient_id = "ID"
encounter_id = "CLAIM"
admission_date = "FROM"
department = { value = "MEDICINE" }
diagnosis_code = { join = ["DX1", "DX2", "DX3"], with = ";" }
diagnosis_system = { value = "ICD-9-CM" }
"""
    )
    house = house.with_feeds(Feeds.load(tmp_path / "sources.toml"))
    house.deliver("ID,CLAIM,FROM,DX1,DX2,DX3\n1,C1,2009-03-01,V5861,,E8501\n2,C2,2009-03-01,4280,25000,XX\n")
    house.make_silver()
    assert [row["diagnosis_code"] for row in house.rows(silver.ENCOUNTERS)] == ["V58.61", "428.0"]
    told = house.rows(silver.CONDITIONS, "encounter_id", "diagnosis_rank", "code", "system")
    assert [tuple(row.values()) for row in told] == [
        *(("C1", 1, "V58.61", "icd9"), ("C1", 2, "E850.1", "icd9")),
        *(("C2", 1, "428.0", "icd9"), ("C2", 2, "250.00", "icd9")),
    ]
    assert house.row(silver.ENCOUNTERS, encounter_id="C2")["listed_codes"] == "icd9:428.0 icd9:250.00 ?:XX"
    house.assert_balanced()
