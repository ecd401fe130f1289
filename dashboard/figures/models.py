"""Models: each version's figures beside its baselines, calibration, groups, drift. From the house's own tables."""

from functools import lru_cache

import polars as pl

from dashboard.lake import Snapshot

SERVED = "random_forest"
_FLOATS = pl.col("value", "lower", "upper").cast(pl.Float64)


@lru_cache(maxsize=4)
def metrics(model_metrics: Snapshot) -> pl.DataFrame:
    """Every figure of every version, numbers as floats."""
    names = ("trained_at", "model", "version", "estimator", "group", "metric", "value", "lower", "upper", "rows",
             "is_promoted", "reason")  # fmt: skip
    return model_metrics.collect(model_metrics.scan(*names).with_columns(_FLOATS))


def versions(figures: pl.DataFrame, model: str) -> pl.DataFrame:
    """version, role, trained_at, reason: the newest promoted is champion, what was trained after it challenger."""
    found = figures.filter(pl.col("model") == model).unique("version").sort("trained_at")
    promoted = found.filter("is_promoted")["version"].to_list()
    champion = promoted[-1] if promoted else None
    at = found.filter(pl.col("version") == champion)["trained_at"].to_list()
    role = pl.when(pl.col("version") == champion).then(pl.lit("champion"))
    if at:
        role = role.when(pl.col("trained_at") > at[0]).then(pl.lit("challenger"))
    roles = found.with_columns(role=role.otherwise(pl.lit("earlier" if at else "challenger")))
    return roles.select("version", "role", "trained_at", "reason").sort("trained_at", descending=True)


def beside_baselines(figures: pl.DataFrame, model: str, version: str) -> pl.DataFrame:
    """metric, then one column for each estimator, the served one first; held-out rows of everyone."""
    kept = figures.filter(
        (pl.col("model") == model) & (pl.col("version") == version) & (pl.col("group") == "all")
        & ~pl.col("metric").str.starts_with("calibration_0") & (pl.col("metric") != "calibration_10")
    )  # fmt: skip
    if kept.is_empty():
        return pl.DataFrame()
    wide = kept.sort("metric").pivot("estimator", index="metric", values="value")
    others = sorted(name for name in wide.columns if name not in ("metric", SERVED))
    return wide.select("metric", *([SERVED] if SERVED in wide.columns else []), *others)


def calibration(figures: pl.DataFrame, model: str, version: str) -> pl.DataFrame:
    """bin, predicted, observed, rows: mean answer and what was observed in each tenth of held-out rows."""
    kept = figures.filter(
        (pl.col("model") == model) & (pl.col("version") == version) & (pl.col("group") == "all")
        & (pl.col("estimator") == SERVED) & pl.col("metric").str.contains(r"^calibration_\d\d$")
    )  # fmt: skip
    bins = kept.with_columns(bin=pl.col("metric").str.slice(-2).cast(pl.Int64))
    return bins.select("bin", predicted="lower", observed="value", rows="rows").sort("bin")


def groups(figures: pl.DataFrame, model: str, version: str) -> pl.DataFrame:
    """group, metric, value, lower, upper, rows: the served model by age, gender and department."""
    kept = figures.filter(
        (pl.col("model") == model) & (pl.col("version") == version) & (pl.col("estimator") == SERVED)
        & pl.col("group").str.contains("=")
    )  # fmt: skip
    return kept.select("group", "metric", "value", "lower", "upper", "rows").sort("metric", "group")


@lru_cache(maxsize=4)
def drift(table: Snapshot) -> pl.DataFrame:
    """model, version, input, measure, value, limit, has_drifted, rows."""
    names = ("model", "version", "input", "measure", "value", "limit", "has_drifted", "rows")
    found = table.collect(table.scan(*names))
    return found.with_columns(pl.col("value", "limit").cast(pl.Float64)).sort("has_drifted", "model", descending=True)
