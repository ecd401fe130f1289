"""A table's checks, all in one pass over the table, from its contract; written down before they may stop anything."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import DataFrame

from mediflow_assets.contracts import operational as house_tables
from mediflow_assets.contracts import silver
from mediflow_assets.contracts.table import Severity, TableContract
from mediflow_assets.errors import ContractViolated
from mediflow_assets.pipeline import affected, counts
from mediflow_assets.pipeline.counts import FILLED, UNIQUE
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.storage.delta import Lake

COLUMNS = "columns_as_contracted"
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
    context: RunContext, contract: TableContract, beside: Callable[[DataFrame], DataFrame] | None = None
) -> list[CheckResult]:
    """Validate the table as it stands: all of it, or, of Silver and of tables by person, what has changed since it was
    last validated. `beside` adds columns that only its rules look at."""
    context.lake.ensure(contract)
    version, missing = context.lake.version(contract), len(context.lake.difference(contract).lacking)
    if contract in (*silver.VALIDATED, *affected.BY_PERSON):
        found = counts.by_change(context, contract)
    else:
        found = counts.whole(context, contract, beside or (lambda rows: rows))
    failing = {COLUMNS: missing} | {name: found[name] for name in found if name != counts.ROWS}
    return [
        CheckResult(name, severity, failing[name] == 0, failing[name], found[counts.ROWS], version)
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
