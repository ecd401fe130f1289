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
from mediflow_assets.pipeline.findings import has_any, resources_told
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
    if contract is not MEDICATIONS or not _resources(context.lake):
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
    if contract is not MEDICATIONS or not (resources := _resources(lake)):
        return False
    is_changed = lake.property_of(contract, _NOTE) != resources
    return is_changed and has_any(lake, "has_named_medications", {contract: pc.field(_NAMED).is_valid()})


def follow(context: RunContext) -> None:
    """Write those medications again of which a Medication resource tells something else now.

    Where it tells nothing any more, since it was deleted or entered in error, or leaves out its words, a row that is
    accepted keeps what it had until a rebuild.
    """
    lake, contract = context.lake, MEDICATIONS
    if not are_behind(lake, contract):
        return
    resources, was = _resources(lake), {name: f"_was_{name}" for name in OF_MEDICATION}
    stored = context.tables.read(contract).where(F.col(_NAMED).isNotNull())
    again = with_codes(context, contract, stored.withColumns({old: F.col(name) for name, old in was.items()}))
    differs = reduce(or_, (~F.col(name).eqNullSafe(F.col(old)) for name, old in was.items()))
    checked = with_checked_codes(again, contract)
    stale = context.tables.stage(contract, checked.where(differs).select(*contract.column_names))
    with storage_errors(contract.name):
        is_any = bool(stale.limit(1).count())
    if is_any:
        context.tables.merge(contract, stale, contract.primary_key)
    context.tables.unstage(contract)
    lake.set_properties(contract, **{_NOTE: resources})


def _resources(lake: Lake) -> str:
    return resources_told(lake, "medication_resources", [MEDICATION])
