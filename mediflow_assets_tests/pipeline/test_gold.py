"""Gold and masked, models steps: made when something changed, settled when the checks hold."""

import datetime as dt

import pytest

from mediflow_assets.contracts import events, gold, links, masked, models
from mediflow_assets.contracts.operational import CHECK_RESULTS
from mediflow_assets.errors import ContractViolated, KeyMismatch
from mediflow_assets.pipeline import change, checks
from mediflow_assets.pipeline import gold as steps
from mediflow_assets.transforms import costs

LATER = dt.datetime(2024, 7, 2, 12, tzinfo=dt.UTC)
DEPARTMENT_COSTS = next(build for build in steps.GOLD if build.contract is gold.DEPARTMENT_COSTS)


@pytest.fixture
def filled(house, admissions):
    house.deliver(admissions({}, {"encounter_id": "E2", "cost": "50.00"}))
    house.make_silver()
    return house


def test_every_gold_and_masked_table_has_a_recipe():
    assert {r.contract.name for r in steps.GOLD} == {t.name for t in (*gold.TABLES, links.MERGED_KEYS)}
    assert {r.contract.name for r in steps.MASKED} == {t.name for t in masked.TABLES}


def test_recipes_come_after_the_tables_they_need():
    made = {models.RISK_SCORES.name, events.STREAM_ALERTS.name}
    for build in (*steps.GOLD, *steps.MASKED):
        needed = {table.name for table in build.inputs if table.key[0] in ("gold", "masked")}
        assert needed <= made, build.contract.name
        made.add(build.contract.name)


def test_all_tables_are_made_and_then_left_as_they_are(filled):
    first = filled.make_gold()
    assert not any(made.is_unchanged or made.has_failed for made in first)
    versions = [made.version for made in filled.make_gold()]
    again = filled.make_gold()
    assert all(made.is_unchanged for made in again)
    assert [made.version for made in again] == versions


def test_an_empty_lake_makes_empty_tables(house):
    house.make_silver()
    assert {made.contract.name: made.rows for made in house.make_gold() if made.rows} == {}


def test_a_change_of_the_encounters_is_followed(filled, admissions):
    steps.make(filled.context, DEPARTMENT_COSTS)
    filled.deliver(admissions({"encounter_id": "E3", "cost": "7.00"}), LATER)
    filled.make_silver()
    made = steps.make(filled.context, DEPARTMENT_COSTS)
    assert not made.is_unchanged
    assert str(filled.row(gold.DEPARTMENT_COSTS)["total_cost_usd"]) == "1057.00"


def test_a_change_of_the_code_is_followed(filled, monkeypatch):
    steps.make(filled.context, DEPARTMENT_COSTS)
    monkeypatch.setattr(change, "code_version", lambda made_by: "another")
    assert not steps.make(filled.context, DEPARTMENT_COSTS).is_unchanged


def test_another_key_than_silvers_is_refused(filled):
    with pytest.raises(KeyMismatch, match="another key"):
        steps.make(filled.with_key(bytes(32)).context, DEPARTMENT_COSTS)
    assert filled.rows(gold.DEPARTMENT_COSTS) == []


def test_a_failed_check_is_recorded_and_the_table_is_made_again(filled):
    broken = steps.TableBuild(
        gold.DEPARTMENT_COSTS,
        DEPARTMENT_COSTS.inputs,
        lambda encounters: (
            costs.department_costs(encounters)
            .selectExpr("*", "encounters + 1 AS more")
            .selectExpr(
                *(name if name != "patients" else "more AS patients" for name in gold.DEPARTMENT_COSTS.column_names)
            )
        ),
    )
    assert steps.make(filled.context, broken).has_failed
    result = filled.row(CHECK_RESULTS, table="gold/department_costs", check_name="more_people_than_encounters")
    assert (result["passed"], result["failing"], result["run_id"]) == (False, 1, "test")
    assert not steps.make(filled.context, DEPARTMENT_COSTS).is_unchanged


def test_a_row_twice_breaks_the_primary_key(filled):
    twice = steps.TableBuild(
        gold.DEPARTMENT_COSTS,
        DEPARTMENT_COSTS.inputs,
        lambda encounters: costs.department_costs(encounters).unionAll(costs.department_costs(encounters)),
    )
    failed = [check for check in steps.make(filled.context, twice).checks if not check.passed]
    assert [(check.name, check.failing, check.rows) for check in failed] == [(checks.UNIQUE, 1, 2)]


def test_a_blocking_check_that_does_not_hold_stops_with_counts_only(filled):
    made = steps.make(filled.context, DEPARTMENT_COSTS)
    checks.require(made.contract, made.checks)
    broken = checks.CheckResult("rule", made.checks[0].severity, False, 3, 9, 1)
    with pytest.raises(ContractViolated, match=r"^gold/department_costs: rule \(3\) of 9 rows\.$"):
        checks.require(made.contract, [broken])


def test_each_stored_rule_of_a_contract_is_checked():
    for contract in (*gold.TABLES, *masked.TABLES):
        assert {check.code for check in contract.checks} <= set(checks.check_names(contract))


@pytest.mark.slow
def test_every_result_of_every_check_is_written_down(filled):
    made = filled.make_gold()
    written = {(row["table"], row["check_name"]) for row in filled.rows(CHECK_RESULTS)}
    assert {(m.contract.name, check.name) for m in made for check in m.checks} <= written
