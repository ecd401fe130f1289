"""Encounters without an id that may be another one: of one patient and overlapping time, though they differ in what
they are known by. A corrected department or date without ids looks so, and an id that comes later; and so do two visits
of one day.
"""

from dataclasses import replace

import polars as pl
import pyarrow.compute as pc

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.table import Severity
from mediflow_assets.pipeline.checks import POSSIBLE_DUPLICATE, CheckResult
from mediflow_assets.storage.delta import Lake

_PATIENT = ("id_namespace", "patient_id")
_TIME = ("admitted_at", "discharged_at")
_PLACE = ("_delivery_id", "_record_number")
_DAY = r"\|[0-9]{4}-[0-9]{2}-[0-9]{2}"
_OF_SYSTEM = rf"^[a-z][a-z0-9_-]*\|[^|]+{_DAY}"
"""What an encounter of a system is known by whose patient bears a record number."""


def possible_duplicates(lake: Lake) -> pl.DataFrame:
    """The records of such encounters, those of one stay under one number."""
    columns = [*_PATIENT, "encounter_id", *_TIME, *_PLACE]
    is_active = pc.field("status") != "cancelled"

    def read(where: pc.Expression) -> pl.DataFrame:
        return pl.DataFrame(pl.from_arrow(lake.read(silver.ENCOUNTERS, columns, is_active & where)))

    id_ = pl.col("encounter_id")
    has_no_id = id_.str.starts_with(pl.col("patient_id") + "|") | id_.str.contains(_OF_SYSTEM)
    ids = pl.Series(pl.from_arrow(lake.read(silver.ENCOUNTERS, ["encounter_id"])["encounter_id"]), dtype=pl.String)
    # the ids alone first, and not by Arrow's regular expressions: mostly none is such a one
    if not (ids := ids.filter(ids.str.contains("|", literal=True)).str.contains(_DAY)).any():
        return pl.DataFrame(schema={"stay": pl.UInt32, **dict(zip(_PLACE, (pl.String, pl.Int64), strict=True))})
    people = read(pc.match_substring_regex(pc.field("encounter_id"), _DAY)).filter(has_no_id)["patient_id"].unique()
    rows = read(pc.field("patient_id").isin(people.to_arrow()))
    begin, end = pl.col("admitted_at"), pl.coalesce("discharged_at", "admitted_at")
    ordered = rows.sort(*_PATIENT, "admitted_at", "encounter_id").with_columns(
        before=begin.shift(1).over(_PATIENT), until=end.cum_max().shift(1).over(_PATIENT)
    )
    overlaps = (begin == pl.col("before")) | (begin < pl.col("until"))
    stays = ordered.with_columns(stay=(~overlaps.fill_null(False)).cum_sum())
    several = stays.filter((pl.len().over("stay") > 1) & has_no_id.any().over("stay"))
    return several.select(pl.col("stay").rank("dense").alias("stay"), *_PLACE)


def check(lake: Lake, like: CheckResult) -> CheckResult:
    """How many encounters may be another one's; a warning, for two visits may well be two."""
    failing = len(possible_duplicates(lake))
    return replace(like, name=POSSIBLE_DUPLICATE, severity=Severity.WARN, passed=not failing, failing=failing)
