"""Whose rows of a table differ between two of its versions: the rows of the files that went beside those that came."""

from collections.abc import Sequence

import pyarrow as pa
from pyspark.sql import Column
from pyspark.sql import functions as F

from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.storage.changes import Files, files_since
from mediflow_assets.storage.errors import storage_errors

ROW = "_row"
KEYS = ("patient_key", "survivor_key", "encounter_key", "admitted_on")
_SIDE = "_side"
MOST_ROWS = 2_000_000
"""Where more went, and most of the table, to compare them all costs as much as to make again what is made of them."""


def row_hash(contract: TableContract, told: Sequence[str] = ()) -> Column:
    """A number of all that stands in a row, or in the columns `told`: two rows that differ in anything have two."""
    columns = [contract.by_name[name] for name in told or contract.column_names]
    # the hash passes over what is empty, so that a value moved into the next column would not show
    filled = [F.col(column.name).isNotNull() for column in columns if column.nullable]
    return F.xxhash64(*(column.name for column in columns), *filled)


def differing(context: RunContext, contract: TableContract, since: int, told: Sequence[str] = ()) -> pa.Table | None:
    """What rows that came, went or changed since a version are of: `KEYS` where a table has them, else its primary
    key, each once; of those alone in which the columns `told` changed, where some are named. None where that cannot be
    told any more, or not cheaply. Found once for all the steps of a run."""
    place = " ".join(("differing", contract.name, f"{since} to {context.lake.version(contract)}", *told))
    names = [name for name in KEYS if name in (told or contract.by_name)] or contract.primary_key
    if place not in context.kept:
        # one that was not there yet (-1) is created without rows, in its first version
        files = files_since(context.lake, contract, max(since, 0))
        # more than that is not worth comparing: all is made again in no more time
        most = max(MOST_ROWS, sum(files.stayed.values())) if files else 0
        is_told = files is not None and max(sum(files.went.values()), sum(files.came.values())) <= most
        context.kept[place] = _between(context, contract, files, names, told) if files and is_told else None
    found: pa.Table | None = context.kept[place]
    return found


def _between(
    context: RunContext, contract: TableContract, files: Files, names: Sequence[str], told: Sequence[str]
) -> pa.Table:
    row = row_hash(contract, told).alias(ROW)
    sides = [
        context.tables.read_files(contract, some).select(*names, row, F.lit(side).alias(_SIDE))
        for some, side in ((files.came, 1), (files.went, -1))
        if some
    ]
    if not sides:
        return pa.table({name: pa.array([], pa.string()) for name in names})
    rows = sides[0] if len(sides) == 1 else sides[0].unionByName(sides[1])
    once = rows.groupBy(ROW).agg(F.sum(_SIDE).alias(_SIDE), *(F.max(name).alias(name) for name in names))
    with storage_errors(f"{contract.name} comparison"):
        return once.where(F.col(_SIDE) != 0).select(*names).distinct().toArrow()
