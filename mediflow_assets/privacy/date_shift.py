"""Dates of the limited profile: moved by days of the patient's own, in place of the years of the masked table.

Intervals within a patient stay what they are. Who is 90 or older has no date here either: where the masked table shows
no year, none is moved.
"""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.contracts.masked import COPIES, masked_name
from mediflow_assets.contracts.masks import Verb, shift
from mediflow_assets.contracts.table import Column, Privacy, TableContract
from mediflow_assets.secrets.pseudonym_key import PseudonymKey


def dates_of(contract: TableContract) -> tuple[Column, ...]:
    """The source's columns that the masked table shows as years and the limited profile moves."""
    source = COPIES.get(contract)
    if source is None or not source.names_people:
        return ()
    return tuple(column for column in source.columns if column.mask.limited.verb is Verb.SHIFT)


def limited_contract(contract: TableContract) -> TableContract:
    """The masked table as the limited profile shows it: dates, moved, in the places of the years."""
    dates = {masked_name(column): column for column in dates_of(contract)}
    columns = tuple(
        replace(dates[c.name], privacy=Privacy.DATE, mask=shift(), nullable=True, derived_from=c.derived_from)
        if c.name in dates
        else c
        for c in contract.columns
    )
    return replace(contract, columns=columns)


def with_shifted_dates(
    table: pa.Table, contract: TableContract, source: pa.Table, key: PseudonymKey, clock: str | None = None
) -> pa.Table:
    """The masked rows with moved dates. `source` has the masked primary key, `patient_key` and the dates.

    Times are those of the wall clocks of the time zone `clock`, as if that were UTC; without one only their day is
    shown. In UTC the hours of summer and winter differ, and tell in which of them a moved day was.
    """
    (row_key,) = contract.primary_key
    at = pc.index_in(table[row_key], source[row_key].combine_chunks())
    days = _days(table["patient_key"], key)
    for column in dates_of(contract):
        place = table.schema.get_field_index(masked_name(column))
        is_shown = pc.is_valid(table.column(place))
        dates = _on_the_wall(source[column.name].combine_chunks().take(at.combine_chunks()), clock)
        moved = pc.if_else(is_shown, _moved(dates, days), pa.scalar(None, dates.type))
        table = table.set_column(place, column.name, moved)
    return table


def _days(keys: pa.ChunkedArray, key: PseudonymKey) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    encoded = keys.combine_chunks().dictionary_encode()
    days = np.array([key.shift_days(each) for each in encoded.dictionary.to_pylist()], dtype=np.int64)
    spread: np.ndarray[tuple[int], np.dtype[np.int64]] = days[encoded.indices.to_numpy()]
    return spread


def _on_the_wall(dates: pa.Array, clock: str | None) -> pa.Array:
    if pa.types.is_date(dates.type):
        return dates
    if clock is None:
        return pc.floor_temporal(dates, unit="day")
    return pc.local_timestamp(dates.cast(pa.timestamp("us", tz=clock))).cast(dates.type)


def _moved(dates: pa.Array, days: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> pa.Array:
    is_date = pa.types.is_date(dates.type)
    numbers = dates.cast(pa.int32()).cast(pa.int64()) if is_date else dates.cast(pa.int64())
    moved = pc.add(numbers, pa.array(days if is_date else days * 86_400_000_000))
    return moved.cast(pa.int32()).cast(dates.type) if is_date else moved.cast(dates.type)
