"""Medications whose code another resource tells: they wait for it where they have no words either, and follow it."""

from functools import reduce
from operator import or_

import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts.clinical import MEDICATIONS
from mediflow_assets.contracts.fhir import FHIR_RESOURCES
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline.checked_codes import with_checked_codes
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.transforms.fhir.clinical import MEDICATION, OF_MEDICATION, medications_told, with_named
from mediflow_assets.transforms.validation import NOT_NAMED_YET, REASONS

_NOTE = "medications_through"
_NAMED = "named_medication"
_MISSING = "code_missing"


def with_codes(context: RunContext, contract: TableContract, rows: DataFrame) -> DataFrame:
    """Rows in the shape of a table, with the codes that Medication resources tell of them."""
    if contract is not MEDICATIONS or not _has_any(context.lake, FHIR_RESOURCES, "resource_type", MEDICATION):
        return rows
    return with_named(rows, medications_told(context.tables.read(FHIR_RESOURCES)))


def awaiting(contract: TableContract, validated: DataFrame) -> DataFrame:
    """Validated rows, of which those wait that have neither code nor words, for the one who tells them."""
    if contract is not MEDICATIONS:
        return validated
    waits = F.col(_NAMED).isNotNull() & F.array_contains(REASONS, _MISSING)
    left = F.array_remove(REASONS, _MISSING)
    reasons = F.when(waits & (F.size(left) == 0), F.array(F.lit(NOT_NAMED_YET))).otherwise(F.col(REASONS))
    return validated.withColumn(REASONS, reasons)


def are_behind(lake: Lake, contract: TableContract) -> bool:
    """Whether medications may not have the codes that they refer to now."""
    is_changed = contract is MEDICATIONS and lake.property_of(contract, _NOTE) != lake.version(FHIR_RESOURCES)
    return is_changed and _has_any(lake, contract, _NAMED) and _has_any(
        lake, FHIR_RESOURCES, "resource_type", MEDICATION
    )  # fmt: skip


def follow(context: RunContext) -> None:
    """Write those medications again of which a Medication resource tells something else now."""
    lake, contract = context.lake, MEDICATIONS
    if not are_behind(lake, contract):
        return
    version, was = lake.version(FHIR_RESOURCES), {name: f"_was_{name}" for name in OF_MEDICATION}
    stored = context.tables.read(contract).where(F.col(_NAMED).isNotNull())
    again = with_codes(context, contract, stored.withColumns({old: F.col(name) for name, old in was.items()}))
    differs = reduce(or_, (~F.col(name).eqNullSafe(F.col(old)) for name, old in was.items()))
    checked = with_checked_codes(again, contract)
    stale = context.tables.stage(contract, checked.where(differs).select(*contract.column_names))
    with storage_errors(contract.name):
        has_any = bool(stale.limit(1).count())
    if has_any:
        context.tables.merge(contract, stale, contract.primary_key)
    context.tables.unstage(contract)
    lake.set_properties(contract, **{_NOTE: version})


def _has_any(lake: Lake, contract: TableContract, column: str, value: str | None = None) -> bool:
    """Whether a table has a row with a value in a column, or with that one."""
    table, field = lake.open(contract), pc.field(column)
    # not by ==, which fails on files in which delta-rs wrote string views
    wanted = field.is_valid() if value is None else field.isin([value])
    return bool(table and lake.dataset(contract, table).head(1, columns=[], filter=wanted).num_rows)
