"""Three pictures of a version, for its MLflow run: calibration, residuals, importance."""

from typing import Any

import numpy as np

from mediflow_assets.ml.training import Trained


def plots(trained: Trained) -> dict[str, Any]:
    """File name → matplotlib figure."""
    return {
        "calibration.png": _calibration(trained),
        "residuals.png": _residuals(trained),
        "importance.png": _importance(trained),
    }


def _figure(title: str, x: str, y: str) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.set(title=title, xlabel=x, ylabel=y)
    return figure, axes


def _calibration(trained: Trained) -> Any:
    figure, axes = _figure("Calibration on held-out rows", f"predicted [{trained.spec.unit}]", "observed")
    answers, targets = zip(*[(a, t) for a, t, _ in trained.curve], strict=True)
    axes.plot(answers, targets, "o-", label=trained.spec.name)
    axes.plot([min(answers), max(answers)], [min(answers), max(answers)], "--", color="grey", label="perfect")
    axes.legend()
    return figure


def _residuals(trained: Trained) -> Any:
    figure, axes = _figure("Residuals on held-out rows", "observed - predicted", "rows")
    residual = trained.parts.test.target - trained.answer
    low, high = np.quantile(residual, [0.01, 0.99])
    axes.hist(np.clip(residual, low, high), bins=60)
    return figure


def _importance(trained: Trained) -> Any:
    figure, axes = _figure("Share in the forest's splits", "share", "")
    pairs = list(trained.importance.items())[::-1]
    axes.barh([name for name, _ in pairs], [share for _, share in pairs])
    return figure
