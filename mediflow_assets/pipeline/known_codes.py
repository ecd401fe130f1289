"""Diagnosis codes held against their systems, each distinct code once: one that its system does not know has none."""

from collections.abc import Iterator

import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.code_cells import codes_in
from mediflow_assets.contracts.code_systems import Reading, may_be_icd9, read_cell, speaks
from mediflow_assets.contracts.diagnosis_codes import canonical_code, system_of
from mediflow_assets.contracts.source import SourceContract
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.transforms.diagnoses import NAMED, Read, as_read

_COLUMNS = {
    silver.ENCOUNTERS.name: ("diagnosis_code", "diagnosis_system"),
    silver.CONDITIONS.name: ("code", "system"),
}
_CELL, _LISTED = "diagnosis_code", "listed_codes"
"""As Bronze names it; as Silver names all codes of a cell."""
_Found = list[tuple[str | None, str | None, str | None]]


def with_known_codes(
    context: RunContext, source: SourceContract, frame: DataFrame, contract: TableContract
) -> DataFrame:
    """Rows of a Silver table in its shape, their codes as their systems spell them; in place of a system stands null,
    or why it is not known, where the code is none of it: the checks then say so.

    Not as an expression over each row: check digits in SQL took the engine minutes to plan.
    """
    if contract.name not in _COLUMNS:
        return frame
    code, system = _COLUMNS[contract.name]
    if source.reads_codes:
        return frame.drop(NAMED)
    if NAMED not in frame.columns:
        # the systems of such a source are told apart by the form of a code
        named = frame.withColumn(NAMED, F.lit(None).cast("string"))
        found = _distinct(named, contract, code, system, NAMED)
        none = [
            Read(each, None, None, Reading(each, None)) for each, of, _ in found if each and of and not system_of(each)
        ]
        return as_read(named, code, system, none).drop(NAMED)
    found = _distinct(frame, contract, code, system, NAMED)
    doubtful = {each for each, _, named in found if each and named is None and may_be_icd9(each)}
    may_list = _LISTED in source.by_target[contract.name].columns
    read = list(_by_word(found, doubtful, may_list))
    if doubtful:
        of_deliveries = _distinct(frame, contract, code, "_delivery_id", NAMED)
        read += _by_delivery(context.lake, source, of_deliveries, doubtful, may_list)
    return as_read(frame, code, system, read, _LISTED if may_list else None).drop(NAMED)


def _by_word(found: _Found, doubtful: set[str], may_list: bool) -> Iterator[Read]:
    """Readings of codes whose system is named, or told by their form, that differ from what forms alone told."""
    for code, of, named in found:
        if code and (named is not None or code not in doubtful):
            reading = read_cell(code, named, may_list=may_list)
            if reading != Reading(code, of):
                yield Read(code, named, None, reading)


def _by_delivery(
    lake: Lake, source: SourceContract, found: _Found, doubtful: set[str], may_list: bool
) -> Iterator[Read]:
    """Readings of codes that may be of two systems, as the deliveries speak in which they stand."""
    mine = [(code, delivery) for code, delivery, named in found if named is None and delivery and code in doubtful]
    spoken = {delivery: speaks(_codes_of(lake, source, delivery)) for delivery in {delivery for _, delivery in mine}}
    for code, delivery in sorted(mine):
        yield Read(code, None, delivery, read_cell(code, None, spoken[delivery], may_list=may_list))


def _codes_of(lake: Lake, source: SourceContract, delivery: str) -> set[str]:
    """The distinct codes of a whole delivery: a record that has waited is judged as it was among the others."""
    table = lake.seen(source.table)
    if table is None or _CELL not in source.table.by_name:
        return set()
    wanted = pc.field("_delivery_id").isin([delivery])
    found: set[str] = set()
    for batch in lake.dataset(source.table, table).to_batches(columns=[_CELL], filter=wanted):
        found.update(filter(None, pc.unique(batch.column(0)).to_pylist()))
    return {canonical_code(code) for cell in found for code in codes_in(cell)}


def _distinct(frame: DataFrame, contract: TableContract, *columns: str) -> _Found:
    with storage_errors(f"{contract.name} diagnosis codes"):
        # a filter would be pushed through all that makes the code, and be planned for ten times as long
        found = frame.select(*columns).distinct().toArrow()
    return list(zip(*(column.to_pylist() for column in found.columns), strict=True))
