"""What a table's rules count: over all of it, or by the files that came and went since it was last counted.

A row that breaks a rule does so by itself, so counts add up over files: those of the files that went are taken off, and
those of the files that came are added. Whether a key stands twice is looked for among the keys that came.
"""

import hashlib
from collections.abc import Callable, Collection
from functools import reduce
from operator import or_

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.errors import ContractViolated
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.storage.changes import Files, files_since
from mediflow_assets.storage.errors import storage_errors

ROWS, UNIQUE, FILLED = "rows", "primary_key_unique", "required_columns_filled"
Counts = dict[str, int]
_NOTE = "counted"
LEAST_ROWS = 200_000
"""Fewer are counted all over again in no more time."""
_KEYS = 4
"""Keys are held at once as many times as rows are elsewhere: they are narrow."""
_LARGEST_SHARE = 4
"""Where more than one row in so many came or went, all of them are counted."""


def whole(context: RunContext, contract: TableContract, beside: Callable[[DataFrame], DataFrame]) -> Counts:
    """The rows of a table, and how many break each rule; `beside` adds columns that only its rules look at."""
    rows = context.tables.read(contract)
    parts = -(-context.lake.rows(contract) // (_KEYS * context.tables.rows_at_once))
    if parts <= 1 or not contract.primary_key:
        return _counted(beside(rows), contract, _key(contract))
    found = _counted(beside(rows), contract, None)
    in_part = F.pmod(F.xxhash64(*contract.primary_key), F.lit(parts))
    return found | {UNIQUE: sum(_times_again(rows.where(in_part == part), contract) for part in range(parts))}


def _times_again(rows: DataFrame, contract: TableContract) -> int:
    """How many rows have a key that another one has, but for one of each key."""
    key = _key(contract)
    assert key is not None
    with storage_errors(f"{contract.name} checks"):
        return int(rows.agg((F.count(F.lit(1)) - F.countDistinct(key)).alias("again")).collect()[0]["again"])


def by_change(context: RunContext, contract: TableContract) -> Counts:
    """The same as `whole`, from what was counted last where little has changed since."""
    found = _by_change(context, contract) or whole(context, contract, lambda rows: rows)
    if found[ROWS] < LEAST_ROWS:
        return found
    note = {"version": context.lake.version(contract), "rules": _rules(contract), "counts": found}
    context.lake.set_properties(contract, **{_NOTE: note})
    return found


def _by_change(context: RunContext, contract: TableContract) -> Counts | None:
    note = context.lake.property_of(contract, _NOTE)
    if note is None or note["rules"] != _rules(contract) or note["counts"].get(UNIQUE):
        return None
    rows = context.lake.rows(contract)
    files = files_since(context.lake, contract, note["version"]) if rows >= LEAST_ROWS else None
    if files is None or files.rows_changed * _LARGEST_SHARE > rows:
        return None
    found: Counts = dict(note["counts"])
    for some, sign in ((files.came, 1), (files.went, -1)):
        if some:
            for name, count in _counted(context.tables.read_files(contract, some), contract, None).items():
                found[name] = found.get(name, 0) + sign * count
    if contract.primary_key and files.came:
        found[UNIQUE] = _twice(context, contract, files)
    return found


def _counted(frame: DataFrame, contract: TableContract, key: Column | None) -> Counts:
    required = [F.col(column.name).isNull() for column in contract.columns if not column.nullable]
    is_unfilled = reduce(or_, required, F.lit(False))
    expressions = [F.count(F.lit(1)).alias(ROWS), F.count_if(is_unfilled).alias(FILLED)]
    if key is not None:
        expressions.append((F.count(F.lit(1)) - F.countDistinct(key)).alias(UNIQUE))
    expressions += [F.count_if(F.expr(check.violation)).alias(check.code) for check in contract.checks]
    with storage_errors(f"{contract.name} checks"):
        found = frame.agg(*expressions).collect()[0].asDict()
    return {name: int(count or 0) for name, count in found.items()}


def _twice(context: RunContext, contract: TableContract, files: Files) -> int:
    """How many of the keys that came are there once more, among themselves or in the files that stayed."""

    def keys(paths: Collection[str]) -> DataFrame:
        # the rows first: reading begins the engine's session, without which no column can be named
        rows, key = context.tables.read_files(contract, paths), _key(contract)
        assert key is not None
        return rows.select(key.alias("_key"))

    came = keys(files.came)
    with storage_errors(f"{contract.name} checks"):
        twice = came.agg((F.count(F.lit(1)) - F.countDistinct("_key")).alias("twice")).collect()[0]["twice"]
        if not files.stayed:
            return int(twice)
        stayed = keys(files.stayed)
        # the few on the left, as in transforms.joins
        return int(twice) + int(came.distinct().join(stayed, "_key", "left_semi").count())


def require_as_counted(context: RunContext) -> None:
    """Raise ContractViolated where rules count otherwise over all of Silver's rows than by what changed in it."""
    differ = {table.name: names for table in silver.VALIDATED if (names := differing(context, table))}
    if differ:
        told = "; ".join(f"{table}: {', '.join(names)}" for table, names in differ.items())
        raise ContractViolated(
            f"checks do not hold as they were counted ({told}). Make Silver again: 'mediflow run --job rebuild'."
        )


def differing(context: RunContext, contract: TableContract) -> list[str]:
    """The rules of which all the rows count otherwise than was counted by what changed; none where nothing was."""
    told = _by_change(context, contract)
    if told is None:
        return []
    found = whole(context, contract, lambda rows: rows)
    return sorted(name for name in found if found[name] != told.get(name))


def _key(contract: TableContract) -> Column | None:
    # as one text: the embedded engine counts distinct rows of several columns five times as slowly
    names = (F.col(name).cast("string") for name in contract.primary_key)
    return F.concat_ws("\x1f", *names) if contract.primary_key else None


def _rules(contract: TableContract) -> str:
    told = [(check.code, check.violation) for check in contract.checks]
    named = [column.name for column in contract.columns if not column.nullable]
    return hashlib.sha256(repr((told, named, contract.primary_key)).encode()).hexdigest()[:16]
