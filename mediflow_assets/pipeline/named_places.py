"""Departments of encounters that name a ward or an organisation by reference alone: they follow what that is called."""

import pyarrow.compute as pc
from pyspark.sql import functions as F

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.fhir import FHIR_RESOURCES
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline.findings import has_any, resources_told
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.transforms.fhir.places import NAMED, TYPES, told, with_departments

_NOTE = "places_through"


def are_behind(lake: Lake, contract: TableContract) -> bool:
    """Whether places may be called otherwise than the departments of encounters are."""
    if contract is not silver.ENCOUNTERS or not (resources := _resources(lake)):
        return False
    return lake.property_of(contract, _NOTE) != resources and _is_any_named(lake)


def follow(context: RunContext) -> None:
    """Write those encounters again whose place is called otherwise now; of those that are told, none."""
    lake, contract = context.lake, silver.ENCOUNTERS
    if not (resources := _resources(lake)) or not _is_any_named(lake):
        return
    is_open = F.col(NAMED).isNotNull() & F.array_contains(F.split("derived", " "), "department")
    stored = context.tables.read(contract).where(is_open).withColumn("_was", F.col("department"))
    again = with_departments(stored, told(context.tables.read(FHIR_RESOURCES)))
    differs = ~F.col("department").eqNullSafe(F.col("_was"))
    stale = context.tables.stage(contract, again.where(differs).select(*contract.column_names))
    with storage_errors(contract.name):
        is_any = bool(stale.limit(1).count())
    if is_any:
        context.tables.merge(contract, stale, contract.primary_key)
    context.tables.unstage(contract)
    lake.set_properties(contract, **{_NOTE: resources})


def _is_any_named(lake: Lake) -> bool:
    return has_any(lake, "has_named_places", {silver.ENCOUNTERS: pc.field(NAMED).is_valid()})


def _resources(lake: Lake) -> str:
    return resources_told(lake, "place_resources", TYPES)
