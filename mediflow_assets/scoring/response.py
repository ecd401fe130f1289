"""From what a graph gives (log cost, a forest's share of votes) to what is answered: USD, or a probability."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Inputs = Mapping[str, Any] | Any
"""Columns by the names of inputs: encoded ones, or a frame."""
_EDGE = 1e-6


class Response(Protocol):
    """How a model's raw score becomes its answer; `inputs` are the columns of the rows that were scored."""

    def value(self, raw: Floats, inputs: Inputs) -> Floats:
        """The answers."""

    def interval(self, raw: Floats, inputs: Inputs) -> tuple[Floats, Floats] | None:
        """Lower and upper ends, or None where a model gives none."""

    def as_json(self) -> dict[str, Any]:
        """What `response_from` reads."""


@dataclass(frozen=True)
class Spread:
    """How costs lie around the model's own score, in log USD.

    Along the line `intercept + slope * score`: a forest pulls what is dear towards the mean. `smearing` (Duan 1983)
    undoes the log's bias: without it the mean comes out too low. `below` and `above` (split conformal) are the
    distances from the line within which the asked share of unseen rows lay.
    """

    smearing: float
    below: float
    above: float
    slope: float = 1.0
    intercept: float = 0.0


@dataclass(frozen=True)
class CostResponse:
    """Log cost → USD, by the spread of the row's own group; by that of all rows where the group had too few.

    Long stays scatter more than short visits: one factor for all made the former too low and the latter too high.
    """

    overall: Spread
    coverage: float
    by: str | None = None
    """The input whose words are the groups; None where there are none."""
    groups: Mapping[str, Spread] = field(default_factory=dict)

    def value(self, raw: Floats, inputs: Inputs) -> Floats:
        """Expected cost in USD."""
        return np.asarray(np.exp(self._line(raw, inputs)) * self._each("smearing", inputs))

    def interval(self, raw: Floats, inputs: Inputs) -> tuple[Floats, Floats]:
        """Within these ends the cost lies with probability `coverage`."""
        line = self._line(raw, inputs)
        return np.exp(line - self._each("below", inputs)), np.exp(line + self._each("above", inputs))

    def as_json(self) -> dict[str, Any]:
        """The figures, and what they are of."""
        groups = {word: asdict(spread) for word, spread in self.groups.items()}
        return {"kind": "log_cost", "coverage": self.coverage, "by": self.by, "groups": groups} | asdict(self.overall)

    def _line(self, raw: Floats, inputs: Inputs) -> Floats:
        return self._each("intercept", inputs) + self._each("slope", inputs) * raw

    def _each(self, name: str, inputs: Inputs) -> Floats:
        """One figure of each row's group."""
        if self.by is None:
            return np.asarray(getattr(self.overall, name), dtype=np.float64)
        known = {word: getattr(spread, name) for word, spread in self.groups.items()}
        other = getattr(self.overall, name)
        return np.array([known.get(word, other) for word in inputs[self.by]], dtype=np.float64)


@dataclass(frozen=True)
class PlainResponse:
    """The raw score is the answer."""

    def value(self, raw: Floats, inputs: Inputs) -> Floats:  # noqa: ARG002
        """As it is."""
        return raw

    def interval(self, raw: Floats, inputs: Inputs) -> None:  # noqa: ARG002
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

    def value(self, raw: Floats, inputs: Inputs) -> Floats:  # noqa: ARG002
        """Probability, 0 to 1."""
        return 1 / (1 + np.exp(-(self.slope * log_odds(raw) + self.intercept)))

    def interval(self, raw: Floats, inputs: Inputs) -> None:  # noqa: ARG002
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
        # a version of format 1 has one spread for all
        groups = {word: _spread(each) for word, each in given.get("groups", {}).items()}
        return CostResponse(_spread(given), float(given["coverage"]), given.get("by"), groups)
    if given["kind"] == "probability":
        return ProbabilityResponse(float(given["slope"]), float(given["intercept"]))
    if given["kind"] == "plain":
        return PlainResponse()
    raise ValueError("kind")


def _spread(given: Mapping[str, Any]) -> Spread:
    line = {name: float(given[name]) for name in ("slope", "intercept") if name in given}
    return Spread(*(float(given[name]) for name in ("smearing", "below", "above")), **line)
