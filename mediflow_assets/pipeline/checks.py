"""A table's checks, all in one pass over the table, from its contract; written down before they may stop anything."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import or_

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import operational as house_tables
from mediflow_assets.contracts import silver
from mediflow_assets.contracts.table import Severity, TableContract
from mediflow_assets.errors import ContractViolated
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.errors import storage_errors

UNIQUE = "primary_key_unique"
COLUMNS = "columns_as_contracted"
FILLED = "required_columns_filled"
EVERY_RECORD_VALIDATED = "every_record_judged"
"""Silver's own: the records of each new delivery are accepted or in quarantine."""
QUARANTINE_RATE = "quarantine_rate"
"""Silver's own: how much of each delivery that this run validated was refused."""
VERSIONS = "versions_add_up"
"""Silver's own: what each accepted record was to the table is known, once each."""
CONFLICTS = "conflicting_versions"
"""Silver's own: how much of what a delivery touches it contradicts at the same time."""
DOUBTS = ("open_stay_doubtful", "stay_without_end", "encounter_after_death")
"""Of Silver's encounters: what other rows tell against one."""
POSSIBLE_DUPLICATE = "possible_duplicate"
"""Silver's own: encounters without an id that may be one."""
DELIVERY_VOLUME = "delivery_volume"
"""Silver's own: deliveries much smaller or larger than those before them, and months without encounters."""
UNREAD_EVENT = "hl7_event_unread"
"""Silver's own: HL7 messages that change visits and are not read."""
OF_A_RUN = (QUARANTINE_RATE, VERSIONS, CONFLICTS)
"""Checks of what a run did, not of the table as it stands: one that did nothing passes."""


@dataclass(frozen=True)
class CheckResult:
    """One rule's result on one version of a table."""

    name: str
    severity: Severity
    passed: bool
    failing: int
    rows: int
    version: int


def check_names(contract: TableContract) -> dict[str, Severity]:
    """The checks a table has, with what follows when one does not hold."""
    names = {COLUMNS: Severity.ERROR, FILLED: Severity.ERROR}
    if contract in silver.VALIDATED:
        names[EVERY_RECORD_VALIDATED] = Severity.ERROR
        names[QUARANTINE_RATE] = Severity.ERROR
    if contract.name in silver.VERSIONS:
        names |= {VERSIONS: Severity.ERROR, CONFLICTS: Severity.WARN}
    if contract is silver.ENCOUNTERS:
        names |= dict.fromkeys((*DOUBTS, POSSIBLE_DUPLICATE, DELIVERY_VOLUME, UNREAD_EVENT), Severity.WARN)
    if contract.primary_key:
        names[UNIQUE] = Severity.ERROR
    for check in contract.checks:
        names[check.code] = Severity.WARN if check.severity is Severity.WARN else Severity.ERROR
    return names


def check_table(
    context: RunContext, contract: TableContract, beside: Callable[[DataFrame], DataFrame] = lambda rows: rows
) -> list[CheckResult]:
    """Validate the whole table as it stands, not the increment. `beside` adds columns that only its rules look at."""
    context.lake.ensure(contract)
    version, missing = context.lake.version(contract), len(context.lake.difference(contract).lacking)
    # first of all: a column expression needs a session to be there
    frame = beside(context.tables.read(contract))
    required = [F.col(column.name).isNull() for column in contract.columns if not column.nullable]
    is_unfilled = reduce(or_, required, F.lit(False))
    expressions = [F.count(F.lit(1)).alias("rows"), F.count_if(is_unfilled).alias(FILLED)]
    if contract.primary_key:
        # as one text: the embedded engine counts distinct rows of several columns five times as slowly
        key = F.concat_ws("\x1f", *(F.col(name).cast("string") for name in contract.primary_key))
        expressions.append((F.count(F.lit(1)) - F.countDistinct(key)).alias(UNIQUE))
    expressions += [F.count_if(F.expr(check.violation)).alias(check.code) for check in contract.checks]
    with storage_errors(f"{contract.name} checks"):
        found = frame.agg(*expressions).collect()[0].asDict()
    failing = {COLUMNS: missing} | {name: int(found[name] or 0) for name in found if name != "rows"}
    return [
        CheckResult(name, severity, failing[name] == 0, failing[name], int(found["rows"]), version)
        for name, severity in check_names(contract).items()
        if name in failing
    ]


def of_no_rows(lake: Lake, contract: TableContract) -> list[CheckResult]:
    """The same of a table without a row, which breaks no rule."""
    version = lake.version(contract)
    return [CheckResult(name, severity, True, 0, 0, version) for name, severity in check_names(contract).items()]


def record(context: RunContext, contract: TableContract, results: list[CheckResult]) -> None:
    """Append the results to `gold/check_results`."""
    now = dt.datetime.now(dt.UTC)
    context.lake.append_rows(
        house_tables.CHECK_RESULTS,
        [
            {
                "checked_at": now,
                "run_id": context.run_id,
                "table": contract.name,
                "check_name": result.name,
                "severity": str(result.severity),
                "passed": result.passed,
                "failing": result.failing,
                "rows": result.rows,
                "version": result.version,
            }
            for result in results
        ],
    )


def require(contract: TableContract, results: list[CheckResult]) -> None:
    """Raise ContractViolated if a blocking check does not hold."""
    broken = [f"{r.name} ({r.failing})" for r in results if not r.passed and r.severity is Severity.ERROR]
    if broken:
        raise ContractViolated(f"{contract.name}: {', '.join(broken)} of {results[0].rows} rows.")
