"""Contract → asset spec, checks and metadata: what the graph says of a table."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import dagster as dg

from mediflow_assets.contracts import TABLES, omop, operational
from mediflow_assets.contracts.lineage import steps_of
from mediflow_assets.contracts.omop.rules import UNMAPPED
from mediflow_assets.contracts.table import Column, Severity, TableContract
from mediflow_assets.pipeline.checks import OF_A_RUN, CheckResult, check_names
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.pipeline.step_result import StepResult

FARED = "mediflow/fared"
"""How each delivery fared that a step validated: counts only."""
KINDS = {
    "bronze": {"deltalake", "bronze"},
    "silver": {"deltalake", "silver"},
    "gold": {"deltalake", "gold"},
    "masked": {"deltalake", "masked"},
    "omop": {"deltalake", "omop"},
}


def spec_of(contract: TableContract, deps: Iterable[TableContract] = ()) -> dg.AssetSpec:
    """The asset of a table: key, group, kinds, description, columns and column lineage."""
    return dg.AssetSpec(
        list(contract.key),
        deps=[list(table.key) for table in deps],
        description=contract.description,
        group_name=contract.key[0],
        kinds=KINDS[contract.key[0]],
        tags={omop.ZONE: ""} if contract.key[0] == omop.ZONE else {},
        metadata={
            "dagster/column_schema": _column_schema(contract),
            "dagster/column_lineage": _column_lineage(contract),
            "audience": str(contract.audience),
        },
    )


def check_specs_of(contract: TableContract) -> list[dg.AssetCheckSpec]:
    """One spec a check; those of severity ERROR block what lies below."""
    return [
        dg.AssetCheckSpec(name, asset=list(contract.key), blocking=severity is Severity.ERROR)
        for name, severity in check_names(contract).items()
    ]


def materialized(made: StepResult, context: RunContext) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """What a step made, as Dagster shows it: figures and check results."""
    metadata: dict[str, Any] = {
        "dagster/row_count": made.rows,
        "version": made.version,
        "unchanged": made.is_unchanged,
        **made.figures,
    }
    if made.delivery_outcomes:
        metadata[FARED] = [asdict(each) for each in made.delivery_outcomes]
    return dg.MaterializeResult(
        asset_key=list(made.contract.key), metadata=metadata, check_results=list(_check_results(made, context))
    )


def _check_results(made: StepResult, context: RunContext) -> Iterable[dg.AssetCheckResult]:
    if made.is_unchanged:
        yield from _last_results(made, context)
        return
    for check in made.checks:
        yield dg.AssetCheckResult(
            passed=check.passed,
            check_name=check.name,
            asset_key=list(made.contract.key),
            severity=_dagster(check.severity),
            metadata={"failing": check.failing, "rows": check.rows, "version": check.version, **_share(check)},
        )


def _share(check: CheckResult) -> dict[str, str]:
    """Of the OMOP tables how much is unmapped, which says more than how many rows are."""
    return {"share": f"{check.failing / check.rows:.1%}"} if check.name in UNMAPPED and check.rows else {}


def _last_results(made: StepResult, context: RunContext) -> Iterable[dg.AssetCheckResult]:
    """An unchanged table keeps the results it had; one that was never validated has no row that could break a rule."""
    last = {name: row for (table, name), row in _newest_results(context).items() if table == made.contract.name}
    for name, severity in check_names(made.contract).items():
        row = None if name in OF_A_RUN else last.get(name)
        yield dg.AssetCheckResult(
            passed=row["passed"] if row else made.rows == 0 or name in OF_A_RUN,
            check_name=name,
            asset_key=list(made.contract.key),
            severity=_dagster(severity),
            metadata={"failing": row["failing"] if row else 0, "unchanged": True},
        )


def _newest_results(context: RunContext) -> dict[tuple[str, str], dict[str, Any]]:
    """By table and check the newest result that is written down."""
    version = context.lake.version(operational.CHECK_RESULTS)
    known = context.kept.get(operational.CHECK_RESULTS.name)
    if known is None or known[0] != version:
        rows = context.lake.read(operational.CHECK_RESULTS, ["table", "check_name", "passed", "failing", "checked_at"])
        newest = {(row["table"], row["check_name"]): row for row in rows.sort_by("checked_at").to_pylist()}
        known = context.kept[operational.CHECK_RESULTS.name] = (version, newest)
    found: dict[tuple[str, str], dict[str, Any]] = known[1]
    return found


def _dagster(severity: Severity) -> dg.AssetCheckSeverity:
    return dg.AssetCheckSeverity.WARN if severity is Severity.WARN else dg.AssetCheckSeverity.ERROR


def _column_schema(contract: TableContract) -> dg.TableSchema:
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                column.name,
                str(column.type),
                description=f"{column.description}{f' [{column.unit}]' if column.unit else ''}",
                constraints=dg.TableColumnConstraints(nullable=column.nullable),
                tags=_tags(contract, column),
            )
            for column in contract.columns
        ]
    )


def _tags(contract: TableContract, column: Column) -> dict[str, str]:
    """The mask verb a column has, and those that were applied on the way to it."""
    applied = sorted({str(step.verb or "masked") for step in steps_of(contract, column, TABLES) if step.is_masking})
    tags = {"mask": str(column.mask).replace("(", "-").replace(")", "")}
    return tags | ({"masked_by": "-".join(applied)} if applied else {})


def _column_lineage(contract: TableContract) -> dg.TableColumnLineage:
    deps: dict[str, list[dg.TableColumnDep]] = {}
    for column in contract.columns:
        for source in column.derived_from:
            table, _, name = source.partition(".")
            deps.setdefault(column.name, []).append(dg.TableColumnDep(dg.AssetKey(table.split("/")), name))
    return dg.TableColumnLineage(deps)
