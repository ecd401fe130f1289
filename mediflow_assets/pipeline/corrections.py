"""Corrections: what people changed in delivered records, field by field. A correction is a delivery like any other."""

import json
from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from mediflow_assets.contracts import bronze
from mediflow_assets.contracts.source import SourceContract
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.storage.delta import Lake

Key = tuple[str, int]
"""A Bronze record: its delivery's id and its number there."""
_LARGEST = 2**63 - 1


def corrections(lake: Lake, of: Iterable[str] | None = None) -> dict[Key, dict[str, str]]:
    """The fields that each corrected record has now: of two corrections of one field the one delivered later counts.

    `of` narrows it to some deliveries of corrections. One that names no record number mends nothing.
    """
    rows: pa.Table = lake.read(bronze.CORRECTIONS)
    wanted = None if of is None else set(of)
    found: dict[Key, dict[str, str]] = {}
    for row in sorted(
        rows.to_pylist(), key=lambda row: (row["_ingested_at"], row["_delivery_id"], row["_record_number"])
    ):
        number = record_number(row["target_record_number"])
        if number is not None and row["target_delivery_id"] and (wanted is None or row["_delivery_id"] in wanted):
            given = {name: value for name, value in json.loads(row["corrections"]).items() if value is not None}
            found.setdefault((row["target_delivery_id"], number), {}).update(given)
    return found


def record_number(text: str | None) -> int | None:
    """A record's number as people write it; None where the text is none."""
    # isdigit alone takes '²' for a number, which int does not
    number = int(text) if text and text.isascii() and text.isdigit() else -1
    # the first message of a partition has number 0
    return number if 0 <= number <= _LARGEST else None


def concern(fields: Iterable[str], source: SourceContract, target: TableContract) -> bool:
    """Whether a target column derives from one of the source's fields, as the contracts say."""
    if source.is_stream and source.text:
        # a message is one column: all of its fields come out of it
        fields = [source.text]
    derived: set[Any] = {origin for column in target.columns for origin in column.derived_from}
    return any(f"{source.table.name}.{name}" in derived for name in fields)
