"""Diagnosis codes held against their systems, each distinct code once: one that its system does not know has none."""

import pyarrow as pa
from pyspark.sql import DataFrame

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.diagnosis_codes import system_of
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.transforms.diagnoses import without_system

_COLUMNS = {
    silver.ENCOUNTERS.name: ("diagnosis_code", "diagnosis_system"),
    silver.CONDITIONS.name: ("code", "system"),
}


def with_known_codes(frame: DataFrame, contract: TableContract) -> DataFrame:
    """Rows of a Silver table in its shape, without a system where the code is none of it: the checks then say why.

    Not as an expression over each row: check digits in SQL took the engine minutes to plan.
    """
    if contract.name not in _COLUMNS:
        return frame
    code, system = _COLUMNS[contract.name]
    with storage_errors(f"{contract.name} diagnosis codes"):
        # a filter would be pushed through all that makes the code, and be planned for ten times as long
        found = frame.select(code, system).distinct().toArrow()
    unknown = [each for each, of in zip(*found.to_pydict().values(), strict=True) if of and system_of(each) is None]
    if not unknown:
        return frame
    session = frame.sparkSession
    return without_system(frame, code, system, session.createDataFrame(pa.table({"_unknown_code": unknown})))
