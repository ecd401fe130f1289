"""`gold/risk_scores`: the encounters of the last 30 days, scored by the champions. No engine: a graph over arrays."""

from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from mediflow_assets.contracts import models
from mediflow_assets.contracts.model import ModelContract, Probability
from mediflow_assets.contracts.served import MODELS
from mediflow_assets.pipeline import change, checks
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.pipeline.step_result import StepResult
from mediflow_assets.scoring import Bundle, Predictions, load_champion, models_uri, read_champion
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.schemas import arrow_schema

NO_CHAMPION = "none: train with 'mediflow run --select models'"
_KEYS = ["encounter_key", "patient_key", "department", "admitted_at", "admitted_on"]


def champions_of(lake: Lake) -> dict[str, str]:
    """Which version of each model answers; empty where none does. Raises BundleInvalid."""
    found = {name: read_champion(models_uri(lake.root), name) for name in MODELS}
    return {name: champion.bundle_sha256 for name, champion in found.items() if champion}


def champion(lake: Lake, name: str) -> Bundle | None:
    """A model's champion. Raises BundleInvalid."""
    return load_champion(models_uri(lake.root), name)


def recent_rows(lake: Lake, name: str) -> pa.Table:
    """What a model is asked about now, as its specification says."""
    from mediflow_assets.ml.specs import SPECS

    return SPECS[name].population.recent(lake)


def predictions(bundle: Bundle, rows: pa.Table) -> Predictions:
    """A bundle's answers to rows of Gold."""
    from mediflow_assets.ml.reading import inputs_of
    from mediflow_assets.ml.training import columns_of

    return bundle.predict_columns(columns_of(bundle.features, inputs_of(rows, bundle.features)))


def scores(lake: Lake) -> pa.Table:
    """All rows of the table, one an encounter."""
    champions = [(model, champion(lake, model.name)) for model in models.STORED]
    parts = [_scored(lake, model, bundle) for model, bundle in champions if bundle]
    schema = arrow_schema(models.RISK_SCORES)
    if not parts:
        return schema.empty_table()
    whole = reduce(_joined, parts)
    for column in models.RISK_SCORES.column_names:
        if column not in whole:
            whole[column] = None
    return pa.Table.from_pandas(whole[list(models.RISK_SCORES.column_names)], schema, preserve_index=False, safe=False)


def _joined(some: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    whole = some.merge(others, "outer", "encounter_key", suffixes=("", "_of_others"))
    for name in _KEYS[1:]:
        # a stay may have begun before the last 30 days and ended in them
        whole[name] = whole[name].combine_first(whole.pop(f"{name}_of_others"))
    return whole


def _scored(lake: Lake, model: ModelContract, bundle: Bundle) -> pd.DataFrame:
    """The rows that a model is asked about, with its answers."""
    rows = recent_rows(lake, model.name)
    said_by = dict(zip(model.version_columns, (bundle.version, bundle.run_id), strict=True))
    return rows.select(_KEYS).to_pandas().assign(**_answers(model, bundle, predictions(bundle, rows)), **said_by)


def _answers(model: ModelContract, bundle: Bundle, found: Predictions) -> dict[str, Any]:
    """Column → its values."""
    if isinstance(model.answer, Probability):
        value, status = model.answer.columns
        return {value: _decimals(found.values, 12, 4), status: [bundle.status(float(each)) for each in found.values]}
    assert found.lower is not None and found.upper is not None
    amounts = zip(model.answer.columns, (found.values, found.lower, found.upper), strict=True)
    return {name: _decimals(values, 12, 2) for name, values in amounts}


def _decimals(values: np.ndarray, digits: int, places: int) -> Any:
    return pa.array(np.round(values, places)).cast(pa.decimal128(digits, places)).to_pandas()


def make(context: RunContext) -> StepResult:
    """Score again unless neither the inputs nor the champions have changed; check it."""
    lake, contract = context.lake, models.RISK_SCORES
    change.require_key(lake, models.SCORED_FROM, context.key.key_id)
    state = change.state_of(lake, models.SCORED_FROM, context.key.key_id, __name__) | champions_of(lake)
    if change.is_unchanged(lake, contract, state):
        return StepResult(contract, lake.rows(contract), lake.version(contract), is_unchanged=True)
    with change.under_key(lake, contract, context.key.key_id):
        lake.overwrite(contract, scores(lake))
    results = checks.check_table(context, contract)
    checks.record(context, contract, results)
    figures = {f"champion: {name}": champion_said(lake, name) for name in MODELS}
    made = StepResult(contract, results[0].rows, results[0].version, checks=results, figures=figures)
    if not made.has_failed:
        lake.set_properties(contract, inputs=state)
    return made


def champion_said(lake: Lake, name: str) -> str:
    """The champion's version, or the sentence that says how to get one."""
    found = read_champion(models_uri(lake.root), name)
    return found.version if found else NO_CHAMPION
