"""Scoring: the one implementation of loading a model and answering with it, for batch and gateway.

Needs numpy and onnxruntime; for a lake on `s3://` also pyarrow. No MLflow, scikit-learn, Spark or Dagster.

    champions = Champions(models_uri(lake_root))     # a folder or s3://bucket/…
    champions.refresh()                              # at start, and every few seconds: swaps in what was promoted
    bundle = champions.get("treatment-cost")         # None where no version was promoted yet

    bundle.features       what it takes: name, label, type, unit, description, allowed, minimum, maximum, optional
    bundle.predict(rows)  Predictions(values, lower, upper): arrays, one a row; lower and upper None for a probability
    bundle.explain(row)   Explanation(prediction, base, drivers): base + all contributions = prediction
    bundle.warnings(row)  input → what is not known of its word; bundle.outside(row): its number breaks the limits
    bundle.version, .run_id, .unit, .metrics, .cutoffs, .card, .reference, .distribution

`predict` takes None or an absent key for an optional input, and raises InputInvalid for a required one. A category not
seen in training counts as an average one (and `warnings` says so). `load_bundle(folder)` raises BundleInvalid unless
every SHA-256 agrees. Layout: `<lake>/models/<name>/<version>/{model.onnx, bundle.json, card.md, card.json}` and
`<lake>/models/<name>/champion.json`.
"""

from mediflow_assets.contracts.inputs import Feature, FeatureType
from mediflow_assets.scoring.bundle import Bundle, Explanation, Predictions, load_bundle
from mediflow_assets.scoring.champion import (
    Champion,
    Champions,
    load_champion,
    models_uri,
    point_to,
    read_champion,
    versions,
)
from mediflow_assets.scoring.drivers import Driver
from mediflow_assets.scoring.response import CostResponse, ProbabilityResponse
from mediflow_assets.scoring.writing import bundle_files, feature_as_json, write_bundle

__all__ = [
    "Bundle",
    "Champion",
    "Champions",
    "CostResponse",
    "Driver",
    "Explanation",
    "Feature",
    "FeatureType",
    "Predictions",
    "ProbabilityResponse",
    "bundle_files",
    "feature_as_json",
    "load_bundle",
    "load_champion",
    "models_uri",
    "point_to",
    "read_champion",
    "versions",
    "write_bundle",
]
