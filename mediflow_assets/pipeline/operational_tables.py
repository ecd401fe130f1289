"""Operational tables of Gold: written whole, by delta-rs, whenever what they tell of has changed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mediflow_assets.contracts import bronze, erasure, operational, silver
from mediflow_assets.contracts.events import ENCOUNTER_EVENTS
from mediflow_assets.contracts.hl7 import HL7_EVENTS
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline import change, checks, counts
from mediflow_assets.pipeline.quarantine_samples import quarantine_samples
from mediflow_assets.pipeline.reconciliation import quarantine_reasons, reconcile
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.pipeline.step_result import StepResult
from mediflow_assets.storage.delta import Lake

Row = dict[str, Any]


@dataclass(frozen=True)
class OperationalTable:
    """A house table: what it tells of, its rows, and for each of its rules how many rows break it."""

    contract: TableContract
    inputs: tuple[TableContract, ...]
    rows: Callable[[RunContext], list[Row]]
    breaks: dict[str, Callable[[Row], bool]]
    beside: Callable[[RunContext], dict[str, str]] = lambda _: {}
    """What else its rows depend on."""
    waits_for: tuple[TableContract, ...] | None = None
    """The tables that have to be made before it; None for its inputs."""


_OF_DELIVERIES = (
    bronze.DELIVERIES,
    bronze.REJECTS,
    ENCOUNTER_EVENTS,
    HL7_EVENTS,
    erasure.ERASED,
    silver.PROCESSED,
    silver.QUARANTINE,
)
_SILVER = silver.VALIDATED
"""Their steps write quarantine and processed: waiting for them is waiting for these."""
RECONCILIATION = OperationalTable(
    operational.RECONCILIATION,
    _OF_DELIVERIES,
    lambda context: reconcile(context.lake),
    {"unbalanced": lambda row: not row["balanced"]},
    waits_for=(*_SILVER, *(table for table in _OF_DELIVERIES if table.key[0] == "bronze")),
)
QUARANTINE_REASONS = OperationalTable(
    operational.QUARANTINE_REASONS,
    (bronze.REJECTS, silver.QUARANTINE),
    lambda context: quarantine_reasons(context.lake),
    {},
    waits_for=(*_SILVER, bronze.REJECTS),
)
QUARANTINE_SAMPLES = OperationalTable(
    operational.QUARANTINE_SAMPLES,
    (silver.QUARANTINE,),
    lambda context: quarantine_samples(context.lake),
    {},
    waits_for=_SILVER,
)
TABLES = (RECONCILIATION, QUARANTINE_REASONS, QUARANTINE_SAMPLES)


def make(context: RunContext, table: OperationalTable) -> StepResult:
    """Write the table again unless nothing it tells of has changed; check it."""
    lake, contract = context.lake, table.contract
    state = change.state_of(lake, table.inputs, context.key.key_id, table.rows.__module__) | table.beside(context)
    if change.is_unchanged(lake, contract, state):
        return StepResult(contract, lake.rows(contract), lake.version(contract), is_unchanged=True)
    rows = table.rows(context)
    lake.overwrite_rows(contract, rows)
    results = _check(lake, table, rows)
    checks.record(context, contract, results)
    made = StepResult(contract, len(rows), results[0].version, checks=results)
    if not made.has_failed:
        lake.set_properties(contract, inputs=state)
    return made


def _check(lake: Lake, table: OperationalTable, rows: list[Row]) -> list[checks.CheckResult]:
    contract, version = table.contract, lake.version(table.contract)
    keys = [tuple(row[name] for name in contract.primary_key) for row in rows]
    required = [column.name for column in contract.columns if not column.nullable]
    unfilled = sum(1 for row in rows if any(row[name] is None for name in required))
    failing = {checks.COLUMNS: 0, counts.FILLED: unfilled, counts.UNIQUE: len(keys) - len(set(keys))}
    failing |= {name: sum(1 for row in rows if breaks(row)) for name, breaks in table.breaks.items()}
    return [
        checks.CheckResult(name, checks.check_names(contract)[name], count == 0, count, len(rows), version)
        for name, count in failing.items()
    ]
