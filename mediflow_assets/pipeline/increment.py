"""A table of rows by person, brought up to date: made again for the people affected, and written where rows differ; one
by month: made again for the months affected.

What a table was made of is noted with it: the versions of its inputs, and what they showed. It is made whole where that
is not known, where anybody may be affected, and where a fifth of all are, which costs no less.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline import affected, change
from mediflow_assets.pipeline.row_changes import ROW, row_hash
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.pipeline.shown_labels import encounters_shown, labels_told
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.storage.tables import conform
from mediflow_assets.transforms.readmissions import end_of_data

MADE_OF, END = "made_of", "end_of_data"
LEAST_ROWS = 200_000
"""A table that is smaller, and made from smaller ones, is made whole in no more time."""
LARGEST_SHARE = 5
"""Where more than one row in so many may be affected, all are made again."""
MOST_PEOPLE = 200_000
"""More are not handed to the engine by their keys."""
MOST_MONTHS = 12
"""More are made again with all others."""
PEOPLE, MONTHS, ROWS = "people made again", "months made again", "rows that differ"
_LEAVES, _IS_NEW = "_leaves", "_is_new"


@dataclass(frozen=True)
class Increment:
    """The people affected, and the end of the data by which their rows are told, where it counts."""

    people: pa.Array
    until: str | None

    def only(self, contract: TableContract, frame: DataFrame) -> DataFrame:
        """Their rows of an input; all of one that is about nobody."""
        return affected.of_them(frame, self.people) if contract.names_people else frame


def made_of(context: RunContext, contract: TableContract, inputs: tuple[TableContract, ...]) -> dict[str, Any]:
    """What is noted with a table beside the versions of its inputs; nothing with one that is always made whole."""
    if contract not in (*affected.BY_PERSON, *affected.BY_MONTH) or is_small(context.lake, contract, *inputs):
        return {}
    note = shown_by(context, inputs)
    if contract in affected.BY_END_OF_DATA:
        note[END] = _end_of_data(context)
    return {MADE_OF: note}


def is_small(lake: Lake, *tables: TableContract) -> bool:
    """Whether a table, and all that it is made from, are made whole in no more time."""
    return all(lake.rows(each) < LEAST_ROWS for each in tables)


def shown_by(context: RunContext, inputs: tuple[TableContract, ...]) -> dict[str, Any]:
    """Which tables the inputs are, and which labels they show."""
    note: dict[str, Any] = {"tables": {each.name: _id_of(context.lake, each) for each in inputs}}
    return note | ({"labels": labels_told(context)} if silver.ENCOUNTERS in inputs else {})


def since_made(
    context: RunContext, contract: TableContract, inputs: tuple[TableContract, ...], state: change.State
) -> Increment | None:
    """Who is affected by what has changed since the table was made; None where it is to be made whole."""
    lake, noted = context.lake, _noted(context, contract, inputs, state)
    if noted is None or contract not in affected.BY_PERSON:
        return None
    before, note, now = noted
    people = affected.people(context, inputs, before)
    if people is not None and END in now:
        ends = {dt.date.fromisoformat(each) for each in (note.get(END), now[END]) if each}
        late = affected.by_end_of_data(encounters_shown(context), ends, int(state["open_stay_days"]))
        people = pc.unique(pa.concat_arrays([people, late]))
    if people is None or len(people) > min(MOST_PEOPLE, lake.rows(silver.PATIENTS) // LARGEST_SHARE):
        return None
    return Increment(people, now.get(END))


def months_since_made(
    context: RunContext, contract: TableContract, inputs: tuple[TableContract, ...], state: change.State
) -> set[dt.date] | None:
    """The months affected by what has changed since the table was made; None where it is to be made whole."""
    noted = _noted(context, contract, inputs, state)
    if noted is None or contract not in affected.BY_MONTH:
        return None
    months = affected.months(context, inputs, noted[0])
    return None if months is None or len(months) > MOST_MONTHS else months


def _noted(
    context: RunContext, contract: TableContract, inputs: tuple[TableContract, ...], state: change.State
) -> tuple[dict[str, int], dict[str, Any], dict[str, Any]] | None:
    """Of which versions the table was made; what else was noted then, and would be now. None where it tells nothing."""
    lake = context.lake
    before, note = lake.property_of(contract, change.INPUTS), lake.property_of(contract, MADE_OF)
    if not before or not note or is_small(lake, contract, *inputs) or lake.difference(contract):
        return None
    now = made_of(context, contract, inputs).get(MADE_OF, {})
    tables = {each.name for each in inputs}
    if change.but(before, tables) != change.but(state, tables) or change.but(note, {END}) != change.but(now, {END}):
        return None
    return before, note, now


def write_months(
    context: RunContext, contract: TableContract, months: set[dt.date], rows: Callable[[], DataFrame]
) -> dict[str, int]:
    """Put the rows of some months into a small table in place of theirs; returns figures."""
    if months:
        forget(context.lake, contract)
        stays = context.tables.read(contract).where(~F.col("month").isin(sorted(months)))
        context.tables.overwrite(contract, conform(rows(), contract).unionByName(stays))
    return {MONTHS: len(months)}


def write(context: RunContext, contract: TableContract, of: Increment, rows: Callable[[], DataFrame]) -> dict[str, int]:
    """Put the rows of the people affected into the table in place of theirs; returns figures. Where none differs,
    nothing is written."""
    if not len(of.people):
        return {PEOPLE: 0, ROWS: 0}
    key = list(contract.primary_key)
    is_new = {ROW: row_hash(contract), _IS_NEW: F.lit(True)}
    stored = affected.of_them(context.tables.read(contract), of.people).withColumns(is_new | {_IS_NEW: F.lit(False)})
    both = context.tables.stage(contract, conform(rows(), contract).withColumns(is_new).unionByName(stored))
    try:
        made, had = both.where(F.col(_IS_NEW)), both.where(~F.col(_IS_NEW))
        comes = made.join(had.select(ROW), ROW, "left_anti")
        goes = had.join(made.select(*key), key, "left_anti").withColumn(_LEAVES, F.lit(True))
        changed = comes.join(had.select(*key), key, "left_semi").withColumn(_LEAVES, F.lit(False)).unionByName(goes)
        new = comes.join(had.select(*key), key, "left_anti")
        with storage_errors(contract.name):
            many_changed, many_new = changed.count(), new.count()
        if many_changed or many_new:
            forget(context.lake, contract)
        # what is new needs no search for the rows that it takes the place of
        if many_changed:
            context.tables.merge(contract, changed, key, leaves=_LEAVES)
        if many_new:
            context.tables.append(contract, new)
    finally:
        context.tables.unstage(contract)
    return {PEOPLE: len(of.people), ROWS: many_changed + many_new}


def forget(lake: Lake, contract: TableContract) -> None:
    """Take back what a table is noted to be made of, before it is written: what is cut short, or breaks a rule, is then
    made whole by the next run."""
    if lake.property_of(contract, MADE_OF):
        lake.set_properties(contract, **{MADE_OF: None})


def _id_of(lake: Lake, contract: TableContract) -> str | None:
    """Which table it is: one that is begun again counts its versions from nought."""
    table = lake.seen(contract)
    return None if table is None else str(table.metadata().id)


def _end_of_data(context: RunContext) -> str | None:
    version = context.lake.version(silver.ENCOUNTERS)
    known = context.kept.get(END)
    if known is None or known[0] != version:
        with storage_errors("end of the data"):
            day = end_of_data(encounters_shown(context)).collect()[0][0]
        known = context.kept[END] = (version, day and day.isoformat())
    told: str | None = known[1]
    return told
