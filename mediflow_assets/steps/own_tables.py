"""The house's own Gold tables: written whole, by delta-rs, whenever what they tell of has changed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mediflow_assets.contracts import assurance, bronze, erasure, gold, house, models, silver
from mediflow_assets.contracts.events import ENCOUNTER_EVENTS
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.steps import change, checks, drift, privacy_report, risk_scores
from mediflow_assets.steps.made import Made
from mediflow_assets.steps.quarantine_samples import quarantine_samples
from mediflow_assets.steps.reconciliation import quarantine_reasons, reconcile
from mediflow_assets.steps.workbench import Workbench
from mediflow_assets.storage.delta import Lake

Row = dict[str, Any]


@dataclass(frozen=True)
class OwnTable:
    """A house table: what it tells of, its rows, and for each of its rules how many rows break it."""

    contract: TableContract
    inputs: tuple[TableContract, ...]
    rows: Callable[[Workbench], list[Row]]
    breaks: dict[str, Callable[[Row], bool]]
    beside: Callable[[Workbench], dict[str, str]] = lambda _: {}
    """What else its rows depend on."""


_OF_DELIVERIES = (
    bronze.DELIVERIES,
    bronze.REJECTS,
    ENCOUNTER_EVENTS,
    erasure.ERASED,
    silver.PROCESSED,
    silver.QUARANTINE,
)
RECONCILIATION = OwnTable(
    house.RECONCILIATION,
    _OF_DELIVERIES,
    lambda bench: reconcile(bench.lake),
    {"unbalanced": lambda row: not row["balanced"]},
)
QUARANTINE_REASONS = OwnTable(
    house.QUARANTINE_REASONS,
    (bronze.REJECTS, silver.QUARANTINE),
    lambda bench: quarantine_reasons(bench.lake),
    {},
)
QUARANTINE_SAMPLES = OwnTable(
    house.QUARANTINE_SAMPLES,
    (silver.QUARANTINE,),
    lambda bench: quarantine_samples(bench.lake),
    {},
)
PRIVACY_STATUS = OwnTable(
    assurance.PRIVACY_STATUS,
    privacy_report.TABLES,
    lambda bench: privacy_report.privacy_status(bench.lake),
    {"risk_above_limit": privacy_report.breaks_limit},
)
DRIFT = OwnTable(
    models.DRIFT,
    (gold.ADMISSION_FEATURES, gold.READMISSIONS),
    lambda bench: drift.drift_rows(bench.lake, bench.requests),
    {"drifted": lambda row: row["has_drifted"]},
    beside=lambda bench: risk_scores.champions_of(bench.lake) | drift.asked_of(bench.requests),
)
ALL = (RECONCILIATION, QUARANTINE_REASONS, QUARANTINE_SAMPLES, DRIFT, PRIVACY_STATUS)


def make(bench: Workbench, table: OwnTable) -> Made:
    """Write the table anew unless nothing it tells of has changed; check it."""
    lake, contract = bench.lake, table.contract
    state = change.state_of(lake, table.inputs, bench.key.key_id) | table.beside(bench)
    if change.is_unchanged(lake, contract, state):
        return Made(contract, lake.rows(contract), lake.version(contract), is_unchanged=True)
    rows = table.rows(bench)
    lake.overwrite_rows(contract, rows)
    results = _check(lake, table, rows)
    checks.record(bench, contract, results)
    made = Made(contract, len(rows), results[0].version, checks=results)
    if not made.has_failed:
        lake.note(contract, inputs=state)
    return made


def _check(lake: Lake, table: OwnTable, rows: list[Row]) -> list[checks.CheckResult]:
    contract, version = table.contract, lake.version(table.contract)
    keys = [tuple(row[name] for name in contract.primary_key) for row in rows]
    required = [column.name for column in contract.columns if not column.nullable]
    unfilled = sum(1 for row in rows if any(row[name] is None for name in required))
    failing = {checks.COLUMNS: 0, checks.FILLED: unfilled, checks.UNIQUE: len(keys) - len(set(keys))}
    failing |= {name: sum(1 for row in rows if breaks(row)) for name, breaks in table.breaks.items()}
    return [
        checks.CheckResult(name, checks.check_names(contract)[name], count == 0, count, len(rows), version)
        for name, count in failing.items()
    ]
