"""From what a graph gives (log cost, a forest's share of votes) to what is answered: USD, or a probability."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_EDGE = 1e-6


class Response(Protocol):
    """How a model's raw score becomes its answer."""

    def value(self, raw: Floats) -> Floats:
        """The answers."""

    def interval(self, raw: Floats) -> tuple[Floats, Floats] | None:
        """Lower and upper ends, or None where a model gives none."""

    def as_json(self) -> dict[str, Any]:
        """What `response_from` reads."""


@dataclass(frozen=True)
class CostResponse:
    """Log cost → USD. `smearing` (Duan 1983) undoes the log's bias: without it the mean comes out too low.

    The interval is split conformal: `below` and `above` are the distances, in log USD, within which `coverage` of the
    residuals of unseen rows lay.
    """

    smearing: float
    below: float
    above: float
    coverage: float

    def value(self, raw: Floats) -> Floats:
        """Expected cost in USD."""
        return np.exp(raw) * self.smearing

    def interval(self, raw: Floats) -> tuple[Floats, Floats]:
        """Within these ends the cost lies with probability `coverage`."""
        return np.exp(raw - self.below), np.exp(raw + self.above)

    def as_json(self) -> dict[str, Any]:
        """The figures, and what they are of."""
        return {"kind": "log_cost"} | asdict(self)


@dataclass(frozen=True)
class PlainResponse:
    """The raw score is the answer."""

    def value(self, raw: Floats) -> Floats:
        """As it is."""
        return raw

    def interval(self, raw: Floats) -> None:
        """None was made."""
        return None

    def as_json(self) -> dict[str, Any]:
        """Its kind."""
        return {"kind": "plain"}


@dataclass(frozen=True)
class ProbabilityResponse:
    """A forest's votes → a calibrated probability (Platt 1999): logistic in the log-odds, fitted on unseen rows."""

    slope: float
    intercept: float

    def value(self, raw: Floats) -> Floats:
        """Probability, 0 to 1."""
        return 1 / (1 + np.exp(-(self.slope * log_odds(raw) + self.intercept)))

    def interval(self, raw: Floats) -> None:
        """A probability has none."""
        return None

    def as_json(self) -> dict[str, Any]:
        """The figures, and what they are of."""
        return {"kind": "probability"} | asdict(self)


def log_odds(raw: Floats) -> Floats:
    """ln(p / (1 - p)), the ends held off infinity."""
    kept = np.clip(raw, _EDGE, 1 - _EDGE)
    return np.log(kept) - np.log1p(-kept)


def response_from(given: Mapping[str, Any]) -> Response:
    """A response as `as_json` wrote it. Raises KeyError or ValueError where it is no such thing."""
    if given["kind"] == "log_cost":
        names = ("smearing", "below", "above", "coverage")
        return CostResponse(*(float(given[name]) for name in names))
    if given["kind"] == "probability":
        return ProbabilityResponse(float(given["slope"]), float(given["intercept"]))
    if given["kind"] == "plain":
        return PlainResponse()
    raise ValueError("kind")
