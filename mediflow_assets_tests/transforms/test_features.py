"""Features: what was known when an encounter began, and nothing later."""

import datetime as dt
from decimal import Decimal

import pytest

from mediflow_assets.contracts import gold, silver
from mediflow_assets.transforms.features import admission_features

NOW = dt.datetime(2024, 7, 1, 12, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)


def days(number):
    return dt.timedelta(days=number)


def encounter(key, before, length=None, **more):
    """An encounter that began so long before NOW, and lasted so long."""
    began = NOW - before
    ended = None if length is None else began + length
    return {"encounter_id": key, "admitted_at": began, "discharged_at": ended} | more


INDEX = encounter("now", days(0))


@pytest.fixture
def features(encounters, frame):
    def _features(*rows, conditions=()):
        made = admission_features(encounters(*rows), frame(silver.CONDITIONS, *conditions))
        assert set(made.columns) == set(gold.ADMISSION_FEATURES.column_names)
        return {row["encounter_key"]: row.asDict() for row in made.collect()}

    return _features


@pytest.fixture
def prior(features):
    """What the index encounter knows of one other."""

    def _prior(*others):
        row = features(INDEX, *others)["now"]
        return row["prior_admissions_12m"], row["prior_emergency_6m"], row["days_since_last_discharge"]

    return _prior


NOTHING = (0, 0, None)
STAYS = {
    "a year before to the second": (encounter("x", days(365), days(1)), (1, 0, 364)),
    "a second more than a year before": (encounter("x", days(365) + SECOND, days(1)), (0, 0, 364)),
    "a second before": (encounter("x", SECOND), (1, 0, None)),
    "at the same moment": (encounter("x", days(0)), NOTHING),
    "later": (encounter("x", days(-1)), NOTHING),
    "of another patient": (encounter("x", days(5), days(1), patient_id="P2"), NOTHING),
    "cancelled": (encounter("x", days(5), days(1), status="cancelled"), NOTHING),
    "still open": (encounter("x", days(5)), (1, 0, None)),
    "ended the moment this began": (encounter("x", days(5), days(5)), (1, 0, 0)),
    "an emergency half a year before": (encounter("x", days(182), encounter_class="emergency"), (0, 1, None)),
    "an emergency before that": (encounter("x", days(182) + SECOND, encounter_class="emergency"), NOTHING),
    "an outpatient visit": (encounter("x", days(5), days(1), encounter_class="outpatient"), NOTHING),
    "of no class": (encounter("x", days(5), days(1), encounter_class=None), NOTHING),
}


@pytest.mark.parametrize("case", STAYS)
def test_what_counts_as_history(prior, case):
    other, wanted = STAYS[case]
    assert prior(other) == wanted


def test_the_last_discharge_is_the_latest_before(prior):
    assert prior(encounter("x", days(50), days(1)), encounter("y", days(30), days(2)))[2] == 28


def test_a_stay_that_has_not_ended_yet_does_not_hide_the_last_discharge(prior):
    ended, lasting = encounter("x", days(50), days(1)), encounter("y", days(2), days(9))
    assert prior(ended, lasting) == (2, 0, 49)


def test_what_comes_later_leaves_the_row_as_it_is(features):
    history = [
        encounter("a", days(100), days(3)),
        encounter("b", days(20), days(1)),
        encounter("c", days(3), encounter_class="emergency"),
    ]
    later = [
        encounter("d", days(-1), days(1)),
        encounter("e", days(-1), encounter_class="emergency"),
        encounter("f", -SECOND, days(2)),
    ]
    with_later, without = features(INDEX, *history, *later), features(INDEX, *history)
    assert {key: with_later[key] for key in without} == without


def test_how_an_open_stay_ends_later_leaves_the_row_as_it_is(features):
    lasting = encounter("y", days(2), days(9))
    ended = encounter("x", days(50), days(1))
    then, now = features(INDEX, ended, lasting | {"discharged_at": None}), features(INDEX, ended, lasting)
    assert then["now"] == now["now"]


CHARLSON = {
    "one group": (["I50.9"], 1),
    "two codes of a group": (["I50.9", "I50.1"], 1),
    "two groups": (["I50.9", "J44.1"], 2),
    "none": (["S82.101A", "Z00.0"], 0),
    "not coded": ([None], 0),
    "SNOMED": (["22298006"], 0),
}


@pytest.mark.parametrize("case", CHARLSON)
def test_comorbidities_are_the_charlson_groups_of_what_had_ended(features, case):
    codes, count = CHARLSON[case]
    others = [encounter(f"x{n}", days(9 + n), days(1), diagnosis_code=code) for n, code in enumerate(codes)]
    later = encounter("y", days(2), days(3), diagnosis_code="C78.0")
    assert features(INDEX, *others, later)["now"]["comorbidity_count"] == count


def condition(code, onset, precision="day", **more):
    """A condition of the patient whose encounters these are, that began so long before NOW."""
    day = (NOW - onset).date()
    return {"condition_id": code, "code": code, "onset_date": day, "onset_precision": precision} | more


CONDITIONS = {
    "of yesterday": ([condition("I50.9", days(1))], (1, 1, 7)),
    "of today": ([condition("I50.9", days(0))], (0, 0, 0)),
    "of an encounter that had ended": ([condition("428.0", days(8), system="icd9", encounter_id="x")], (1, 1, 7)),
    "of one that lasts": ([condition("I50.9", days(8), encounter_id="y")], (0, 0, 0)),
    "of an encounter nobody told of": ([condition("I50.9", days(8), encounter_id="z")], (1, 1, 7)),
    "of a year that is not over": ([condition("I50.9", days(100), "year")], (0, 0, 0)),
    "told twice": ([condition("E11.9", days(9)), condition("E11.2", days(9), condition_id="2")], (2, 2, 0)),
    "of ICD-9-CM that looks like ICD-10": ([condition("V42.0", days(9), system="icd9")], (1, 2, 5)),
    "of ICD-10 that looks like ICD-9-CM": ([condition("V42.0", days(9))], (0, 0, 0)),
    "of somebody else": ([condition("I50.9", days(9), patient_id="P9")], (0, 0, 0)),
}


@pytest.mark.parametrize("case", CONDITIONS)
def test_comorbidities_are_of_the_conditions_known_as_well(features, case):
    conditions, found = CONDITIONS[case]
    others = (encounter("x", days(9), days(2)), encounter("y", days(9)), encounter("p", days(9), patient_id="P9"))
    row = features(INDEX, *others, conditions=conditions)["now"]
    assert (row["comorbidity_count"], row["charlson_index"], row["elixhauser_score"]) == found


def test_the_prior_mean_cost_is_of_what_had_ended(features):
    others = [
        encounter("a", days(9), days(1), cost_usd=Decimal("100.00")),
        encounter("b", days(7), days(1), cost_usd=Decimal("50.01"), encounter_class="outpatient"),
        encounter("c", days(5), days(1)),
        encounter("d", days(3), days(9), cost_usd=Decimal("9999.00")),
        encounter("e", days(3), days(1), cost_usd=Decimal("7.00"), patient_id="P0"),
        encounter("f", days(3), days(1), cost_usd=Decimal("7.00"), patient_id="P9"),
    ]
    now = encounter("now", days(0), days(0), cost_usd=Decimal("5.00"))
    found = features(now, *others)
    assert (found["now"]["prior_mean_cost_usd"], found["a"]["prior_mean_cost_usd"]) == (Decimal("75.00"), None)


def test_many_patients_do_not_mix(features):
    rows = [
        encounter(f"{n}-{k}", days(k), days(1), patient_id=f"P{n:03}") for n in range(150) for k in range(n % 4 + 1)
    ]
    found = features(*rows)
    assert all(found[f"{n}-0"]["prior_admissions_12m"] == n % 4 for n in range(150))


def test_absent_values_are_named(features):
    row = features(encounter("x", days(0), encounter_class=None))["x"]
    assert (row["encounter_class"], row["admitting_diagnosis_code"], row["admission_month"]) == (
        "unknown",
        "UNKNOWN",
        7,
    )
