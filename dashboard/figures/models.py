"""Models: each version's figures next to its baselines, calibration, groups, drift. From operational tables."""

import polars as pl

from dashboard.cells import to_nearest
from dashboard.figures.once import once
from dashboard.lake import Snapshot
from mediflow_assets.contracts.suppression import K

SERVED = "random_forest"
_NOT_CHAMPION = pl.col("role") != "champion"
_FLOATS = pl.col("value", "lower", "upper").cast(pl.Float64)


@once()
def metrics(model_metrics: Snapshot) -> pl.DataFrame:
    """Every figure of every version, numbers as floats."""
    names = (
        "trained_at",
        "model",
        "version",
        "estimator",
        "group",
        "metric",
        "value",
        "lower",
        "upper",
        "rows",
        "is_promoted",
        "reason",
    )
    return model_metrics.collect(model_metrics.scan(*names).with_columns(_FLOATS))


def versions(figures: pl.DataFrame, model: str, answering: str | None = None) -> pl.DataFrame:
    """version, role, trained_at, reason: champion is what answers at the gateway, or else the newest that the gate let
    through; challenger is what was trained after it."""
    found = figures.filter(pl.col("model") == model).unique("version").sort("trained_at")
    promoted = found.filter("is_promoted")["version"].to_list()
    champion = answering if answering in found["version"] else promoted[-1] if promoted else None
    at = found.filter(pl.col("version") == champion)["trained_at"].to_list()
    role = pl.when(pl.col("version") == champion).then(pl.lit("champion"))
    if at:
        role = role.when(pl.col("trained_at") > at[0]).then(pl.lit("challenger"))
    roles = found.with_columns(role=role.otherwise(pl.lit("earlier" if at else "challenger")))
    return roles.select("version", "role", "trained_at", "reason").sort("trained_at", descending=True)


def roles(versions: pl.DataFrame) -> dict[str, str]:
    """Version → champion or challenger, the champion first; of several challengers the newest."""
    named = versions.filter(pl.col("role") != "earlier").sort(_NOT_CHAMPION, "trained_at", descending=[False, True])
    newest = named.unique("role", keep="first", maintain_order=True)
    return dict(zip(newest["version"], newest["role"], strict=True))


def beside_baselines(figures: pl.DataFrame, model: str, roles: dict[str, str]) -> pl.DataFrame:
    """metric, rows, then champion and challenger, then each baseline on the same held-out rows of everyone."""
    kept = _of(figures, model, roles).filter(
        (pl.col("group") == "all") & ~pl.col("metric").str.contains(r"^calibration_\d\d$")
    )
    served = pl.format("{} (version {})", "role", "version")
    kept = kept.with_columns(_who=pl.when(pl.col("estimator") == SERVED).then(served).otherwise("estimator"))
    if kept.is_empty():
        return pl.DataFrame()
    # a baseline is validated again with each version: the one beside the champion counts
    kept = kept.sort(_NOT_CHAMPION).unique(["metric", "_who"], keep="first", maintain_order=True)
    rows = kept.group_by("metric").agg(to_nearest("rows")[0].max())
    wide = kept.sort("metric").pivot("_who", index="metric", values="value").join(rows, on="metric")
    first = [f"{role} (version {version})" for version, role in roles.items()]
    others = sorted(name for name in wide.columns if name not in ("metric", "rows", *first))
    return wide.select("metric", *(name for name in first if name in wide.columns), *others, "rows").sort("metric")


def calibration(figures: pl.DataFrame, model: str, roles: dict[str, str]) -> pl.DataFrame:
    """role, bin, predicted, observed, rows: mean answer and what was observed in each tenth of held-out rows."""
    kept = _of(figures, model, roles).filter(
        (pl.col("group") == "all")
        & (pl.col("estimator") == SERVED)
        & pl.col("metric").str.contains(r"^calibration_\d\d$")
        & (pl.col("rows") >= K)
    )
    bins = kept.with_columns(*to_nearest("rows"), bin=pl.col("metric").str.slice(-2).cast(pl.Int64))
    return bins.select("role", "bin", predicted="lower", observed="value", rows="rows").sort(_NOT_CHAMPION, "bin")


def groups(figures: pl.DataFrame, model: str, roles: dict[str, str]) -> pl.DataFrame:
    """group, metric, role, value, lower, upper, rows: the served model by age, gender and department."""
    kept = (
        _of(figures, model, roles)
        .filter((pl.col("estimator") == SERVED) & pl.col("group").str.contains("="))
        .with_columns(to_nearest("rows"))
    )
    names = ("group", "metric", "role", "value", "lower", "upper", "rows")
    return kept.select(names).sort("metric", "group", _NOT_CHAMPION)


def _of(figures: pl.DataFrame, model: str, roles: dict[str, str]) -> pl.DataFrame:
    """A model's figures of the versions that have a role."""
    known = pl.DataFrame({"version": [*roles], "role": [*roles.values()]}, {"version": pl.String, "role": pl.String})
    return figures.filter(pl.col("model") == model).join(known, on="version", how="inner", maintain_order="left")


@once()
def drift(table: Snapshot) -> pl.DataFrame:
    """model, version, input, measure, value, limit, has_drifted, rows."""
    names = ("model", "version", "input", "measure", "value", "limit", "has_drifted", "rows")
    found = table.collect(table.scan(*names))
    return found.with_columns(pl.col("value", "limit").cast(pl.Float64), *to_nearest("rows")).sort(
        "has_drifted", "model", descending=True
    )
