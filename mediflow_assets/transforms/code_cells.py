"""Cells of flat admissions with several diagnosis codes → a condition for each."""

from collections.abc import Iterator

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts.code_cells import codes_in
from mediflow_assets.contracts.diagnosis_codes import canonical_code
from mediflow_assets.transforms import diagnoses, encounters
from mediflow_assets.transforms.feeds import FeedReader
from mediflow_assets.transforms.patients import PROVENANCE
from mediflow_assets.transforms.validation import AWAITS, PLACE_IN_CELL, UNREADABLE

_OF_ENCOUNTER = ("id_namespace", "encounter_id", "patient_id", "source_system", "is_shifted")
_VERSION = ("updated_at", "claimed_at", "version_number")
_CELL = "diagnosis_code"


def conditions_of(bronze: DataFrame, feeds: FeedReader) -> DataFrame:
    """The conditions of records whose cell holds several codes, each with its place there."""
    stays = encounters.from_admissions(bronze, feeds)
    kept = stays.select(_CELL, *_OF_ENCOUNTER, *_VERSION, diagnoses.NAMED, *PROVENANCE)
    schema = ", ".join(f"{field.name} {field.dataType.simpleString()}" for field in kept.schema)
    rows = kept.mapInArrow(_each_code, f"{schema}, {PLACE_IN_CELL} int")
    found: dict[str, Column] = {
        "condition_id": F.lit(None).cast("string"),
        "code": F.col(_CELL),
        "system": diagnoses.form(F.col(_CELL)),
        "diagnosis_rank": F.col(PLACE_IN_CELL),
        "text": F.lit(None).cast("string"),
        "onset_date": F.lit(None).cast("date"),
        "onset_precision": F.lit(None).cast("string"),
        "onset_age": F.lit(None).cast("int"),
        "resolved_date": F.lit(None).cast("date"),
        "resolved_precision": F.lit(None).cast("string"),
        "is_end": F.lit(False),
        "cleared": F.lit(None).cast("string"),
        AWAITS: F.lit(True),
        UNREADABLE: F.array().cast("array<string>"),
    }
    named = (column.alias(name) for name, column in found.items())
    return rows.select(*_OF_ENCOUNTER, *_VERSION, *named, diagnoses.NAMED, PLACE_IN_CELL, *PROVENANCE)


def _each_code(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        cells = [_codes(cell) for cell in batch.column(0).to_pylist()]
        taken = batch.take(pa.array([n for n, codes in enumerate(cells) for _ in codes], pa.int64()))
        codes = pa.array([code for codes in cells for code in codes], pa.string())
        places = pa.array([place for codes in cells for place in range(1, len(codes) + 1)], pa.int32())
        arrays = [codes, *taken.columns[1:], places]
        yield pa.RecordBatch.from_arrays(arrays, names=[*batch.schema.names, PLACE_IN_CELL])


def _codes(cell: str | None) -> list[str]:
    # a correction may leave none
    return list(dict.fromkeys(map(canonical_code, codes_in(cell)))) if cell else [""]
