"""Why a prediction is what it is: sampled Shapley values against the reference row, in one batch of the graph.

The game: a coalition of features has the row's values, the others the reference row's; its worth is the model's answer.
For each ordering of the features they are switched one after another, so that the contributions of an ordering add up
to prediction minus reference exactly; orderings come in pairs, one the reverse of the other, which halves the noise.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

MOST_ROWS = 256
_SEED = 20_240_701

Worth = Callable[[npt.NDArray[np.bool_]], npt.NDArray[np.float64]]
"""Coalitions, one a row (True: the row's own value) → the model's answers."""


@dataclass(frozen=True)
class Driver:
    """How far one input moved a prediction away from the reference row's, in the prediction's unit."""

    feature: str
    label: str
    value: object
    contribution: float


def shapley(worth: Worth, differs: npt.NDArray[np.bool_], most_rows: int = MOST_ROWS) -> npt.NDArray[np.float64]:
    """The contribution of each feature; zero for one whose value is the reference's own.

    With few features that differ all coalitions fit into the batch, and the values are exact.
    """
    players = np.flatnonzero(differs)
    found = np.zeros(len(differs))
    if not len(players):
        return found
    if 2 ** len(players) <= most_rows:
        found[players] = _exact(worth, players, len(differs))
    else:
        found[players] = _sampled(worth, players, len(differs), most_rows)
    return found


def _exact(worth: Worth, players: npt.NDArray[np.intp], width: int) -> npt.NDArray[np.float64]:
    count = len(players)
    bits = (np.arange(2**count)[:, None] >> np.arange(count)) & 1
    coalitions = np.zeros((2**count, width), dtype=bool)
    coalitions[:, players] = bits.astype(bool)
    value, size = worth(coalitions), bits.sum(axis=1)
    factorial = np.cumprod([1.0, *range(1, count + 1)])
    weight = factorial[size] * factorial[np.maximum(count - size - 1, 0)] / factorial[count]
    found = np.empty(count)
    for player in range(count):
        without = np.flatnonzero(bits[:, player] == 0)
        found[player] = np.sum(weight[without] * (value[without | (1 << player)] - value[without]))
    return found


def _sampled(worth: Worth, players: npt.NDArray[np.intp], width: int, most_rows: int) -> npt.NDArray[np.float64]:
    count = len(players)
    pairs = max(1, (most_rows - 2) // (2 * (count - 1)))
    orders = _orders(count, pairs)
    # the empty and the full coalition stand once, the prefixes between them once an ordering
    coalitions = np.zeros((2 + len(orders) * (count - 1), width), dtype=bool)
    coalitions[1, players] = True
    place = np.empty_like(orders)
    np.put_along_axis(place, orders, np.broadcast_to(np.arange(count), orders.shape), axis=1)
    prefixes = place[:, None, :] < np.arange(1, count)[None, :, None]
    coalitions[2:, players] = prefixes.reshape(-1, count)
    value = worth(coalitions)
    along = np.empty((len(orders), count + 1))
    along[:, 0], along[:, -1] = value[0], value[1]
    along[:, 1:-1] = value[2:].reshape(len(orders), count - 1)
    gains = np.diff(along, axis=1)
    return np.asarray(np.take_along_axis(gains, place, axis=1).mean(axis=0))


def _orders(count: int, pairs: int) -> npt.NDArray[np.intp]:
    """The same orderings for the same number of features: an explanation does not change from call to call."""
    rng = np.random.default_rng((_SEED, count))
    forward = np.argsort(rng.random((pairs, count)), axis=1)
    return np.concatenate([forward, forward[:, ::-1]])
