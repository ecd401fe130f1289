"""A differencing attack on the masked aggregates: 1,000 pairs of queries, whose difference is nobody's small group."""

import random

import pytest

from mediflow_assets.contracts import masked, silver

pytestmark = pytest.mark.slow

PAIRS = 1_000
DIMENSIONS = {
    masked.DEPARTMENT_COSTS: ("department", "gender", "diagnosis_code"),
    masked.COST_PEERS: ("department", "diagnosis_code"),
    masked.MONTHLY_ACTIVITY: ("month", "department", "encounter_class"),
}


@pytest.fixture(scope="module")
def hospital(tmp_path_factory, open_house):
    house = open_house(tmp_path_factory.mktemp("difference") / "home")
    draw = random.Random(11)
    header = "patient_id,encounter_id,gender,department,diagnosis_code,admission_date,encounter_class,cost"
    rows = [
        f"P{draw.randint(1, 900)},E{n},{draw.choices('FMU', (60, 35, 2))[0]},"
        f"{draw.choices(('CARDIOLOGY', 'ONCOLOGY', 'EMERGENCY', 'HOSPICE'), (50, 30, 18, 2))[0]},"
        f"{draw.choices(('I21.4', 'C50.9', 'J18.9', 'R07.4', 'E11.9'), (40, 30, 15, 10, 2))[0]},"
        f"2024-{draw.randint(1, 6):02}-{draw.randint(1, 27):02},{draw.choice(('inpatient', 'emergency'))},100.00"
        for n in range(2500)
    ]
    house.bring("\n".join((header, *rows)) + "\n")
    return house


@pytest.fixture(scope="module")
def truth(hospital):
    """Each encounter as it was, with the month of its admission."""
    return [row | {"month": row["admitted_at"].date().replace(day=1)} for row in hospital.rows(silver.ENCOUNTERS)]


@pytest.fixture(scope="module")
def published(hospital):
    return {table: hospital.rows(table) for table in DIMENSIONS}


def chosen(rows, where):
    return [row for row in rows if all(row[name] == value for name, value in where.items())]


def asked(published, table, where):
    """A query's answer: how many encounters, or nothing where a cell of it is blank."""
    counts = [row["encounters"] for row in chosen(published[table], where)]
    return sum(counts) if counts and None not in counts else None


def queries(published, draw):
    """A wide query, and a narrower one of the same or another table that shares the wide one's conditions."""
    wide = draw.choice(list(DIMENSIONS))
    row = draw.choice(published[wide])
    names = draw.sample(DIMENSIONS[wide], draw.randint(0, len(DIMENSIONS[wide])))
    where = {name: row[name] for name in names}
    narrow = draw.choice([t for t in DIMENSIONS if set(where) <= set(DIMENSIONS[t])])
    within = chosen(published[narrow], where)
    shown = [each for each in within if each["encounters"] is not None]
    return wide, where, narrow, shown if draw.random() < 0.7 else draw.sample(shown, draw.randint(0, len(shown)))


def test_no_pair_of_queries_leaves_a_small_group(published, truth):
    draw, told = random.Random(3), 0
    for _ in range(PAIRS):
        wide, where, narrow, cells = queries(published, draw)
        total = asked(published, wide, where)
        if total is None:
            continue
        told += 1
        people = chosen(truth, where)
        assert total == len(people)
        left = {e["encounter_id"]: e["patient_id"] for e in people}
        for cell in cells:
            for encounter in chosen(people, {name: cell[name] for name in DIMENSIONS[narrow]}):
                left.pop(encounter["encounter_id"])
        assert total - sum(cell["encounters"] for cell in cells) == len(left)
        assert len(set(left.values())) == 0 or len(set(left.values())) >= 11, (wide.name, where, narrow.name)
    assert told > PAIRS / 4


def test_something_was_blanked_to_protect_something_else(published, truth):
    rows = published[masked.DEPARTMENT_COSTS]
    names = DIMENSIONS[masked.DEPARTMENT_COSTS]
    sizes = [len({e["patient_id"] for e in chosen(truth, {n: row[n] for n in names})}) for row in rows]
    blanked = [size for size, row in zip(sizes, rows, strict=True) if row["is_suppressed"]]
    assert min(blanked) < 11 < max(blanked)
    assert all(row["is_suppressed"] for size, row in zip(sizes, rows, strict=True) if size < 11)
