"""The asset graph under a snapshot: a change of it is seen in review. MEDIFLOW_UPDATE_SNAPSHOTS=1 writes it anew."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from mediflow_assets.contracts import TABLES
from mediflow_assets.definitions import build_defs
from mediflow_assets.settings import Settings

SNAPSHOT = Path(__file__).parent / "__snapshots__" / "graph.json"
LONGEST_LOAD_SECONDS = 5


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


def test_sensors_and_schedules_run_without_being_switched_on(defs: dg.Definitions) -> None:
    graph = graph_of(defs)
    states = [*graph["sensors"].values(), *(state for *_, state in graph["schedules"].values())]
    assert set(states) == {"RUNNING"}


def test_the_definitions_load_quickly() -> None:
    # processor time, which other work on the machine hardly changes
    before = _processor_seconds_of_children()
    subprocess.run([sys.executable, "-c", "import mediflow_assets.definitions"], check=True)
    assert _processor_seconds_of_children() - before <= LONGEST_LOAD_SECONDS


def _processor_seconds_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
