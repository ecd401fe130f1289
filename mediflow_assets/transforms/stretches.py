"""Messages that say where a patient is from then on → the stretches of an encounter, each with its end.

Arrow in, Arrow out, many encounters at a time: what undoes a transfer undoes all that was told since.
"""

import datetime as dt
from collections.abc import Iterable
from itertools import groupby
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import StructField, StructType

from mediflow_assets.contracts.clinical import MOVED, UNDONE
from mediflow_assets.transforms.joins import with_few

KEY = ("id_namespace", "encounter_id")
_BUCKETS, _BUCKET, _ENDED, _VOID = 64, "_bucket", "_ended", "_void"
Row = dict[str, Any]


def changed(locations: DataFrame, encounters: DataFrame) -> DataFrame:
    """Of the encounters with rows, those with new ones or another end than the rows tell, by key, and their end."""
    open_, has_new = F.col("is_stretch") & F.col("left_at").isNull(), F.col("is_stretch").isNull()
    told = locations.where(F.col("encounter_id").isNotNull()).groupBy(*KEY)
    stands = told.agg(
        F.max("left_at").alias("_until"),
        F.coalesce(F.bool_or(open_), F.lit(False)).alias("_is_open"),
        F.coalesce(F.bool_or("is_stretch"), F.lit(False)).alias("_has_any"),
        F.bool_or(has_new).alias("_has_new"),
    )
    is_void = (F.col("status") == "cancelled").alias(_VOID)
    keys = (F.col(name).alias(f"_of_{name}") for name in KEY)
    known = encounters.select(*keys, F.col("discharged_at").alias(_ENDED), is_void)
    is_of = (F.col("encounter_id") == F.col("_of_encounter_id")) & (F.col("id_namespace") == F.col("_of_id_namespace"))
    beside = with_few(stands, known, is_of)
    is_other = F.col("_is_open") | ~F.col(_ENDED).eqNullSafe(F.col("_until"))
    ends_otherwise = F.when(F.col(_ENDED).isNull(), ~F.col("_is_open")).otherwise(is_other)
    # what was cancelled never took place: nobody was anywhere
    is_void = F.coalesce(F.col(_VOID), F.lit(False))
    differs = F.when(is_void, F.col("_has_any")).otherwise(ends_otherwise)
    return beside.where(F.col("_has_new") | differs).select(*KEY, _ENDED, is_void.alias(_VOID))


def of_encounters(locations: DataFrame, ends: DataFrame) -> DataFrame:
    """Those rows of some encounters that are not as they are stored, with `left_at` and `is_stretch`; `ends` tells of
    each its end, and whether it was cancelled."""
    rows = ends.join(locations, list(KEY)).withColumn(_BUCKET, F.pmod(F.xxhash64(*KEY), F.lit(_BUCKETS)))
    fields = [field for field in rows.schema if field.name not in (_BUCKET, _ENDED, _VOID)]
    schema = StructType([StructField(field.name, field.dataType, True) for field in fields])

    def of_bucket(table: pa.Table) -> pa.Table:
        told = sorted(table.to_pylist(), key=_as_told)
        made = [row for _, of in groupby(told, key=_key) for row in _with_stretches(list(of))]
        wanted = pa.schema([table.schema.field(name) for name in schema.names])
        return pa.Table.from_pylist(made, schema=wanted)

    return rows.groupBy(_BUCKET).applyInArrow(of_bucket, schema)


def stretches(rows: Iterable[Row]) -> list[Row]:
    """Of the rows of one encounter, as they were told, those that are stretches, in the order of their begin."""
    path: list[Row] = []
    for row in rows:
        if row["kind"] != UNDONE:
            path.append(row)
        elif moves := [place for place, each in enumerate(path) if each["kind"] == MOVED]:
            # whatever was told of the place where nobody had gone
            del path[moves[-1] :]
    found: list[Row] = []
    for row in sorted((each for each in path if each["department"]), key=_begin):
        if not found or _place(row) != _place(found[-1]):
            found.append(row)
    return found


def _with_stretches(rows: list[Row]) -> list[Row]:
    ended = rows[0][_ENDED]
    found = [] if rows[0][_VOID] else [row for row in stretches(rows) if _is_before(row, ended)]
    until = [*map(_begin, found[1:]), ended] if found else []
    ends = {id(row): end for row, end in zip(found, until, strict=True)}
    told = ((row, row | {"left_at": ends.get(id(row)), "is_stretch": id(row) in ends}) for row in rows)
    # what ends nowhere, or begins after its end, is looked at each time: it is not written each time
    return [after for before, after in told if after != before]


def _key(row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in KEY)


def _as_told(row: Row) -> tuple[Any, ...]:
    told = row["claimed_at"] or row["updated_at"]
    return *_key(row), told, row["version_number"] or 0, row["encounter_location_id"]


def _begin(row: Row) -> dt.datetime:
    at: dt.datetime | None = row["entered_at"]
    return at or dt.datetime.combine(row["entered_on"], dt.time(), tzinfo=dt.UTC)


def _is_before(row: Row, ended: dt.datetime | None) -> bool:
    """Nobody enters a room after going home; one who goes at once was there all the same."""
    begin = _begin(row)
    return ended is None or begin < ended or (begin == ended and row["kind"] != MOVED)


def _place(row: Row) -> tuple[Any, ...]:
    return row["department"], row["room"], row["bed"]
