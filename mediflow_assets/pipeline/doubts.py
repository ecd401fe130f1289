"""What Silver's encounters hold that is likely wrong and cannot be told from one row: a check each, which warns."""

from dataclasses import replace
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.table import Severity, TableContract
from mediflow_assets.pipeline.checks import DOUBTS, CheckResult
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.transforms.open_stays import after_death, doubtful, without_end


def check(context: RunContext, contract: TableContract, like: CheckResult) -> list[CheckResult]:
    """Stays in progress that have likely ended, others without an end, and encounters after their patient's death."""
    if contract is not silver.ENCOUNTERS:
        return []
    encounters, patients = context.tables.read(contract), context.tables.read(silver.PATIENTS)
    with storage_errors(f"{contract.name} checks"):
        told = (
            doubtful(encounters, context.open_stay_days),
            without_end(encounters),
            after_death(encounters, patients),
        )
        # one query for all: over a cluster each has its price
        counts = [
            frame.groupBy().count().withColumn("of", F.lit(name)) for name, frame in zip(DOUBTS, told, strict=True)
        ]
        found = {row["of"]: row["count"] for row in reduce(DataFrame.unionByName, counts).collect()}
    return [
        replace(like, name=name, severity=Severity.WARN, passed=not found[name], failing=found[name]) for name in DOUBTS
    ]
