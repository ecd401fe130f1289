"""Conditions follow the encounters that name them as their diagnoses, in whatever order both come.

A condition that names no encounter is of the one that names it, of several of the one that began first; one that names
its own takes its rank and its use from that. An encounter of somebody else says nothing.
"""

from functools import reduce
from operator import or_

import pyarrow.compute as pc
from pyspark.sql import functions as F

from mediflow_assets.contracts import fhir, links, silver
from mediflow_assets.contracts.identifiers import NAMESPACE
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline.findings import has_any
from mediflow_assets.pipeline.parts import KNOWN_PATIENT, with_people
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.transforms.condition_links import (
    LINKED,
    NAMED,
    as_told,
    first_of_each,
    is_named,
    linked,
    links_of,
)
from mediflow_assets.transforms.joins import with_few

_NOTE = "linked_by"


def are_behind(lake: Lake, contract: TableContract) -> bool:
    """Whether conditions may not be linked as the encounters name them now."""
    is_changed = contract is silver.CONDITIONS and lake.property_of(contract, _NOTE) != _versions(lake)
    return is_changed and bool(lake.rows(contract)) and _has_any(lake)


def follow(context: RunContext) -> None:
    """Write those conditions again of which encounters tell something else than stands there."""
    lake, contract = context.lake, silver.CONDITIONS
    if not lake.rows(contract) or not _has_any(lake):
        return
    of = _versions(lake)
    was = {name: f"_was_{name}" for name in LINKED}
    names = contract.column_names
    stored = context.tables.read(contract).where(F.col("source_system") == fhir.SOURCE.system).select(*names)
    told = as_told(stored.withColumns({old: F.col(name) for name, old in was.items()}))
    every = links_of(context.tables.read(silver.ENCOUNTERS), context.feeds.namespaces[fhir.SOURCE.system])
    named = every.join(told.select(NAMESPACE, "condition_id", "encounter_id", "patient_id"), is_named())
    beside = with_people(context, named.withColumn(KNOWN_PATIENT, F.col("_link_patient")))
    first = first_of_each(beside.where(F.col("_person") == F.col("_stay_person")))
    is_it = (F.col("condition_id") == F.col("_link_condition")) & (F.col(NAMESPACE) == F.col("_link_namespace"))
    again = linked(with_few(told, first, is_it))
    differs = reduce(or_, (~F.col(name).eqNullSafe(F.col(old)) for name, old in was.items()))
    stale = context.tables.stage(contract, again.where(differs).select(*names))
    with storage_errors(contract.name):
        is_any = bool(stale.limit(1).count())
    if is_any:
        context.tables.merge(contract, stale, contract.primary_key)
    context.tables.unstage(contract)
    lake.set_properties(contract, **{_NOTE: of})


def _versions(lake: Lake) -> list[int]:
    """By which encounters and merges conditions are linked."""
    return [lake.version(silver.ENCOUNTERS), lake.version(links.MERGED_PATIENTS)]


def _has_any(lake: Lake) -> bool:
    """Whether an encounter names conditions, or a condition was named by one."""
    is_ranked = pc.field("diagnosis_use").is_valid() | pc.field("diagnosis_rank").is_valid()
    is_linked = (pc.field("source_system") == fhir.SOURCE.system) & (pc.field("is_linked") | is_ranked)
    return has_any(lake, "has_links", {silver.CONDITIONS: is_linked, silver.ENCOUNTERS: pc.field(NAMED) != ""})
