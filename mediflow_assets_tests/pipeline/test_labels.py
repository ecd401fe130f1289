"""A department or an unlisted code that fewer than eleven people have reads OTHER wherever it leaves Silver."""

import pytest

from mediflow_assets.contracts import TABLES, gold, masked, silver
from mediflow_assets_tests.samples import ADMISSION, csv_text

pytestmark = pytest.mark.slow

NAME, FEW, ENOUGH = "QUILL ADA", "PALLIATIVE", "CARDIOLOGY"


def stays(department, people, visits=1):
    return [
        {
            "encounter_id": f"E-{department[:3]}-{n}-{visit}",
            "patient_id": f"{department[:3]}{n}",
            "department": department,
        }
        for n in range(people)
        for visit in range(visits)
    ]


@pytest.fixture(scope="module")
def house(tmp_path_factory, open_house):
    house = open_house(tmp_path_factory.mktemp("labels") / "home")
    # ten people who came thirty times are ten people
    house.deliver(csv_text(ADMISSION, [*stays(NAME, 1), *stays(FEW, 10, 3), *stays(ENOUGH, 11)]))
    house.make_silver()
    assert not any(made.has_failed for made in house.make_gold())
    return house


def departments(house, table):
    return {row["department"] for row in house.rows(table, "department")}


def test_silver_keeps_the_department_as_delivered(house):
    assert departments(house, silver.ENCOUNTERS) == {NAME, FEW, ENOUGH}


def test_a_department_of_few_people_is_other_in_every_table_outside_silver(house):
    for table in TABLES.values():
        if table.key[0] in ("gold", "masked") and "department" in table.by_name:
            assert departments(house, table) <= {ENOUGH, "OTHER", "*"}, table.name
    assert departments(house, masked.ENCOUNTERS) == {ENOUGH, "OTHER"}


def test_an_unlisted_code_of_few_people_is_other_and_a_listed_one_is_shown(open_house, tmp_path):
    house = open_house(tmp_path / "home")
    # I48.9X and I48.9Y are no codes of the list, J18.9 is; of concepts there is none
    given = [
        *["I48.9X"] * 11,
        *["I489Y"] * 10,
        "J18.9",
        *["22298006"] * 11,
        "2125000004",
        "19500505",
        "2125550123",
        "219099999",
    ]
    rows = [{"encounter_id": f"E-{n}", "patient_id": f"P{n}", "diagnosis_code": code} for n, code in enumerate(given)]
    heart = {"patient_id": "HEART", "diagnosis_code": "I50.9X"}
    again = {"encounter_id": "LATER", "admission_date": "2024-02-01", "discharge_date": "2024-02-04"}
    house.deliver(
        csv_text(ADMISSION, [*rows, {"encounter_id": "SOONER"} | heart, again | heart | {"diagnosis_code": "J18.9"}])
    )
    house.make_silver()
    house.make_gold()
    key = house.row(silver.ENCOUNTERS, encounter_id="LATER")["encounter_key"]
    assert house.row(gold.ADMISSION_FEATURES, encounter_key=key)["charlson_index"] == 1, "what is not shown is known"
    assert len(house.rows(silver.ENCOUNTERS)) == len(given) - 1, "a telephone number, a date and an SSN are no codes"
    kept = {"I48.9X", "J18.9", "22298006", "OTHER"}
    for table in TABLES.values():
        for name in {"diagnosis_code", "admitting_diagnosis_code"} & set(table.column_names):
            if table.key[0] in ("gold", "masked"):
                assert {row[name] for row in house.rows(table, name)} <= {*kept, "*", None}, (table.name, name)
    assert {row["diagnosis_code"] for row in house.rows(masked.ENCOUNTERS, "diagnosis_code")} == kept


def test_the_eleventh_person_makes_it_shown_and_no_count_is_lost(house):
    rows = house.rows(gold.DEPARTMENT_COSTS, "department", "encounters", "patients")
    assert sorted(map(tuple, (row.values() for row in rows))) == [(ENOUGH, 11, 11), ("OTHER", 31, 11)]
    house.deliver(csv_text(ADMISSION, [{"encounter_id": "NEW", "patient_id": "PAL10", "department": FEW}]))
    house.make_silver()
    house.make_gold()
    assert departments(house, masked.ENCOUNTERS) == {ENOUGH, FEW, "OTHER"}
