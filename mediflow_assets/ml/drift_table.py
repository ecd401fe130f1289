"""`gold/drift`: how far the last 30 days are from what each champion was trained on."""

import datetime as dt
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.contracts import models
from mediflow_assets.contracts.model import RECENT_DAYS
from mediflow_assets.contracts.served import MODELS
from mediflow_assets.identity.prediction_log import PredictionLog
from mediflow_assets.ml import risk_scores
from mediflow_assets.pipeline.operational_tables import OperationalTable
from mediflow_assets.scoring import Bundle
from mediflow_assets.storage.delta import Lake

Row = dict[str, Any]
GATEWAY = "gateway/"
"""What an input begins with where the gateway was asked it."""
OUTCOME, CALIBRATION = "outcome", "calibration_error"
MOST_CALIBRATION_ERROR = 0.05


def drift_rows(lake: Lake, requests: PredictionLog | None = None) -> list[Row]:
    """One row an input of each champion; none where nothing was promoted, or too few encounters are recent."""
    bundles = [bundle for name in MODELS if (bundle := risk_scores.champion(lake, name))]
    return [
        row
        for bundle in bundles
        for row in (*_of_inputs(lake, bundle), *_of_outcomes(lake, bundle), *_of_requests(bundle, requests))
    ]


def asked_of(requests: PredictionLog | None) -> dict[str, str]:
    """How far the prediction log had come: drift is validated again when it went on."""
    return {"predictions": str(requests.newest())} if requests else {}


def _of_inputs(lake: Lake, bundle: Bundle) -> list[Row]:
    from mediflow_assets.ml.drift import FEWEST_ROWS, drift
    from mediflow_assets.ml.reading import inputs_of

    rows = risk_scores.recent_rows(lake, bundle.name)
    if len(rows) < FEWEST_ROWS:
        return []
    inputs, answers = inputs_of(rows, bundle.features), risk_scores.predictions(bundle, rows).values
    found = drift(bundle.features, bundle.distribution, inputs, answers)
    return [_row(bundle, each.input, each.measure, each.value, each.limit, len(rows)) for each in found]


def _of_requests(bundle: Bundle, requests: PredictionLog | None) -> list[Row]:
    """What the gateway was asked in the last 30 days, input by input, as far as enough requests gave it."""
    from mediflow_assets.ml.drift import ANSWER, FEWEST_ROWS, drift
    from mediflow_assets.ml.reading import asked_values

    since = dt.datetime.now(dt.UTC) - dt.timedelta(days=RECENT_DAYS)
    asked = requests.since(bundle.name, bundle.version, since) if requests else []
    answers = np.array([answer for _, answer in asked], dtype=np.float64)
    found = {}
    for feature in bundle.features:
        given = asked_values(feature, [inputs for inputs, _ in asked])
        if len(given) >= FEWEST_ROWS:
            for each in drift([feature], bundle.distribution, given, answers):
                found[each.input] = (each, len(asked) if each.input == ANSWER else len(given))
    return [
        _row(bundle, f"{GATEWAY}{name}", each.measure, each.value, each.limit, rows)
        for name, (each, rows) in found.items()
    ]


def _of_outcomes(lake: Lake, bundle: Bundle) -> list[Row]:
    """Calibration on rows whose outcome came after the champion was trained, where outcomes come late."""
    from mediflow_assets.ml.drift import FEWEST_ROWS
    from mediflow_assets.ml.measures import of_probability
    from mediflow_assets.ml.reading import read_examples
    from mediflow_assets.ml.specs import SPECS
    from mediflow_assets.ml.training import answers_of

    late = MODELS[bundle.name].late_label
    if late is None:
        return []
    known_until = dt.datetime.fromtimestamp((bundle.facts["known_until"] + 1) * 86_400, dt.UTC)
    since = pc.field(late.time) >= pa.scalar(known_until, pa.timestamp("us", "UTC"))
    later = read_examples(lake, SPECS[bundle.name], since)
    if len(later) < FEWEST_ROWS:
        return []
    error = of_probability(later.target, answers_of(bundle, later.inputs))[CALIBRATION]
    return [_row(bundle, OUTCOME, CALIBRATION, error, MOST_CALIBRATION_ERROR, len(later))]


def _row(bundle: Bundle, name: str, measure: str, value: float, limit: float, rows: int) -> Row:
    return {
        "model": bundle.name,
        "version": bundle.version,
        "input": name,
        "measure": measure,
        "value": Decimal(f"{value:.4f}"),
        "limit": Decimal(f"{limit:.4f}"),
        "has_drifted": value > limit,
        "rows": rows,
    }


_SCORED = tuple(dict.fromkeys(table for model in MODELS.values() for table in model.scored_from))
DRIFT = OperationalTable(
    models.DRIFT,
    _SCORED,
    lambda context: drift_rows(context.lake, context.requests),
    {"drifted": lambda row: row["has_drifted"]},
    beside=lambda context: risk_scores.champions_of(context.lake) | asked_of(context.requests),
    waits_for=(*_SCORED, models.RISK_SCORES),
)
