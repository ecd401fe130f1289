"""Training through Dagster with a real registry: one MLflow run each, closed; champions moved only through the gate."""

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import numpy as np
import pyarrow.compute as pc
import pytest
from typer.testing import CliRunner

from mediflow_assets.cli import build
from mediflow_assets.contracts import gold, masked, models
from mediflow_assets.contracts.served import MODELS
from mediflow_assets.contracts.served.readmission_risk import READMISSION_MODEL
from mediflow_assets.contracts.served.treatment_cost import COST_MODEL
from mediflow_assets.definitions import build_defs
from mediflow_assets.defs.assets.models import asset_key
from mediflow_assets.defs.resources import EngineResource
from mediflow_assets.defs.retraining import why_train
from mediflow_assets.ml.registry import Registry
from mediflow_assets.operations import model_registry
from mediflow_assets.scoring import load_champion, models_uri, read_champion
from mediflow_assets.settings import Settings
from mediflow_assets.storage.delta import Lake
from mediflow_assets_tests.rehearsal import NOW, fill, hospital

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


@dataclasses.dataclass
class Site:
    """A home with Gold tables, its Dagster and its registry."""

    settings: Settings
    instance: dg.DagsterInstance

    @property
    def lake(self) -> Lake:
        return Lake(self.settings.lake_root)

    @property
    def registry(self) -> Registry:
        return model_registry.registry(self.settings)

    def train(self, *keys: dg.AssetKey) -> dg.ExecuteInProcessResult:
        job = build_defs(self.settings).resolve_job_def("train")
        return job.execute_in_process(instance=self.instance, raise_on_error=False, asset_selection=list(keys) or None)

    def runs(self, model: str) -> list[Any]:
        client = self.registry.client
        experiment = client.get_experiment_by_name(model)
        return list(client.search_runs([experiment.experiment_id])) if experiment else []

    def version(self, model: str) -> str | None:
        champion = read_champion(models_uri(self.settings.lake_root), model)
        return champion.version if champion else None


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("site")
    settings = Settings(home=home)
    before = {name: os.environ.get(name) for name in ("MEDIFLOW_HOME", "DAGSTER_HOME")}
    os.environ["MEDIFLOW_HOME"] = str(home)
    assert CliRunner().invoke(build(), ["init"]).exit_code == 0
    fill(Lake(settings.lake_root))
    with dg.DagsterInstance.ephemeral() as instance, pytest.MonkeyPatch.context() as patched:
        # the engine of the test run outlives each run
        patched.setattr(EngineResource, "close", lambda self: None)
        yield Site(settings, instance)
    for name, value in before.items():
        os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)


@pytest.fixture(scope="module")
def first(site: Site) -> dg.ExecuteInProcessResult:
    """The first training of both."""
    return site.train()


def test_both_models_are_registered_promoted_and_served(site: Site, first: dg.ExecuteInProcessResult) -> None:
    assert first.success
    for name in MODELS:
        assert site.registry.aliases(name) == {"champion": "1"}
        bundle = load_champion(models_uri(site.settings.lake_root), name)
        assert bundle is not None and bundle.version == "1"
        assert f"# {name}, version 1" in bundle.card


def test_each_model_has_one_mlflow_run_closed_and_tagged(site: Site, first: dg.ExecuteInProcessResult) -> None:
    for name in MODELS:
        (run,) = site.runs(name)
        tags = run.data.tags
        assert run.info.status == "FINISHED"
        assert tags["dagster_run_id"] == first.run_id and tags["asset"] == asset_key(name).to_user_string()
        assert tags["version of gold/admission_features"] == str(site.lake.version(gold.ADMISSION_FEATURES))
        assert len(tags["code_version"]) == 12
        assert run.data.params["min_samples_leaf"] == "50"
        assert {"auc", "brier"} <= set(run.data.metrics) or {"r2", "mae"} <= set(run.data.metrics)
        files = {f.path for f in site.registry.client.list_artifacts(run.info.run_id, "plots")}
        assert files == {"plots/calibration.png", "plots/residuals.png", "plots/importance.png"}
        (version,) = site.registry.versions(name)
        assert version.run_id == run.info.run_id


def test_the_registered_model_has_a_signature_and_an_example_and_no_pickle(site: Site, first: Any) -> None:
    assert first.success
    (version,) = site.registry.versions(COST_MODEL)
    info = site.registry.mlflow.models.get_model_info(version.source)
    assert {column.name for column in info.signature.inputs} >= {"age_at_admission", "department"}
    names = [file.name for file in (site.settings.root / "mlflow").rglob("*") if file.is_file()]
    assert not [name for name in names if name.endswith((".pkl", ".pickle", ".joblib", ".skops"))]
    assert any(name.endswith(".onnx") for name in names) and any("example" in name for name in names)


def test_figures_of_the_version_stand_in_gold(site: Site, first: Any) -> None:
    assert first.success
    rows = site.lake.read(models.MODEL_METRICS).to_pylist()
    whole = {(r["model"], r["estimator"]) for r in rows if r["group"] == "all"}
    assert (READMISSION_MODEL, "lace") in whole and (COST_MODEL, "department_diagnosis_mean") in whole
    bins = [
        r for r in rows if r["model"] == READMISSION_MODEL and r["metric"].startswith("calibration_") and r["lower"]
    ]
    assert len(bins) == 10
    assert all(r["is_promoted"] for r in rows)


def test_recent_encounters_are_scored_by_both_champions(site: Site, first: Any) -> None:
    assert first.success
    scores = site.lake.read(models.RISK_SCORES)
    tables = hospital()
    newest = pc.max(tables[gold.ADMISSION_FEATURES]["admitted_at"]).as_py().date()
    recent = [at for at in tables[gold.ADMISSION_FEATURES]["admitted_at"].to_pylist() if (newest - at.date()).days < 30]
    open_ = [r for r in tables[gold.READMISSIONS]["excluded_because"].to_pylist() if r == "no_follow_up"]
    assert pc.count(scores["predicted_cost_usd"]).as_py() == len(recent)
    assert pc.count(scores["readmission_risk"]).as_py() == len(open_)
    assert set(scores["cost_model_version"].drop_null().to_pylist()) == {"1"}
    assert set(scores["readmission_status"].drop_null().to_pylist()) <= {"Low", "Moderate", "High"}
    copy = site.lake.read(masked.RISK_SCORES)
    assert len(copy) == len(scores) and "admitted_at" not in copy.column_names


def test_without_a_champion_the_scores_are_empty_and_say_why(tmp_path: Path) -> None:
    from mediflow_assets.ml import risk_scores

    lake = fill(Lake(str(tmp_path / "lake")), 200)
    assert len(risk_scores.scores(lake)) == 0
    assert "mediflow run --select models" in risk_scores.champion_said(lake, COST_MODEL)


def test_a_failed_training_closes_its_run_and_leaves_the_champion(site: Site, first: Any) -> None:
    assert first.success
    whole = site.lake.read(gold.READMISSIONS)
    leak = pc.cast(
        pc.if_else(pc.fill_null(whole["is_readmitted"], False), 200, 1), whole.schema.field("length_of_stay_days").type
    )
    at = whole.column_names.index("length_of_stay_days")
    site.lake.overwrite(gold.READMISSIONS, whole.set_column(at, "length_of_stay_days", leak))
    failed = site.train(asset_key(READMISSION_MODEL))
    site.lake.overwrite(gold.READMISSIONS, whole)
    assert not failed.success
    errors = [event.step_failure_data.error.to_string() for event in failed.all_events if event.is_step_failure]
    assert any("Look for a leak" in text and "length_of_stay_days" in text for text in errors)
    assert sorted(run.info.status for run in site.runs(READMISSION_MODEL)) == ["FAILED", "FINISHED"]
    assert site.version(READMISSION_MODEL) == "1" and len(site.registry.versions(READMISSION_MODEL)) == 1


def test_a_run_that_a_killed_training_left_open_is_closed_and_the_next_works(site: Site, first: Any) -> None:
    assert first.success
    client = site.registry.client
    experiment = client.get_experiment_by_name(COST_MODEL)
    dead = client.create_run(experiment.experiment_id, tags={"dagster_run_id": first.run_id})
    of_another_home = client.create_run(experiment.experiment_id, tags={"dagster_run_id": "theirs"})
    assert site.train(asset_key(COST_MODEL)).success
    assert client.get_run(dead.info.run_id).info.status == "FAILED"
    assert client.get_run(of_another_home.info.run_id).info.status == "RUNNING"
    client.delete_run(of_another_home.info.run_id)
    assert site.registry.aliases(COST_MODEL) == {"champion": "2", "previous": "1"}
    assert site.version(COST_MODEL) == "2"


def test_rollback_and_promotion_move_alias_and_bundle_together(site: Site, first: Any) -> None:
    assert first.success
    if site.version(COST_MODEL) == "1":
        assert site.train(asset_key(COST_MODEL)).success
    run = CliRunner().invoke
    assert run(build(), ["models", "rollback", COST_MODEL]).exit_code == 0
    assert site.version(COST_MODEL) == "1" and site.registry.aliases(COST_MODEL)["champion"] == "1"
    assert run(build(), ["models", "promote", COST_MODEL, "2"]).exit_code == 0
    assert site.version(COST_MODEL) == "2" and site.registry.aliases(COST_MODEL)["previous"] == "1"
    assert "version 2" in run(build(), ["models", "card", COST_MODEL]).stdout
    listed = run(build(), ["models", "list"]).stdout
    assert "champion" in listed and "It beats" in listed
    assert run(build(), ["models", "promote", COST_MODEL, "77"]).exit_code == 1
    assert run(build(), ["models", "card", "no-such-model"]).exit_code == 1
    assert model_registry.read_status(site.lake)[0] == {"name": COST_MODEL, "champion": "2", "challenger": None}


def test_a_registry_that_is_down_fails_the_training_and_leaves_the_champion(
    site: Site, first: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert first.success
    before = site.version(COST_MODEL)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    down = Site(Settings(home=site.settings.home), site.instance)
    failed = down.train(asset_key(COST_MODEL))
    texts = [event.step_failure_data.error.to_string() for event in failed.all_events if event.is_step_failure]
    assert texts and "model registry does not answer" in texts[0]
    assert site.version(COST_MODEL) == before


def test_training_is_asked_for_on_drift_on_new_outcomes_and_not_twice_a_day(tmp_path: Path) -> None:
    import datetime as dt

    lake = fill(Lake(str(tmp_path / "lake")), 2_000)
    assert why_train(lake, None, NOW) is None
    row = {
        "model": COST_MODEL,
        "version": "1",
        "run_id": "r",
        "estimator": "random_forest",
        "group": "all",
        "metric": "r2",
        "value": 1,
        "rows": 9,
        "is_promoted": True,
        "reason": "first",
    }
    lake.append_rows(models.MODEL_METRICS, [row | {"trained_at": NOW}])
    later = NOW + dt.timedelta(hours=30)
    assert why_train(lake, None, NOW + dt.timedelta(hours=3)) is None
    assert why_train(lake, None, later) is None
    drift = {
        "model": COST_MODEL,
        "version": "1",
        "input": "age",
        "measure": "wasserstein",
        "value": 1,
        "limit": 0,
        "has_drifted": True,
        "rows": 500,
    }
    lake.overwrite_rows(models.DRIFT, [drift])
    assert why_train(lake, None, later) == "drift"
    assert why_train(lake, later.isoformat(), later + dt.timedelta(hours=1)) is None
    lake.overwrite_rows(models.DRIFT, [])
    lake.overwrite_rows(models.MODEL_METRICS, [row | {"trained_at": NOW - dt.timedelta(days=300)}])
    assert why_train(lake, None, NOW) == "outcomes"


def test_figures_are_finite(site: Site, first: Any) -> None:
    assert first.success
    values = site.lake.read(models.MODEL_METRICS, ["value"])["value"].to_pylist()
    assert np.isfinite([float(value) for value in values]).all()
