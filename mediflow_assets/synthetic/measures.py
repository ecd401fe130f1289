"""The best that any model can do: true probabilities and expectations against what happened."""

import numpy as np

from mediflow_assets.synthetic.hospital import Flags, Floats


def area_under_curve(probability: Floats, happened: Flags) -> float | None:
    """Share of pairs (one that happened, one that did not) that are in order; None without such a pair."""
    positive, negative = probability[happened], np.sort(probability[~happened])
    if not len(positive) or not len(negative):
        return None
    below = np.searchsorted(negative, positive, "left") + np.searchsorted(negative, positive, "right")
    return float(below.mean() / 2 / len(negative))


def explained_share(expected: Floats, actual: Floats) -> float | None:
    """R2, the share of the variance that is explained (at most 1); None where there is no variance."""
    total = float(((actual - actual.mean()) ** 2).sum()) if len(actual) else 0.0
    return 1 - float(((actual - expected) ** 2).sum()) / total if total else None
