"""What the gateway was asked and what it answered, for drift to read: inputs of models, no identifier."""

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from mediflow_assets.identity.database import engine, locked, opened

_LOCK = 0x6D65646970
_metadata = sa.MetaData()
_predictions = sa.Table(
    "predictions",
    _metadata,
    sa.Column("number", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("at", sa.String(32), nullable=False, index=True),
    sa.Column("request_id", sa.String(64), nullable=False),
    sa.Column("model", sa.String(64), nullable=False),
    sa.Column("version", sa.String(32), nullable=False),
    sa.Column("inputs", sa.Text, nullable=False),
    sa.Column("answer", sa.Float, nullable=False),
)


@dataclass(frozen=True)
class Prediction:
    """One answer. `inputs` are the model's, as they were given; `answer` in USD, or a probability."""

    at: str
    request_id: str
    model: str
    version: str
    inputs: Mapping[str, Any]
    answer: float


def predictions(
    request_id: str, model: str, version: str, answered: Iterable[tuple[Mapping[str, Any], float]]
) -> list[Prediction]:
    """(inputs, answer) of one request, given now."""
    now = _instant(dt.datetime.now(dt.UTC))
    return [Prediction(now, request_id, model, version, inputs, answer) for inputs, answer in answered]


class PredictionLog:
    """The table of predictions in MediFlow's database."""

    def __init__(self, url: str) -> None:
        self._url = url

    def append(self, predictions: Sequence[Prediction]) -> None:
        """Keep them. Raises EngineFailed where the database cannot be written."""
        if predictions:
            with locked(self._engine, _LOCK) as connection:
                connection.execute(_predictions.insert(), [_row(each) for each in predictions])

    def since(self, model: str, version: str, moment: dt.datetime) -> list[tuple[dict[str, Any], float]]:
        """(inputs, answer) of one version of a model from a moment on, in the order they were given."""
        asked = sa.select(_predictions.c.inputs, _predictions.c.answer).where(
            _predictions.c.model == model, _predictions.c.version == version, _predictions.c.at >= _instant(moment)
        )
        with opened(self._engine) as connection:
            rows = connection.execute(asked.order_by(_predictions.c.number)).all()
        return [(json.loads(row.inputs), row.answer) for row in rows]

    def newest(self) -> int:
        """The number of the newest one; 0 where there is none."""
        with opened(self._engine) as connection:
            return int(connection.execute(sa.select(sa.func.max(_predictions.c.number))).scalar() or 0)

    def forget_before(self, moment: dt.datetime) -> int:
        """Remove what is older; returns how many."""
        with locked(self._engine, _LOCK) as connection:
            return connection.execute(_predictions.delete().where(_predictions.c.at < _instant(moment))).rowcount

    @cached_property
    def _engine(self) -> sa.Engine:
        return engine(self._url, _metadata, _LOCK)


def _row(each: Prediction) -> dict[str, Any]:
    given = {name: value for name, value in each.inputs.items() if value is not None}
    return vars(each) | {"inputs": json.dumps(given, sort_keys=True)}


def _instant(when: dt.datetime) -> str:
    return when.astimezone(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
