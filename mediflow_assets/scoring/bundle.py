"""A served model: its graph, its inputs, its answers with interval, warnings and drivers."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from mediflow_assets.contracts.inputs import CLASS, Feature, FeatureType
from mediflow_assets.errors import BundleInvalid
from mediflow_assets.scoring import files
from mediflow_assets.scoring.drivers import Driver, shapley
from mediflow_assets.scoring.encoding import Columns, Row, encode_rows
from mediflow_assets.scoring.response import Floats, Response, response_from

FORMAT, READ = 2, (1, 2)
"""What is written, and what is read: a version of format 1 has one spread of costs for all classes."""
_UNLEARNED = "-"
GRAPH, FACTS, CARD, CARD_JSON = "model.onnx", "bundle.json", "card.md", "card.json"


@dataclass(frozen=True)
class Predictions:
    """One answer a row: USD or probability; the ends of its interval where the model gives one."""

    values: Floats
    lower: Floats | None = None
    upper: Floats | None = None

    def __len__(self) -> int:
        return len(self.values)


@dataclass(frozen=True)
class Explanation:
    """`base` (the reference row's answer) plus all contributions is `prediction`, to 1e-6 of it. Largest first."""

    prediction: float
    base: float
    drivers: tuple[Driver, ...]


@dataclass(frozen=True)
class Bundle:
    """One version of one model, ready to answer. Safe to share between threads."""

    name: str
    version: str
    features: tuple[Feature, ...]
    response: Response
    reference: Mapping[str, object]
    facts: Mapping[str, Any] = field(repr=False)
    card: str = field(repr=False)
    graph: Any = field(repr=False)

    @property
    def unit(self) -> str:
        """`USD` or `probability`."""
        return str(self.facts["unit"])

    @property
    def run_id(self) -> str:
        """The MLflow run that made it."""
        return str(self.facts["run_id"])

    @property
    def metrics(self) -> Mapping[str, float]:
        """Its figures on held-out rows."""
        return dict(self.facts["metrics"])

    @property
    def cutoffs(self) -> Mapping[str, float]:
        """Named limits of its answer, e.g. `high`: the riskiest tenth of unseen rows began there."""
        return dict(self.facts["cutoffs"])

    @property
    def distribution(self) -> Mapping[str, Any]:
        """What inputs and answers looked like in training, for drift."""
        return dict(self.facts["distribution"])

    @property
    def is_provisional(self) -> bool:
        """Whether it answers for want of a better one: it beat its baselines, but perhaps by chance."""
        return bool(self.facts.get("is_provisional"))

    def status(self, risk: float) -> Literal["Low", "Moderate", "High"]:
        """Low, Moderate or High, by the cut-offs."""
        if risk >= self.cutoffs["high"]:
            return "High"
        return "Moderate" if risk >= self.cutoffs["moderate"] else "Low"

    def predict(self, rows: Sequence[Row]) -> Predictions:
        """Answers for rows of plain values. Raises InputInvalid, naming the input that is missing or mistyped."""
        return self.predict_columns(encode_rows(self.features, rows))

    def predict_columns(self, columns: Columns) -> Predictions:
        """As `predict`, from encoded columns."""
        raw = self.raw(columns)
        ends = self.response.interval(raw, columns)
        return Predictions(self.response.value(raw, columns), *(ends or ()))

    def raw(self, columns: Columns) -> Floats:
        """What the graph itself gives."""
        feed = {feature.name: columns[feature.name].reshape(-1, 1) for feature in self.features}
        if not len(feed[self.features[0].name]):
            return np.empty(0)
        scores = np.asarray(self.graph.run([self.graph.get_outputs()[-1].name], feed)[0], dtype=np.float64)
        return scores[:, -1]

    def explain(self, row: Row, most: int | None = None) -> Explanation:
        """The prediction and what drove it, the largest `most` drivers. Raises InputInvalid."""
        both = encode_rows(self.features, [row, self.reference])
        differs = np.array([not _same(*both[f.name]) for f in self.features])

        def worth(coalitions: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
            chosen = coalitions.astype(np.intp)
            columns = {f.name: both[f.name][1 - chosen[:, at]] for at, f in enumerate(self.features)}
            return self.response.value(self.raw(columns), columns)

        found = shapley(worth, differs)
        base, prediction = worth(np.array([np.zeros(len(differs), bool), np.ones(len(differs), bool)]))
        drivers = [
            Driver(f.name, f.label, row.get(f.name), float(c))
            for f, c, moved in zip(self.features, found, differs, strict=True)
            if moved
        ]
        drivers.sort(key=lambda driver: -abs(driver.contribution))
        return Explanation(float(prediction), float(base), tuple(drivers[:most]))

    def warnings(self, row: Row) -> dict[str, str]:
        """Input → what the model has not seen of it in training; never its value."""
        learned, told = self._learned, "not seen in training; taken as an average one"
        return {
            name: told
            for name, value in row.items()
            if name in learned and value is not None and value not in learned[name]
        }

    def outside(self, row: Row) -> dict[str, str]:
        """Input → the limits that its number does not keep; never its value."""
        limits = self._limits
        return {
            name: "has to be {:g} to {:g}".format(*limits[name])
            for name, value in row.items()
            if name in limits and isinstance(value, (int, float)) and not limits[name][0] <= value <= limits[name][1]
        }

    @cached_property
    def taken(self) -> frozenset[str]:
        """The names of its inputs; a chapter follows from the code."""
        return frozenset(feature.name for feature in self.features)

    @cached_property
    def required(self) -> tuple[str, ...]:
        """The names of the inputs without which it does not answer."""
        return tuple(feature.name for feature in self.features if not feature.optional)

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of encounter that it has learned."""
        return self.words(CLASS)

    def words(self, name: str) -> tuple[str, ...]:
        """The words of an input that it has learned; none where it does not take that input."""
        return next((feature.allowed for feature in self.features if feature.name == name), ())

    @cached_property
    def _limits(self) -> Mapping[str, tuple[float, float]]:
        return {
            f.name: (f.minimum, f.maximum) for f in self.features if f.minimum is not None and f.maximum is not None
        }

    @cached_property
    def _learned(self) -> Mapping[str, frozenset[str]]:
        return {feature.name: frozenset(feature.allowed) for feature in self.features if feature.is_category}


def _same(one: object, other: object) -> bool:
    return one == other or (one != one and other != other)


def load_bundle(uri: str, facts_sha256: str | None = None) -> Bundle:
    """The version in a folder (a path or an `s3://` URI). Raises BundleInvalid where a file is absent or changed."""
    where = "/".join(uri.rstrip("/").split("/")[-2:])
    try:
        facts_bytes = files.read(files.join(uri, FACTS))
        if facts_sha256 and hashlib.sha256(facts_bytes).hexdigest() != facts_sha256:
            raise BundleInvalid(f"{where}: {FACTS} is not the one that was promoted. Promote the version again.")
        facts = json.loads(facts_bytes)
        if facts["format"] not in READ:
            raise BundleInvalid(f"{where}: written in format {facts['format']}; this MediFlow reads up to {FORMAT}.")
        contents = {name: files.read(files.join(uri, name)) for name in facts["sha256"]}
        for name, digest in facts["sha256"].items():
            if hashlib.sha256(contents[name]).hexdigest() != digest:
                raise BundleInvalid(f"{where}: {name} was changed after it was written. Restore it, or roll back.")
        return _tried(_bundle(facts, contents))
    except BundleInvalid:
        raise
    except Exception as error:
        # whatever a damaged file makes the libraries raise: the version before has to go on answering
        raise BundleInvalid(f"{where}: cannot be loaded ({type(error).__name__}). Restore it, or roll back.") from None


def _bundle(facts: Mapping[str, Any], contents: Mapping[str, bytes]) -> Bundle:
    features = tuple(feature_from(each) for each in facts["features"])
    graph = open_graph(contents[GRAPH], facts["name"])
    if {each.name for each in graph.get_inputs()} != {feature.name for feature in features}:
        raise BundleInvalid(f"{facts['name']}: the graph takes other inputs than bundle.json lists. Train it again.")
    response, card = response_from(facts["response"]), contents[CARD].decode()
    return Bundle(facts["name"], str(facts["version"]), features, response, facts["reference"], facts, card, graph)


def _tried(bundle: Bundle) -> Bundle:
    """The bundle, once it has answered for its reference row, in each class: whole files may still not fit together."""
    words = (*bundle.classes, _UNLEARNED) if bundle.classes else ()
    rows = [bundle.reference, *(dict(bundle.reference) | {CLASS: word} for word in words)]
    found = bundle.predict(rows)
    ends = (found.values, *(() if found.lower is None or found.upper is None else (found.lower, found.upper)))
    if not all(len(each) == len(rows) and np.isfinite(each).all() for each in ends):
        raise BundleInvalid(f"{bundle.name}: it does not answer for its own reference row. Train it again.")
    return bundle


def open_graph(content: bytes, name: str) -> Any:
    """A graph, ready to run. Raises BundleInvalid."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # one request is one thread: the gateway answers several at once
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise BundleInvalid(f"{name}: the graph cannot be loaded ({type(error).__name__}).") from None


def feature_from(given: Mapping[str, Any]) -> Feature:
    """A feature as bundle.json has it."""
    named = dict(given)
    return Feature(**named | {"type": FeatureType(named["type"]), "allowed": tuple(named["allowed"])})
