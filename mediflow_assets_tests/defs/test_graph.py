"""The asset graph under a snapshot: a change of it is seen in review. MEDIFLOW_UPDATE_SNAPSHOTS=1 writes it again."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from mediflow_assets.contracts import TABLES, assurance, masked
from mediflow_assets.contracts.table import Audience
from mediflow_assets.definitions import build_defs
from mediflow_assets.defs import launching
from mediflow_assets.settings import Settings

SNAPSHOT = Path(__file__).parent / "__snapshots__" / "graph.json"
LONGEST_LOAD_SECONDS = 5
PRIVACY = {table.name for table in assurance.TABLES}


@pytest.fixture(scope="module")
def defs(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    return build_defs(Settings(home=tmp_path_factory.mktemp("graph")))


def checks_of(defs: dg.Definitions) -> dict[str, dict[str, str]]:
    """Per table its checks, and whether each blocks what lies below."""
    found: dict[str, dict[str, str]] = {}
    for asset in defs.assets or ():
        for check in asset.check_specs if isinstance(asset, dg.AssetsDefinition) else ():
            blocking = "blocks" if check.blocking else "warns"
            found.setdefault(check.asset_key.to_user_string(), {})[check.name] = blocking
    return found


def graph_of(defs: dg.Definitions) -> dict[str, Any]:
    """The graph as plain JSON, in an order that depends on names only."""
    checks = checks_of(defs)
    assets = {
        spec.key.to_user_string(): {
            "group": spec.group_name,
            "kinds": sorted(spec.kinds),
            "deps": sorted(dep.asset_key.to_user_string() for dep in spec.deps),
            "checks": dict(sorted(checks.get(spec.key.to_user_string(), {}).items())),
            "owners": list(spec.owners),
            "has_column_schema": "dagster/column_schema" in spec.metadata,
            "has_freshness_policy": spec.freshness_policy is not None,
            "is_automatic": spec.automation_condition is not None,
        }
        for spec in defs.resolve_all_asset_specs()
    }
    return {
        "assets": dict(sorted(assets.items())),
        "jobs": sorted(job.name for job in defs.resolve_all_job_defs() if not job.name.startswith("__")),
        "schedules": {s.name: [s.cron_schedule, s.job_name, s.default_status.value] for s in defs.schedules or ()},
        "sensors": {s.name: s.default_status.value for s in sorted(defs.sensors or (), key=lambda each: each.name)},
    }


def test_the_graph_is_the_one_reviewed(defs: dg.Definitions) -> None:
    graph = graph_of(defs)
    if os.environ.get("MEDIFLOW_UPDATE_SNAPSHOTS"):
        SNAPSHOT.parent.mkdir(exist_ok=True)
        SNAPSHOT.write_text(json.dumps(graph, indent=1) + "\n", encoding="utf-8")
    assert graph == json.loads(SNAPSHOT.read_text(encoding="utf-8"))


def test_every_contract_is_an_asset_with_its_columns(defs: dg.Definitions) -> None:
    graph = graph_of(defs)["assets"]
    models = {name for name in graph if name.startswith("models/")}
    assert models == {"models/treatment_cost", "models/readmission_risk"}
    assert set(graph) - models == set(TABLES)
    assert all(graph[name]["has_column_schema"] for name in TABLES)
    assert all(asset["owners"] for asset in graph.values())


def test_every_dependency_is_an_asset_of_the_graph(defs: dg.Definitions) -> None:
    graph = graph_of(defs)["assets"]
    assert {dep for asset in graph.values() for dep in asset["deps"]} <= set(graph)


def test_silver_is_made_in_the_order_that_its_tables_need(defs: dg.Definitions) -> None:
    deps = {spec.key.path[-1]: {dep.asset_key.path[-1] for dep in spec.deps} for spec in defs.resolve_all_asset_specs()}
    assert "patients" in deps["encounters"] and "encounters" in deps["conditions"]


def test_sensors_and_schedules_run_without_being_switched_on(defs: dg.Definitions) -> None:
    graph = graph_of(defs)
    states = [*graph["sensors"].values(), *(state for *_, state in graph["schedules"].values())]
    assert set(states) == {"RUNNING"}


def asset_jobs(defs: dg.Definitions) -> dict[str, dict[str, set[str]]]:
    """Per job that makes assets: each of them, and all that it comes after within the job."""
    found = {}
    graph = defs.get_repository_def().asset_graph
    for job in defs.resolve_all_job_defs():
        chosen = set(job.asset_layer.executable_asset_keys)
        if chosen:
            found[job.name] = {
                key.to_user_string(): {above.to_user_string() for above in graph.get_ancestor_asset_keys(key) & chosen}
                for key in chosen
            }
    return found


def opened(names: set[str]) -> set[str]:
    """Those that analysts may read, the two tables about them aside."""
    return {n for n in names if n in TABLES and TABLES[n].audience is Audience.ANALYST} - PRIVACY


def test_every_job_that_writes_an_open_table_ends_with_the_privacy_steps(defs: dg.Definitions) -> None:
    writing = {name: above for name, above in asset_jobs(defs).items() if opened(set(above))}
    assert set(writing) >= {"refresh", "replay", "rebuild", "train", "__ASSET_JOB"}
    for name, above in writing.items():
        assert set(above) >= PRIVACY, name
        assert opened(set(above)) <= above["gold/leak_scans"], name
        people = {table.name for table in masked.TABLES if table.names_people} & set(above)
        assert people <= above["gold/privacy_status"], name


@pytest.mark.parametrize("select", ["masked/risk_scores", "key:masked/*", "gold/drift", "models/treatment_cost"])
def test_a_choice_by_hand_that_writes_an_open_table_ends_with_them_too(defs: dg.Definitions, select: str) -> None:
    keys = set(launching.chosen(select, defs))
    assert {key.to_user_string() for key in keys} >= PRIVACY
    # each link of the way to the scan is in the run, or it would not come last
    graph = defs.get_repository_def().asset_graph
    assert [key for key in keys if not graph.get(key).child_keys & keys] == [dg.AssetKey(["gold", "leak_scans"])]


def test_a_choice_that_opens_nothing_stays_as_it_is(defs: dg.Definitions) -> None:
    assert [key.to_user_string() for key in launching.chosen("gold/readmissions", defs)] == ["gold/readmissions"]


@pytest.mark.slow
def test_the_definitions_load_quickly() -> None:
    # processor time, which other work on the machine hardly changes
    before = _processor_seconds_of_children()
    subprocess.run([sys.executable, "-c", "import mediflow_assets.definitions"], check=True)
    assert _processor_seconds_of_children() - before <= LONGEST_LOAD_SECONDS


def _processor_seconds_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def made_by(defs: dg.Definitions, job: str) -> set[str]:
    return {key.to_user_string() for key in defs.resolve_job_def(job).asset_layer.executable_asset_keys}


def test_omop_tables_are_made_by_choice_alone(defs: dg.Definitions, tmp_path: Path) -> None:
    mine = {name for name in TABLES if name.startswith("omop/")}
    wanted = build_defs(Settings(home=tmp_path, omop=True))
    for job in ("refresh", "replay", "rebuild"):
        assert made_by(wanted, job) - made_by(defs, job) == mine
        assert not made_by(defs, job) & mine
    specs = {spec.key.to_user_string(): spec for spec in defs.resolve_all_asset_specs()}
    assert not any(specs[name].automation_condition for name in mine)
    assert all(spec.automation_condition for spec in wanted.resolve_all_asset_specs() if spec.key.path[0] == "omop")


def test_omop_tables_that_are_asked_for_are_followed_by_the_leak_scan(defs: dg.Definitions) -> None:
    assert launching.asks_for_omop("tag:omop", defs) and launching.asks_for_omop("omop/person", defs)
    assert not launching.asks_for_omop(None, defs) and not launching.asks_for_omop("group:gold", defs)
    chosen = {key.to_user_string() for key in launching.chosen("tag:omop", defs)}
    assert chosen == {name for name in TABLES if name.startswith("omop/")} | PRIVACY
