"""What Silver's encounters hold that is likely wrong and cannot be told from one row: a check each, which warns."""

from dataclasses import replace

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.table import Severity, TableContract
from mediflow_assets.pipeline import checks
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.transforms.open_stays import after_death, doubtful, without_end


def check(context: RunContext, contract: TableContract, like: checks.CheckResult) -> list[checks.CheckResult]:
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
        found = [frame.count() for frame in told]
    return [
        replace(like, name=name, severity=Severity.WARN, passed=not failing, failing=failing)
        for name, failing in zip(checks.DOUBTS, found, strict=True)
    ]
