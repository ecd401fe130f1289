"""A CSV of patients on its way to the gateway: what it may hold, and what is wrong with it, without its values."""

import io
from collections.abc import Iterator
from typing import Any

import polars as pl

from mediflow_assets.contracts.inputs import Feature, FeatureType
from mediflow_assets.contracts.model import Amount, ModelContract
from mediflow_assets.contracts.served import MODELS

NEEDED = ("age", "gender", "department", "diagnosis_code")
MOST_ROWS = 100_000
MOST_ROWS_ONE_BY_ONE = 1_000
CHUNK = 1_000
_KINDS = {FeatureType.INTEGER: pl.Int64, FeatureType.NUMBER: pl.Float64, FeatureType.CATEGORY: pl.String}


class UploadRefused(Exception):
    """The file cannot be scored; the text says why and what to do, and holds no value of it."""


def fields() -> dict[str, Feature]:
    """What the gateway may be sent for a patient → the input it becomes."""
    return {field: feature for model in MODELS.values() for field, feature in model.fields.items()}


def patients(content: bytes, most: int = MOST_ROWS) -> pl.DataFrame:
    """The rows to be scored, typed. Raises UploadRefused."""
    try:
        content.decode()
        read = pl.read_csv(io.BytesIO(content), infer_schema=False, n_rows=most + 1)
    except (pl.exceptions.PolarsError, UnicodeDecodeError, OSError):
        raise UploadRefused(
            "The file is not a CSV in UTF-8 with a header. Save it as CSV and upload it again."
        ) from None
    missing = [name for name in NEEDED if name not in read.columns]
    if missing:
        raise UploadRefused(f"The columns {', '.join(missing)} are missing. Needed are {', '.join(NEEDED)}.")
    if read.is_empty():
        raise UploadRefused("The file has a header and no rows.")
    if read.height > most:
        raise UploadRefused(f"The file has more than {most:,} rows. Split it.")
    inputs = fields()
    known = read.select(name for name in read.columns if name in inputs)
    typed = known.with_columns(
        pl.col(name).str.strip_chars().cast(_KINDS[inputs[name].type], strict=False) for name in known.columns
    )
    broken = [
        name for name in known.columns if typed[name].null_count() > (0 if name in NEEDED else known[name].null_count())
    ]
    if broken:
        raise UploadRefused(
            f"Some values of {', '.join(broken)} are empty or not numbers. Correct them and upload again."
        )
    return typed


def chunks(frame: pl.DataFrame, size: int = CHUNK) -> Iterator[list[dict[str, Any]]]:
    """The rows as the gateway takes them, empty fields left out, so many at a time."""
    for part in frame.iter_slices(size):
        yield [{name: value for name, value in row.items() if value is not None} for row in part.to_dicts()]


def answers(model: ModelContract, predictions: list[dict[str, Any]]) -> pl.DataFrame:
    """The gateway's answers as columns, in their order."""
    answer = model.answer
    if not isinstance(answer, Amount):
        return pl.DataFrame({name: [each[name] for each in predictions] for name in (answer.field, "status")})
    value, lower, upper = answer.columns
    return pl.DataFrame(
        {
            value: [each[answer.field] for each in predictions],
            lower: [each["interval"]["lower"] for each in predictions],
            upper: [each["interval"]["upper"] for each in predictions],
        }
    )
