"""Each rule of OHDSI's fires where it is broken, and only it."""

import datetime as dt

import pytest

from mediflow_assets.contracts import omop
from mediflow_assets.contracts.omop import rules
from mediflow_assets.pipeline import checks
from mediflow_assets.pipeline.omop import make

DAY = dt.date(2020, 5, 10)
ANY = {
    "person_id": 1,
    "gender_concept_id": 8507,
    "year_of_birth": 1960,
    "race_concept_id": 0,
    "ethnicity_concept_id": 0,
    "care_site_id": 5,
    "visit_occurrence_id": 7,
    "visit_concept_id": 9201,
    "visit_start_date": DAY,
    "visit_end_date": DAY,
    "visit_type_concept_id": 32817,
    "death_date": dt.date(2021, 1, 1),
    "observation_period_id": 1,
    "observation_period_start_date": DAY,
    "observation_period_end_date": DAY,
    "period_type_concept_id": 32817,
}
ANY |= {f"{table}_id": 9 for table in rules.CONCEPT}
for table, kind in rules.CONCEPT.items():
    ANY |= {f"{kind}_{of}": 1 for of in ("concept_id", "source_concept_id", "type_concept_id")}
    ANY |= {name: DAY for name in rules.DAYS[table] if name}
LONG_AGO, BEFORE, AFTER, LATE = dt.date(1949, 1, 1), dt.date(1955, 1, 1), dt.date(2021, 6, 1), dt.date(2020, 5, 1)
EVENT_BROKEN = {
    "person_unknown": {"person_id": 2},
    "visit_unknown": {"visit_occurrence_id": 8},
    "ends_before_start": {"end": LATE},
    "before_birth": {"start": BEFORE, "end": BEFORE, "visit_occurrence_id": None},
    "after_death": {"start": AFTER, "end": AFTER, "visit_occurrence_id": None},
    "outside_visit": {"start": DAY - dt.timedelta(days=8), "end": DAY},
    "concept_unmapped": {"concept": 0},
    "source_concept_unmapped": {"source": 0},
}
BROKEN = {
    omop.PERSON: {
        "birth_implausible": {"year_of_birth": 1700},
        "gender_unmapped": {"gender_concept_id": 0},
    },
    omop.DEATH: {"person_unknown": {"person_id": 2}, "before_birth": {"death_date": BEFORE}},
    omop.VISIT_OCCURRENCE: {
        "person_unknown": {"person_id": 2},
        "care_site_unknown": {"care_site_id": 6},
        "ends_before_start": {"visit_end_date": LATE},
        "before_birth": {"visit_start_date": BEFORE},
        "after_death": {"visit_start_date": AFTER, "visit_end_date": AFTER},
        "concept_unmapped": {"visit_concept_id": 0},
    },
    omop.OBSERVATION_PERIOD: {
        "person_unknown": {"person_id": 2},
        "ends_before_start": {"observation_period_end_date": LATE},
        "before_birth": {"observation_period_start_date": BEFORE},
        "after_death": {"observation_period_start_date": AFTER, "observation_period_end_date": AFTER},
    },
}


def row(contract, **changed):
    return {name: (ANY | changed).get(name) for name in contract.column_names}


@pytest.fixture(scope="module")
def house(tmp_path_factory, open_house):
    """One person, who was in one department, in one visit, and died."""
    house = open_house(tmp_path_factory.mktemp("rules") / "house")
    for contract in (omop.PERSON, omop.DEATH, omop.CARE_SITE, omop.VISIT_OCCURRENCE):
        house.lake.append_rows(contract, [row(contract)])
    return house


def failing(house, contract, *rows):
    """The checks that a table of these rows breaks."""
    stored = house.lake.read(contract).to_pylist()
    house.lake.overwrite_rows(contract, list(rows))
    found = checks.check_table(
        house.context, contract, lambda frame: make.judged_beside(house.context, contract, frame)
    )
    house.lake.overwrite_rows(contract, stored)
    return {check.name: check.failing for check in found if not check.passed}


def of_event(contract, told):
    """The columns of a table of events for what is told of any."""
    table = contract.key[1]
    kind, (start, end) = rules.CONCEPT[table], rules.DAYS[table]
    names = {"start": start, "end": end, "concept": f"{kind}_concept_id", "source": f"{kind}_source_concept_id"}
    return {names.get(name, name): value for name, value in told.items() if names.get(name, name)}


CASES = [(contract, code, changed) for contract, of in BROKEN.items() for code, changed in of.items()] + [
    (contract, code, of_event(contract, told))
    for contract in omop.EVENTS
    for code, told in EVENT_BROKEN.items()
    if code in {check.code for check in contract.checks}
]


@pytest.mark.parametrize(("contract", "code", "changed"), CASES, ids=lambda part: getattr(part, "name", str(part)[:30]))
def test_a_rule_fires_where_it_is_broken(house, contract, code, changed):
    assert failing(house, contract, row(contract, **changed)).keys() == {code}


@pytest.mark.parametrize("contract", [each for each in omop.TABLES if each.checks], ids=lambda table: table.name)
def test_a_right_row_breaks_none_and_two_of_one_key_collide(house, contract):
    assert failing(house, contract, row(contract)) == {}
    assert failing(house, contract, row(contract), row(contract)) == {checks.UNIQUE: 1}


def test_every_rule_has_a_case():
    cases = {(contract.name, code) for contract, code, _ in CASES}
    # broken by any row that is before birth as well: nobody lived then
    beside = {(contract.name, "day_implausible") for contract in omop.TABLES}
    assert {(each.name, check.code) for each in omop.TABLES for check in each.checks} - cases <= beside


def test_a_day_of_another_age_is_implausible(house):
    contract = omop.CONDITION_OCCURRENCE
    told = of_event(contract, {"start": LONG_AGO, "visit_occurrence_id": None})
    assert failing(house, contract, row(contract, **told)).keys() == {"before_birth", "day_implausible"}
