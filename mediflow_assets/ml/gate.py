"""The gate: whether a new version becomes champion. Judged on the same held-out rows, patients resampled."""

from dataclasses import dataclass

from mediflow_assets.ml.examples import Examples
from mediflow_assets.ml.measures import auc, interval, r2, resampled
from mediflow_assets.ml.tasks import Floats, Task


@dataclass(frozen=True)
class Decision:
    """Whether the version is promoted, and why."""

    is_promoted: bool
    reason: str


def decide(task: Task, test: Examples, answer: Floats, baselines: dict[str, Floats],
           champion: Floats | None) -> Decision:  # fmt: skip
    """Promoted if it beats every baseline, and is not worse than the champion beyond noise (95 %, paired)."""
    usual = ~test.is_unusual
    metric, rows = (auc if task.is_probability else r2), test.take(usual)
    names = list(baselines)
    rivals = [baselines[name][usual] for name in names] + ([] if champion is None else [champion[usual]])
    found = resampled(metric, rows.target, rows.patient, answer[usual], *rivals)
    gains = found[:, :1] - found[:, 1:]
    word = task.headline.upper()
    for at, name in enumerate(names):
        low, high = interval(gains[:, at])
        if low <= 0:
            text = f"the gain in {word} lies between {low:+.4f} and {high:+.4f}."
            return Decision(False, f"It does not beat the baseline '{name}': {text}")
    if champion is None:
        return Decision(True, f"It beats {' and '.join(names)}, and there was no champion.")
    low, high = interval(gains[:, -1])
    text = f"its gain in {word} over the champion lies between {low:+.4f} and {high:+.4f} on {len(rows)} rows."
    if high < 0:
        return Decision(False, f"It is worse than the champion: {text}")
    return Decision(True, f"It beats {' and '.join(names)} and is not worse than the champion: {text}")
