"""A department that fewer than eleven people have reads OTHER wherever it leaves Silver."""

import pytest

from mediflow_assets.contracts import TABLES, gold, masked, silver
from mediflow_assets_tests.samples import ADMISSION, csv_text

NAME, FEW, ENOUGH = "QUILL ADA", "PALLIATIVE", "CARDIOLOGY"


def stays(department, people, visits=1):
    return [
        {"encounter_id": f"E-{department[:3]}-{n}-{visit}", "patient_id": f"{department[:3]}{n}",
         "department": department}
        for n in range(people)
        for visit in range(visits)
    ]  # fmt: skip


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


def test_the_eleventh_person_makes_it_shown_and_no_count_is_lost(house):
    rows = house.rows(gold.DEPARTMENT_COSTS, "department", "encounters", "patients")
    assert sorted(map(tuple, (row.values() for row in rows))) == [(ENOUGH, 11, 11), ("OTHER", 31, 11)]
    house.deliver(csv_text(ADMISSION, [{"encounter_id": "NEW", "patient_id": "PAL10", "department": FEW}]))
    house.make_silver()
    house.make_gold()
    assert departments(house, masked.ENCOUNTERS) == {ENOUGH, FEW, "OTHER"}
