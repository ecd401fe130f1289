"""`gold/risk_scores`: the encounters of the last 30 days, scored by the champions. No engine: a graph over arrays."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.contracts import gold, models
from mediflow_assets.contracts.inputs import COST_MODEL, MODELS, READMISSION_MODEL
from mediflow_assets.pipeline import change, checks
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.pipeline.step_result import StepResult
from mediflow_assets.scoring import Bundle, Predictions, load_champion, models_uri, read_champion
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.schemas import arrow_schema

RECENT_DAYS = 30
INPUTS = (gold.ADMISSION_FEATURES, gold.READMISSIONS)
NO_CHAMPION = "none: train with 'mediflow run --select models'"
_KEYS = ["encounter_key", "patient_key", "department", "admitted_at"]


def champions_of(lake: Lake) -> dict[str, str]:
    """Which version of each model answers; empty where none does. Raises BundleInvalid."""
    found = {name: read_champion(models_uri(lake.root), name) for name in MODELS}
    return {name: champion.bundle_sha256 for name, champion in found.items() if champion}


def champion(lake: Lake, name: str) -> Bundle | None:
    """A model's champion. Raises BundleInvalid."""
    return load_champion(models_uri(lake.root), name)


def recent_rows(lake: Lake, name: str) -> pa.Table:
    """What a model is asked about now: encounters begun in the last 30 days; stays that ended in them, whose outcome is
    not known yet."""
    from mediflow_assets.ml.reading import recent_encounters, stays_with_history

    if name == READMISSION_MODEL:
        return stays_with_history(lake, pc.field("excluded_because") == "no_follow_up")
    return recent_encounters(lake, RECENT_DAYS)


def predictions(bundle: Bundle, rows: pa.Table) -> Predictions:
    """A bundle's answers to rows of Gold."""
    from mediflow_assets.ml.reading import inputs_of
    from mediflow_assets.ml.training import columns_of

    return bundle.predict_columns(columns_of(bundle.features, inputs_of(rows, bundle.features)))


def scores(lake: Lake) -> pa.Table:
    """All rows of the table, one an encounter."""
    costs, risks = champion(lake, COST_MODEL), champion(lake, READMISSION_MODEL)
    parts = ([_costs(lake, costs)] if costs else []) + ([_risks(lake, risks)] if risks else [])
    schema = arrow_schema(models.RISK_SCORES)
    if not parts:
        return schema.empty_table()
    whole = parts[0] if len(parts) == 1 else _joined(*parts)
    for column in models.RISK_SCORES.column_names:
        if column not in whole:
            whole[column] = None
    return pa.Table.from_pandas(whole[list(models.RISK_SCORES.column_names)], schema, preserve_index=False, safe=False)


def _joined(costs: pd.DataFrame, risks: pd.DataFrame) -> pd.DataFrame:
    whole = costs.merge(risks, "outer", "encounter_key", suffixes=("", "_of_stay"))
    for name in _KEYS[1:]:
        # a stay may have begun before the last 30 days and ended in them
        whole[name] = whole[name].combine_first(whole.pop(f"{name}_of_stay"))
    return whole


def _costs(lake: Lake, bundle: Bundle) -> pd.DataFrame:
    rows = recent_rows(lake, COST_MODEL)
    found = predictions(bundle, rows)
    assert found.lower is not None and found.upper is not None
    amounts = {"predicted_cost_usd": found.values, "cost_lower_usd": found.lower, "cost_upper_usd": found.upper}
    return _keyed(rows).assign(
        **{name: _decimals(values, 12, 2) for name, values in amounts.items()},
        cost_model_version=bundle.version,
        cost_run_id=bundle.run_id,
    )


def _risks(lake: Lake, bundle: Bundle) -> pd.DataFrame:
    rows = recent_rows(lake, READMISSION_MODEL)
    risk = predictions(bundle, rows).values
    return _keyed(rows).assign(
        readmission_risk=_decimals(risk, 12, 4),
        readmission_status=[bundle.status(float(each)) for each in risk],
        readmission_model_version=bundle.version,
        readmission_run_id=bundle.run_id,
    )


def _keyed(rows: pa.Table) -> pd.DataFrame:
    return rows.select(_KEYS).to_pandas()


def _decimals(values: np.ndarray, digits: int, places: int) -> Any:
    return pa.array(np.round(values, places)).cast(pa.decimal128(digits, places)).to_pandas()


def make(context: RunContext) -> StepResult:
    """Score again unless neither the inputs nor the champions have changed; check it."""
    lake, contract = context.lake, models.RISK_SCORES
    change.require_key(lake, INPUTS, context.key.key_id)
    state = change.state_of(lake, INPUTS, context.key.key_id) | champions_of(lake)
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
