"""Codes of the clinical tables held against their check digits, each distinct code once."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import clinical
from mediflow_assets.contracts.check_digits import CHECKED
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.transforms.joins import with_few

_CODED = frozenset(table for table in clinical.TABLES if "code" in table.by_name)


def with_checked_codes(frame: DataFrame, contract: TableContract) -> DataFrame:
    """Rows in the shape of a table; a code whose check digit is wrong stands as a local one, whose system nobody knows.

    Not as an expression over each row: check digits in SQL took the engine minutes to plan.
    """
    if contract not in _CODED:
        return frame
    with storage_errors(f"{contract.name} codes"):
        found = frame.select("code", "system").distinct().toArrow()
    told = zip(*(column.to_pylist() for column in found.columns), strict=True)
    wrong = [(code, system) for code, system in told if code and system in CHECKED and not CHECKED[system](code)]
    if not wrong:
        return frame
    few = frame.sparkSession.createDataFrame(wrong, "_wrong string, _of string")
    marked = with_few(frame, few, (F.col("code") == F.col("_wrong")) & (F.col("system") == F.col("_of")))
    is_wrong = F.col("_wrong").isNotNull()
    return marked.withColumns(
        {
            "local_code": F.when(is_wrong, F.col("code")).otherwise(F.col("local_code")),
            "code": F.when(~is_wrong, F.col("code")),
            "system": F.when(~is_wrong, F.col("system")),
        }
    ).select(*frame.columns)
