"""Rows of Silver follow their patients: what a row takes from its patient is taken again when patients have changed."""

from functools import reduce
from operator import or_

from pyspark.sql import functions as F

from mediflow_assets.pipeline.pending import patients_changed
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.pipeline.silver_tables import SilverTable
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.errors import storage_errors


def is_behind(lake: Lake, table: SilverTable) -> bool:
    """Whether rows may hold what their patients do not say any more."""
    return bool(table.taken) and bool(lake.rows(table.contract)) and patients_changed(lake, table.contract)


def follow(context: RunContext, table: SilverTable) -> None:
    """Write those rows again that differ from what their patients say now."""
    contract = table.contract
    was = {name: f"_was_{name}" for name in table.taken}
    stored = table.taking(context.tables.read(contract)).withColumns({old: F.col(name) for name, old in was.items()})
    again = table.finished(table.rebuilt(context, table.stripped(table.as_told(stored)).drop("patient_key")))
    stale = again.where(reduce(or_, (~F.col(name).eqNullSafe(F.col(old)) for name, old in was.items())))
    with storage_errors(contract.name):
        # first by the few columns that tell it: mostly none differs, and no row is read whole
        has_any = bool(stale.select(*contract.primary_key).limit(1).count())
    if has_any:
        staged = context.tables.stage(contract, stale.drop(*was.values()))
        context.tables.merge(contract, staged, contract.primary_key)
        context.tables.unstage(contract)
