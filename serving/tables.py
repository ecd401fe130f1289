"""Pages of a table as replies: their models are made from the table's contract, so that names and units are its own."""

import datetime as dt
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, create_model

from mediflow_assets.contracts.table import Column, TableContract, Type
from serving.lake import Snapshot
from serving.problems import Problem

MOST_ROWS = 1_000
_TYPES: dict[Type, Any] = {
    Type.STRING: str,
    Type.BOOLEAN: bool,
    Type.INTEGER: int,
    Type.LONG: int,
    Type.DATE: dt.date,
    Type.TIMESTAMP: dt.datetime,
    Type.STRINGS: list[str],
}


def row_model(contract: TableContract, name: str) -> type[BaseModel]:
    """A row of the table; every column may be null, for small cells are suppressed."""
    fields: dict[str, Any] = {column.name: _field(column) for column in contract.columns}
    return create_model(name, __doc__=contract.description, **fields)


def page_model(contract: TableContract, name: str, **shown: Any) -> type[BaseModel]:
    """The reply: the table's name, version and time, how many rows fit, and those of this page. `shown` is what an
    example of a row holds."""
    row = row_model(contract, f"{name}Row")
    example: dict[str, Any] = {
        "table": contract.name,
        "version": 12,
        "as_of": "2026-05-01T04:00:00Z",
        "total": 1,
        "rows": [shown],
    }
    return create_model(
        f"{name}Page",
        __doc__=contract.description,
        __config__=ConfigDict(json_schema_extra={"examples": [example]}),
        table=(str, Field(description="the table this was read from")),
        version=(int, Field(description="its version")),
        as_of=(str, Field(description="when that version was made, UTC")),
        total=(int, Field(description="rows that fit")),
        rows=(list[row], Field(description="those from `offset` on")),  # type: ignore[valid-type]
    )


def _field(column: Column) -> Any:
    kind = _TYPES.get(column.type, float)
    told = f"{column.description}; {column.unit}" if column.unit else column.description
    return (kind | None, Field(None, description=told))


def page(contract: TableContract, found: Snapshot | None, limit: int, offset: int, **wanted: str | None) -> Any:
    """Rows with the wanted values, from `offset` on. Raises Problem 404 where the table was not made yet."""
    if found is None:
        raise Problem(404, f"{contract.name} was not made yet: 'mediflow run' makes it.")
    asked = {name: value for name, value in wanted.items() if value is not None}
    rows = [row for row in found.rows if all(row[name] == value for name, value in asked.items())]
    return {
        "table": contract.name,
        "version": found.version,
        "as_of": found.as_of,
        "total": len(rows),
        "rows": rows[offset : offset + limit],
    }
