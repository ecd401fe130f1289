"""OpenLineage run events of the tables as they were last made: schema and column lineage, masking marked.

Only completions are told: when a table was begun is not known from the tables. Names and types, never a value.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

import jsonschema

from mediflow_assets.contracts.lineage import Step, steps_of
from mediflow_assets.contracts.table import TableContract

NAMESPACE = "mediflow"
PRODUCER = "https://mediflow.invalid/lineage/1"
_SPEC = "https://openlineage.io/spec"
_COLUMN_LINEAGE = f"{_SPEC}/facets/1-2-0/ColumnLineageDatasetFacet.json#/$defs/ColumnLineageDatasetFacet"
_SCHEMA = f"{_SPEC}/facets/1-1-1/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet"
_PARENT = f"{_SPEC}/facets/1-0-1/ParentRunFacet.json#/$defs/ParentRunFacet"
_RUN_EVENT = f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"

_TEXT = {"type": "string", "minLength": 1}
_URI = {"type": "string", "format": "uri"}
_FACET = {
    "type": "object",
    "required": ["_producer", "_schemaURL"],
    "properties": {"_producer": _URI, "_schemaURL": _URI},
}
_INPUT_FIELD = {
    "type": "object",
    "required": ["namespace", "name", "field"],
    "properties": {
        "namespace": _TEXT,
        "name": _TEXT,
        "field": _TEXT,
        "transformations": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["type"],
                "properties": {
                    "type": {"enum": ["DIRECT", "INDIRECT"]},
                    "subtype": _TEXT,
                    "description": {"type": "string"},
                    "masking": {"type": "boolean"},
                },
            },
        },
    },
}
_DATASET = {
    "type": "object",
    "required": ["namespace", "name"],
    "properties": {
        "namespace": _TEXT, "name": _TEXT,
        "facets": {
            "type": "object", "additionalProperties": _FACET,
            "properties": {
                "columnLineage": {"allOf": [_FACET, {"required": ["fields"], "properties": {"fields": {
                    "type": "object", "additionalProperties": {
                        "type": "object", "required": ["inputFields"],
                        "properties": {"inputFields": {"type": "array", "items": _INPUT_FIELD}}}}}}]},
                "schema": {"allOf": [_FACET, {"properties": {"fields": {"type": "array", "items": {
                    "type": "object", "required": ["name"], "properties": {"name": _TEXT, "type": _TEXT}}}}}]},
            },
        },
    },
}  # fmt: skip
RUN_EVENT = {
    "type": "object",
    "required": ["eventType", "eventTime", "run", "job", "inputs", "outputs", "producer", "schemaURL"],
    "properties": {
        "eventType": {"enum": ["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"]},
        "eventTime": {"type": "string", "format": "date-time"},
        "producer": {"type": "string", "format": "uri"},
        "schemaURL": {"type": "string", "format": "uri"},
        "run": {
            "type": "object",
            "required": ["runId"],
            "properties": {
                "runId": {"type": "string", "format": "uuid"},
                "facets": {"type": "object", "additionalProperties": _FACET},
            },
        },
        "job": {"type": "object", "required": ["namespace", "name"], "properties": {"namespace": _TEXT, "name": _TEXT}},
        "inputs": {"type": "array", "items": _DATASET},
        "outputs": {"type": "array", "minItems": 1, "items": _DATASET},
    },
}
"""What OpenLineage 2 asks of a run event and of the facets used here."""


def events(tables: Mapping[str, TableContract], made: Mapping[str, tuple[str, dt.datetime]]) -> list[dict[str, Any]]:
    """One event for each table made, with the run that made it and when; each is validated. Raises ValueError."""
    told = [
        _event(tables[name], tables, run_id, at)
        for name, (run_id, at) in sorted(made.items())
        if name in tables and any(column.derived_from for column in tables[name].columns)
    ]
    for event in told:
        validate(event)
    return told


def validate(event: Mapping[str, Any]) -> None:
    """Raise ValueError where the event is not what OpenLineage asks for."""
    checker = jsonschema.Draft202012Validator(RUN_EVENT, format_checker=jsonschema.FormatChecker())
    problems = [f"{'/'.join(map(str, error.absolute_path))}: {error.validator}" for error in checker.iter_errors(event)]
    if problems:
        raise ValueError(f"no OpenLineage event: {'; '.join(problems)}")


def _event(table: TableContract, tables: Mapping[str, TableContract], run_id: str, at: dt.datetime) -> dict[str, Any]:
    steps = {column.name: list(steps_of(table, column, tables)) for column in table.columns}
    sources = sorted({step.table for each in steps.values() for step in each})
    run = _uuid(run_id)
    parent = {"run": {"runId": str(run)}, "job": {"namespace": NAMESPACE, "name": "refresh"}}
    return {
        "eventType": "COMPLETE",
        "eventTime": at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z"),
        "run": {"runId": str(uuid.uuid5(run, table.name)), "facets": {"parent": _facet(_PARENT, parent)}},
        "job": {"namespace": NAMESPACE, "name": table.name.replace("/", "_")},
        "inputs": [{"namespace": NAMESPACE, "name": name} for name in sources],
        "outputs": [{"namespace": NAMESPACE, "name": table.name, "facets": _facets(table, steps)}],
        "producer": PRODUCER,
        "schemaURL": _RUN_EVENT,
    }


def _facets(table: TableContract, steps: Mapping[str, Iterable[Step]]) -> dict[str, Any]:
    fields = [{"name": c.name, "type": str(c.type), "description": c.description} for c in table.columns]
    lineage = {name: {"inputFields": [_input(step, table) for step in each]} for name, each in steps.items() if each}
    return {
        "schema": _facet(_SCHEMA, {"fields": fields}),
        "columnLineage": _facet(_COLUMN_LINEAGE, {"fields": lineage}),
    }


def _input(step: Step, table: TableContract) -> dict[str, Any]:
    subtype = "IDENTITY" if step.is_identity else "AGGREGATION" if table.small_cells else "TRANSFORMATION"
    how = {"type": "DIRECT", "subtype": subtype, "description": str(step.verb or ""), "masking": step.is_masking}
    return {"namespace": NAMESPACE, "name": step.table, "field": step.column, "transformations": [how]}


def _facet(schema: str, content: Mapping[str, Any]) -> dict[str, Any]:
    return {"_producer": PRODUCER, "_schemaURL": schema, **content}


def _uuid(run_id: str) -> uuid.UUID:
    """The run's own id, or one made of it where it is none (a table made by hand)."""
    try:
        return uuid.UUID(run_id)
    except ValueError:
        return uuid.uuid5(uuid.NAMESPACE_URL, f"{PRODUCER}/{run_id}")
