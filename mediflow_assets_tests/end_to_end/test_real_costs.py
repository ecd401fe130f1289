"""Costs of the real files: sums, baselines and anomalies worked out a second time, by other means."""

import math

import polars as pl
import pytest

from mediflow_assets.contracts import gold, silver
from mediflow_assets.transforms import costs
from mediflow_assets_tests.end_to_end.conftest import DATA, frame

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not DATA.is_dir(), reason="the real files are not here")]


def test_department_costs_add_up_to_the_files(made, shown):
    wanted = shown.group_by("department", "gender", "code").agg(
        pl.len().alias("n"), pl.col("patient").n_unique().alias("people"), pl.col("cost").sum()
    )
    found = frame(made, gold.DEPARTMENT_COSTS)
    both = found.join(
        wanted,
        left_on=["department", "gender", "diagnosis_code"],
        right_on=["department", "gender", "code"],
        how="full",
    )
    assert both.height == found.height == wanted.height
    assert both.filter(
        pl.col("encounters").ne_missing(pl.col("n").cast(pl.Int64))
        | pl.col("patients").ne_missing(pl.col("people").cast(pl.Int64))
        | pl.col("total_cost_usd").ne_missing(pl.col("cost").cast(pl.Decimal(18, 2)))
    ).is_empty()


def lower_median(values):
    """The middle value, the lower of two."""
    ordered = sorted(values)
    return ordered[(len(ordered) - 1) // 2]


def groups_of(department, code, class_):
    """The peer groups of an encounter, from the narrowest to the widest."""
    return (department, code, class_), (department, "*", class_), ("*", "*", class_), ("*", "*", "*")


def limits(expected):
    """Peer group → (count, median, limit); by the definition, in floats."""
    priced = expected.filter(pl.col("cost") > 0)
    groups = {}
    columns = ("department", "code", pl.col("class_").fill_null("unknown"), pl.col("cost").cast(pl.Float64))
    for *names, cost in priced.select(*columns).iter_rows():
        for group in groups_of(*names):
            groups.setdefault(group, []).append(cost)
    found = {}
    for group, values in groups.items():
        if len(values) >= costs.MINIMUM_GROUP or group == ("*", "*", "*"):
            median = lower_median(values)
            scale = 1.4826 * lower_median(abs(math.log(value / median)) for value in values)
            limit = median * math.exp(costs.THRESHOLD_Z * max(scale, costs.FLOOR_OF_SCALE))
            found[group] = (len(values), median, limit)
    return found


def baselines(made):
    names = ("department", "diagnosis_code", "encounter_class")
    return {tuple(row[n] for n in names): row for row in frame(made, gold.COST_BASELINES).to_dicts()}


def test_cost_baselines_are_the_robust_figures_of_each_group(made, shown):
    wanted, found = limits(shown), baselines(made)
    assert found.keys() == wanted.keys()
    for group, (count, median, limit) in wanted.items():
        row = found[group]
        assert (row["encounters"], float(row["median_cost_usd"])) == (count, median), group
        # the spread is kept to four decimals, and its power in the limit
        assert float(row["limit_usd"]) == pytest.approx(limit, rel=1e-3), group


def test_cost_anomalies_are_those_above_the_limit_of_their_narrowest_group(made, shown):
    limit_of = {group: row["limit_usd"] for group, row in baselines(made).items()}
    rows = shown.filter(pl.col("cost") > 0).select(
        "id", "department", "code", pl.col("class_").fill_null("unknown"), "cost"
    )
    wanted = {
        id_
        for id_, *names, cost in rows.iter_rows()
        if cost > next(limit_of[group] for group in groups_of(*names) if group in limit_of)
    }
    keys = frame(made, silver.ENCOUNTERS).select("encounter_id", "encounter_key")
    found = frame(made, gold.COST_ANOMALIES).join(keys, on="encounter_key")
    assert set(found["encounter_id"]) == wanted != set()
