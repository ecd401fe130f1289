"""The gate: whether a new version becomes champion. Judged on the same held-out rows, patients resampled."""

from dataclasses import dataclass

import numpy as np

from mediflow_assets.ml.arrays import Floats
from mediflow_assets.ml.examples import Examples
from mediflow_assets.ml.measures import interval, ratio, resampled
from mediflow_assets.ml.spec import ModelSpec

LEAST_RATIO, MOST_RATIO = 0.9, 1.1
"""Predicted over actual, in all and in each class: beyond these a budget made of the answers would be wrong."""
FEWEST_JUDGED = 50


@dataclass(frozen=True)
class Decision:
    """Whether the version is promoted, and why."""

    is_promoted: bool
    reason: str
    is_provisional: bool = False
    """Promoted for want of a champion: better than its baselines on the held-out rows, but perhaps by chance."""


def decide(
    spec: ModelSpec, test: Examples, answer: Floats, baselines: dict[str, Floats], champion: Floats | None
) -> Decision:
    """Promoted if amounts add up to what came, it beats every baseline, and is not worse than the champion beyond noise
    (95 %, paired). A champion whose own amounts do not add up is no rival. Where there is no champion, to beat the
    baselines on the held-out rows is enough to be provisional: which patients these are is chance."""
    usual = ~test.is_unusual
    metric, rows = spec.measures.metric, test.take(usual)
    if wrong := misjudged(spec, rows, answer[usual]):
        return Decision(False, wrong)
    rival = None if champion is None or misjudged(spec, rows, champion[usual]) else champion
    names = list(baselines)
    rivals = [baselines[name][usual] for name in names] + ([] if rival is None else [rival[usual]])
    found = resampled(metric, rows.target, rows.patient, answer[usual], *rivals)
    gains = found[:, :1] - found[:, 1:]
    word = spec.headline.upper()
    weight, short = np.ones(len(rows)), ""
    for at, name in enumerate(names):
        low, high = interval(gains[:, at])
        if low > 0:
            continue
        text = f"the gain in {word} lies between {low:+.4f} and {high:+.4f}."
        gain = metric(rows.target, answer[usual], weight) - metric(rows.target, rivals[at], weight)
        if champion is not None or gain <= 0:
            return Decision(False, f"It does not beat the baseline '{name}': {text}")
        short = short or f"Provisional, for there was no champion: it beats '{name}' by {gain:.4f}, but {text}"
    if short:
        return Decision(True, short, is_provisional=True)
    if rival is None:
        why = "there was no champion" if champion is None else "the champion's amounts do not add up to what came"
        return Decision(True, f"It beats {' and '.join(names)}, and {why}.")
    low, high = interval(gains[:, -1])
    text = f"its gain in {word} over the champion lies between {low:+.4f} and {high:+.4f} on {len(rows)} rows."
    if high < 0:
        return Decision(False, f"It is worse than the champion: {text}")
    return Decision(True, f"It beats {' and '.join(names)} and is not worse than the champion: {text}")


def misjudged(spec: ModelSpec, rows: Examples, answer: Floats) -> str | None:
    """Where predicted over actual is off, in a sentence: the whole of its 95 % interval is beyond the limits, for all
    rows or those of a class. None where it holds, or where too few rows tell: chance refuses no version."""
    if spec.is_probability:
        return None
    words = rows.groups.get(spec.by or "", np.empty(0, object))
    parts = [(f"{spec.by} {word}", words == word) for word in sorted(set(words))]
    parts.append(("all rows", np.ones(len(rows), np.bool_)))
    for name, chosen in parts:
        if chosen.sum() < FEWEST_JUDGED:
            continue
        target, given = rows.target[chosen], answer[chosen]
        found = ratio(target, given, np.ones(len(target)))
        # where all cost the same, chance has no part in it
        sampled = resampled(ratio, target, rows.patient[chosen], given)[:, 0]
        low, high = interval(sampled) if len(sampled) else (found, found)
        if high < LEAST_RATIO or low > MOST_RATIO:
            return (
                f"Predicted over actual is {found:.2f} ({low:.2f} to {high:.2f}) for {name}, {len(target)} rows "
                f"held out, and has to be {LEAST_RATIO} to {MOST_RATIO}."
            )
    return None
