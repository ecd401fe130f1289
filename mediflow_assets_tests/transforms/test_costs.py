"""Cost: medians and limits against Python's own, peer groups and their fall-backs, sums by department."""

import datetime as dt
import math
import random
import statistics
from decimal import Decimal

import pytest

from mediflow_assets.contracts import gold
from mediflow_assets.transforms import costs


def stays(values, department="CARDIOLOGY", code="I21.4", class_="inpatient", **more):
    """One encounter a cost, each of a patient of its own."""
    return [
        {
            "encounter_id": f"{department}{code}{class_}{n}",
            "patient_id": f"P{n}",
            "department": department,
            "diagnosis_code": code,
            "encounter_class": class_,
            "cost_usd": Decimal(str(value)),
        }
        | more
        for n, value in enumerate(values)
    ]


def spread_of(values):
    median = statistics.median_low(values)
    return median, statistics.median_low(abs(math.log(value / median)) for value in values)


@pytest.fixture
def baselines(encounters):
    def _baselines(*rows):
        found = costs.cost_baselines(encounters(*rows)).collect()
        return {(r["department"], r["diagnosis_code"], r["encounter_class"]): r.asDict() for r in found}

    return _baselines


@pytest.fixture
def anomalies(encounters):
    def _anomalies(*rows):
        frame = encounters(*rows)
        found = costs.cost_anomalies(frame, costs.cost_baselines(frame)).collect()
        return {row["encounter_key"]: row.asDict() for row in found}

    return _anomalies


GROUP = ("CARDIOLOGY", "I21.4", "inpatient")


@pytest.mark.parametrize("count", [30, 31, 101])
def test_median_and_spread_are_those_of_the_statistics_module(baselines, count):
    chance = random.Random(count)
    values = [round(chance.lognormvariate(8, 0.7), 2) for _ in range(count)]
    row = baselines(*stays(values))[GROUP]
    median, mad = spread_of(values)
    assert (row["encounters"], float(row["median_cost_usd"])) == (count, median)
    assert float(row["spread_ratio"]) == pytest.approx(math.exp(mad), abs=1e-4)
    limit = median * math.exp(costs.THRESHOLD_Z * max(1.4826 * mad, costs.FLOOR_OF_SCALE))
    assert float(row["limit_usd"]) == pytest.approx(limit, rel=1e-3)


def test_a_group_of_fixed_prices_has_the_least_scale(baselines):
    row = baselines(*stays([100] * 30))[GROUP]
    assert float(row["spread_ratio"]) == 1
    assert float(row["limit_usd"]) == round(100 * math.exp(costs.THRESHOLD_Z * costs.FLOOR_OF_SCALE), 2)


def test_a_group_of_fewer_than_thirty_has_no_baseline_of_its_own(baselines):
    found = baselines(*stays([100] * 29), *stays([100] * 1, code="J18.9"))
    assert set(found) == {("CARDIOLOGY", "*", "inpatient"), ("*", "*", "inpatient"), ("*", "*", "*")}


def test_what_costs_nothing_or_did_not_take_place_is_no_peer(baselines):
    none = [
        *stays([0, 0], class_="a"),
        *stays([5], class_="b", status="cancelled"),
        *stays([5], class_="c", status="planned"),
        *stays([5], class_="d", cost_usd=None),
    ]
    assert baselines(*none) == {}
    assert baselines(*none, *stays([7]))[("*", "*", "*")]["encounters"] == 1


def test_absent_diagnoses_are_a_group_of_their_own(baselines):
    found = baselines(*stays([100] * 30, code=None))
    assert ("CARDIOLOGY", "UNKNOWN", "inpatient") in found


def test_costs_as_far_apart_as_the_column_holds_do_not_stop_a_run(baselines):
    row = baselines(*stays(["0.01", "9999999999.99", "9999999999.99"]))[("*", "*", "*")]
    assert row["limit_usd"] >= row["median_cost_usd"]
    low = baselines(*stays(["0.01", "0.01", "9999999999.99", "9999999999.99", "9999999999.98"]))[("*", "*", "*")]
    assert low["limit_usd"] <= Decimal("9999999999.99")


def test_an_anomaly_is_judged_by_its_narrowest_group(anomalies):
    usual = [100] * 40
    found = anomalies(
        *stays([*usual, 1000]),
        *stays([100] * 5 + [1000], code="J18.9"),
        *stays([100] * 2 + [1000], department="SURGERY"),
        *stays([100] * 2 + [1000], department="X RAY", class_="outpatient"),
    )
    assert {key: row["peer_group"] for key, row in found.items()} == {
        "CARDIOLOGYI21.4inpatient40": "department_diagnosis_class",
        "CARDIOLOGYJ18.9inpatient5": "department_class",
        "SURGERYI21.4inpatient2": "class",
        "X RAYI21.4outpatient2": "all",
    }
    assert {(row["cost_usd"], row["expected_cost_usd"]) for row in found.values()} == {(Decimal(1000), Decimal(100))}


def test_a_cost_at_the_limit_is_no_anomaly(anomalies):
    limit = round(100 * math.exp(costs.THRESHOLD_Z * costs.FLOOR_OF_SCALE), 2)
    found = anomalies(*stays([100] * 40 + [limit, round(limit + 0.01, 2)]))
    assert set(found) == {"CARDIOLOGYI21.4inpatient41"}


def test_the_frames_are_of_their_contracts_columns(encounters):
    frame = encounters(*stays([100]))
    made = costs.cost_baselines(frame)
    assert set(made.columns) == set(gold.COST_BASELINES.column_names)
    assert set(costs.cost_anomalies(frame, made).columns) == set(gold.COST_ANOMALIES.column_names)
    assert set(costs.department_costs(frame).columns) == set(gold.DEPARTMENT_COSTS.column_names)


def test_department_costs_count_encounters_people_and_money(encounters):
    day = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    rows = [
        {"patient_id": "P1", "cost_usd": Decimal("10.00"), "age_at_admission": 40, "admitted_at": day},
        {"patient_id": "P1", "cost_usd": Decimal("10.01"), "age_at_admission": 41},
        {"patient_id": "P2", "cost_usd": None, "age_at_admission": None},
        {"patient_id": "P3", "cost_usd": Decimal("99.00"), "status": "cancelled"},
        {"patient_id": "P4", "cost_usd": Decimal("5.00"), "gender": "M"},
    ]
    found = costs.department_costs(encounters(*rows)).collect()
    women = next(row.asDict() for row in found if row["gender"] == "F")
    assert len(found) == 2
    assert (women["department"], women["diagnosis_code"]) == ("CARDIOLOGY", "UNKNOWN")
    assert (women["encounters"], women["patients"]) == (3, 2)
    assert (str(women["total_cost_usd"]), str(women["average_cost_usd"])) == ("20.01", "10.01")
    assert str(women["average_age_years"]) == "40.5000"
    assert women["first_admitted_at"] < women["last_admitted_at"]


def test_a_group_without_costs_or_ages_has_no_average(encounters):
    row = costs.department_costs(encounters({"cost_usd": None})).collect()[0]
    assert (row["total_cost_usd"], row["average_cost_usd"], row["average_age_years"]) == (None, None, None)


def test_cost_peers_are_quartiles(encounters):
    row = costs.cost_peers(encounters(*stays(range(1, 101)))).collect()[0]
    quartiles = [row[f"{name}_cost_usd"] for name in ("lower_quartile", "median", "upper_quartile")]
    assert (row["encounters"], row["patients"], quartiles) == (100, 100, [25, 50, 75])
