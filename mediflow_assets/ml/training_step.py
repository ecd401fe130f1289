"""Training one model: read, learn, judge, register, write the bundle, and, through the gate, promote it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from mediflow_assets.contracts import models
from mediflow_assets.errors import BundleInvalid, TooLittleData
from mediflow_assets.ml import card, gate, guards
from mediflow_assets.ml.examples import Examples, Parts
from mediflow_assets.ml.plots import plots
from mediflow_assets.ml.reading import read_examples, why_none
from mediflow_assets.ml.registry import CHALLENGER, Registry, registry_errors
from mediflow_assets.ml.spec import ModelSpec
from mediflow_assets.ml.training import Trained, answers_of, learnable, train
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.scoring import Bundle, bundle_files, feature_as_json, load_champion, models_uri, point_to
from mediflow_assets.scoring import files as bundle_store
from mediflow_assets.scoring.writing import write_bundle
from mediflow_assets.storage.delta import Lake


@dataclass(frozen=True)
class ModelMade:
    """A registered version: whether it was promoted and why, and its figures."""

    name: str
    version: str
    run_id: str
    is_promoted: bool
    is_provisional: bool
    reason: str
    rows: int
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class Lesson:
    """What a model is to be trained on: its examples, in parts that have enough rows."""

    spec: ModelSpec
    examples: Examples
    parts: Parts


def lesson(lake: Lake, spec: ModelSpec) -> Lesson:
    """Read what there is to learn. Raises TooLittleData, and then says what is missing; TrainingRefused."""
    # the table of figures stands even where no model was trained yet
    lake.ensure(models.MODEL_METRICS)
    examples = read_examples(lake, spec)
    if not len(examples):
        raise TooLittleData(f"{spec.name}: {why_none(lake, spec)} {guards.STANDS}")
    return Lesson(spec, examples, learnable(spec, examples))


def train_model(context: RunContext, given: Lesson, registry: Registry, tags: Mapping[str, str]) -> ModelMade:
    """Within an open MLflow run. Raises LeakSuspected, GraphWrong, RegistryUnreachable; then the champion is what it
    was."""
    lake, place, spec = context.lake, models_uri(context.lake.root), given.spec
    versions = {table.name: lake.version(table) for table in spec.contract.trained_from}
    registry.mlflow.set_tags(dict(tags) | {f"version of {name}": str(number) for name, number in versions.items()})
    trained = train(spec, given.examples, given.parts)
    test = trained.parts.test
    champion = _champion(place, spec.name)
    rival = None if champion is None else answers_of(champion, test.inputs)
    decision = gate.decide(spec, test, trained.answer, dict(trained.baselines), rival)
    now = dt.datetime.now(dt.UTC)
    facts = trained.facts
    run_id = _log(registry, trained)
    example = pd.DataFrame([facts["reference"]]).astype(
        {f.name: object if f.is_category else "float32" for f in trained.fitted.features}
    )
    version = registry.register(spec.name, trained.graph, example, {"gate": decision.reason})
    made = ModelMade(
        spec.name,
        version,
        run_id,
        decision.is_promoted,
        decision.is_provisional,
        decision.reason,
        len(test),
        trained.metrics,
    )
    data = card.card(trained, version, run_id, decision, versions, now)
    facts |= {"version": version, "run_id": run_id, "trained_at": now.isoformat()}
    facts["is_provisional"] = decision.is_provisional
    facts["features"] = [feature_as_json(feature) for feature in facts["features"]]
    written = bundle_files(facts, trained.graph, card.as_markdown(data), card.as_json(data))
    write_bundle(bundle_store.join(place, spec.name, version), written)
    with registry_errors():
        for name, content in written.items():
            if name != "model.onnx":
                registry.mlflow.log_text(content.decode(), f"bundle/{name}")
    _note(context, trained, made, now)
    if decision.is_promoted:
        registry.promote(spec.name, version)
        point_to(place, spec.name, version, now)
    else:
        registry.point(spec.name, CHALLENGER, version)
    return made


def _champion(place: str, name: str) -> Bundle | None:
    """The champion to be compared with; one that cannot be loaded is no rival."""
    try:
        return load_champion(place, name)
    except BundleInvalid:
        return None


def _log(registry: Registry, trained: Trained) -> str:
    """Params, figures, pictures and the list of features, into the open MLflow run; gives its id."""
    mlflow, parts = registry.mlflow, trained.parts
    forest = trained.fitted.pipeline.named_steps["model"]
    with registry_errors():
        mlflow.log_params(
            {
                name: forest.get_params()[name]
                for name in ("n_estimators", "min_samples_leaf", "max_samples", "max_features", "random_state")
            }
            | {"train_rows": len(parts.train), "calibration_rows": len(parts.calibration), "test_rows": len(parts.test)}
        )
        mlflow.log_metrics(trained.metrics | {"graph_difference": trained.agreement})
        mlflow.log_dict({"features": [feature_as_json(f) for f in trained.fitted.features]}, "features.json")
        for name, figure in plots(trained).items():
            mlflow.log_figure(figure, f"plots/{name}")
        return str(mlflow.active_run().info.run_id)


def _note(context: RunContext, trained: Trained, made: ModelMade, now: dt.datetime) -> None:
    """Append the figures to `gold/model_metrics`."""
    common = {
        "trained_at": now,
        "model": made.name,
        "version": made.version,
        "run_id": made.run_id,
        "is_promoted": made.is_promoted,
        "reason": made.reason,
    }
    rows = [_row(f.estimator, f.group, f.metric, f.value, f.lower, f.upper, f.rows) for f in trained.figures]
    rows += [
        _row("random_forest", "all", f"calibration_{number:02}", observed, answer, None, count)
        for number, (answer, observed, count) in enumerate(trained.curve, 1)
    ]
    context.lake.append_rows(models.MODEL_METRICS, [common | row for row in rows], f"{made.name}/{made.run_id}")


def _row(
    estimator: str, group: str, metric: str, value: float, lower: float | None, upper: float | None, rows: int
) -> dict[str, Any]:
    return {
        "estimator": estimator,
        "group": group,
        "metric": metric,
        "value": _decimal(value),
        "lower": None if lower is None else _decimal(lower),
        "upper": None if upper is None else _decimal(upper),
        "rows": rows,
    }


def _decimal(value: float) -> Decimal:
    return Decimal(f"{value:.4f}")
