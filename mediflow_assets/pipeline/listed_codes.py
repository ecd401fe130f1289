"""Conditions that no record of their own tells of, but the list of codes of their encounter, follow the encounters.

The encounters' fold knows which version counts: so the rows here are made of what stands in its table, and replaced as
that changes, by whatever (a correction, a deletion, records that came in another order).
"""

from functools import reduce
from operator import and_

import pyarrow.compute as pc
from pyspark.sql import functions as F

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline.findings import has_any
from mediflow_assets.pipeline.pending import encounters_changed
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.transforms.listed_codes import LISTED, conditions_of

_KEY = list(silver.CONDITIONS.primary_key)
_ONE = ["id_namespace", "encounter_id", "code"]
_LEAVES = "_leaves"


def are_behind(lake: Lake, contract: TableContract) -> bool:
    """Whether conditions of lists may not be what the encounters list now."""
    if contract is not silver.CONDITIONS:
        return False
    return (encounters_changed(lake, contract) or not lake.rows(contract)) and _has_any(lake)


def follow(context: RunContext) -> None:
    """Have conditions of lists be what the encounters list, each that no record of its own tells of."""
    if not _has_any(context.lake):
        return
    contract, names = silver.CONDITIONS, silver.CONDITIONS.column_names
    stored = context.tables.read(contract).select(*names)
    is_listed = F.coalesce("is_listed", F.lit(False))
    told = stored.where(~is_listed & F.col("encounter_id").isNotNull()).select(*_ONE)
    wanted = conditions_of(context.tables.read(silver.ENCOUNTERS)).join(told, _ONE, "left_anti").select(*names)
    mine = stored.where(is_listed)
    was = mine.select(*(F.col(name).alias(f"_was_{name}") for name in names))
    is_it = reduce(and_, (F.col(name) == F.col(f"_was_{name}") for name in _KEY))
    is_same = reduce(and_, (F.col(name).eqNullSafe(F.col(f"_was_{name}")) for name in names if name not in _KEY))
    new = wanted.join(was, is_it & is_same, "left_anti").withColumn(_LEAVES, F.lit(False))
    gone = mine.join(wanted.select(*_KEY), _KEY, "left_anti").select(*names).withColumn(_LEAVES, F.lit(True))
    changed = context.tables.stage(contract, new.unionByName(gone))
    with storage_errors(contract.name):
        is_any = bool(changed.limit(1).count())
    if is_any:
        context.tables.merge(contract, changed, contract.primary_key, leaves=_LEAVES)
    context.tables.unstage(contract)


def _has_any(lake: Lake) -> bool:
    """Whether a condition is of a list, or an encounter lists codes."""
    lists = pc.match_substring(pc.field(LISTED), ":")
    return has_any(lake, "has_lists", {silver.CONDITIONS: pc.field("is_listed"), silver.ENCOUNTERS: lists})
