"""The policy and the lineage, from the contracts alone: who is masked how, and which column comes from which."""

import json
from functools import cache

import polars as pl

from dashboard.lake import Snapshot
from mediflow_assets.contracts import TABLES, masked
from mediflow_assets.contracts.dictionary import dictionary as dictionary_text
from mediflow_assets.contracts.lineage import steps_of
from mediflow_assets.contracts.policy import MEANING

AGGREGATES = tuple(table for table in masked.TABLES if table.small_cells)
_SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/DatasetEvent"
_FACET = "https://openlineage.io/spec/facets/1-2-0/ColumnLineageDatasetFacet.json#/$defs/ColumnLineageDatasetFacet"
_PRODUCER = "https://mediflow.invalid/dashboard"


@cache
def policy() -> pl.DataFrame:
    """table, column, holds, class, verb, meaning: each column of each table that has people in it."""
    rows = [
        {
            "table": table.name,
            "column": column.name,
            "holds": column.description,
            "class": str(column.privacy),
            "verb": str(column.mask),
            "becomes": MEANING[column.mask.verb],
        }
        for table in TABLES.values()
        for column in table.columns
    ]
    return pl.DataFrame(rows)


@cache
def columns_from(table: str) -> pl.DataFrame:
    """column, from_table, from_column, verb, is_masking: the direct sources of a table's columns."""
    contract = TABLES[table]
    rows = [
        {
            "column": column.name,
            "from_table": step.table,
            "from_column": step.column,
            "verb": str(step.verb or ""),
            "is_masking": step.is_masking,
        }
        for column in contract.columns
        for step in steps_of(contract, column, TABLES)
    ]
    kinds = {
        "column": pl.String,
        "from_table": pl.String,
        "from_column": pl.String,
        "verb": pl.String,
        "is_masking": pl.Boolean,
    }
    return pl.DataFrame(rows, schema=kinds)


@cache
def edges() -> pl.DataFrame:
    """from_table, to_table, columns, masking: which table is made of which, by how many columns."""
    rows = [
        {"from_table": row["from_table"], "to_table": name, "is_masking": row["is_masking"]}
        for name in TABLES
        for row in columns_from(name).to_dicts()
        if row["from_table"] != name
    ]
    found = pl.DataFrame(rows).group_by("from_table", "to_table")
    return found.agg(columns=pl.len(), masking=pl.col("is_masking").sum()).sort("from_table", "to_table")


def suppressed(tables: dict[str, Snapshot]) -> pl.DataFrame:
    """table, cells, suppressed, share: how many cells of each masked aggregate are blank."""
    rows = []
    for name, table in tables.items():
        hidden = table.collect(table.scan("is_suppressed").select(pl.col("is_suppressed").sum())).item()
        rows.append({"table": name, "cells": table.rows, "suppressed": hidden, "share": round(hidden / table.rows, 4)})
    return pl.DataFrame(rows)


@cache
def dictionary() -> bytes:
    """The data dictionary, as Markdown."""
    return dictionary_text().encode()


def openlineage(event_time: str) -> bytes:
    """OpenLineage dataset events, one a line: each table's columns, where they come from, what is masked."""
    return "".join(json.dumps(_event(name, event_time), sort_keys=True) + "\n" for name in TABLES).encode()


def _event(name: str, event_time: str) -> dict[str, object]:
    fields: dict[str, dict[str, list[dict[str, object]]]] = {}
    for row in columns_from(name).to_dicts():
        kind = {"type": "DIRECT", "subtype": "TRANSFORMATION", "description": row["verb"], "masking": row["is_masking"]}
        source = {"namespace": "mediflow", "name": row["from_table"], "field": row["from_column"]}
        inputs = fields.setdefault(row["column"], {"inputFields": []})["inputFields"]
        inputs.append(source | {"transformations": [kind]})
    facet = {"_producer": _PRODUCER, "_schemaURL": _FACET, "fields": fields}
    dataset = {"namespace": "mediflow", "name": name, "facets": {"columnLineage": facet}}
    return {"eventTime": event_time, "producer": _PRODUCER, "schemaURL": _SCHEMA, "dataset": dataset}
