"""Lineage as OpenLineage events: complete, valid, masking marked, and never a value."""

import datetime as dt
import uuid

import jsonschema
import pytest
from openlineage.client.event_v2 import Job, Run, RunEvent

from mediflow_assets.contracts import TABLES, masked, silver
from mediflow_assets.contracts.lineage import origins, steps_of
from mediflow_assets.contracts.masks import Verb
from mediflow_assets.operations import openlineage

RUN = str(uuid.uuid4())
AT = dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.UTC)
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


@pytest.fixture(scope="module")
def told():
    return openlineage.events(TABLES, dict.fromkeys(TABLES, (RUN, AT)))


def lineage_of(event):
    return event["outputs"][0]["facets"]["columnLineage"]["fields"]


def test_every_column_that_comes_from_another_is_told_with_all_its_sources(told):
    found = {e["outputs"][0]["name"]: lineage_of(e) for e in told}
    for table in TABLES.values():
        for column in table.columns:
            fields = found.get(table.name, {}).get(column.name, {"inputFields": []})["inputFields"]
            assert [f"{f['name']}.{f['field']}" for f in fields] == list(column.derived_from)


def test_masking_is_marked_where_a_verb_changes_the_value_and_only_there():
    for copy, source in masked.COPIES.items():
        for column in copy.columns:
            for step in steps_of(copy, column, TABLES):
                verb = source.by_name[step.column].mask.verb
                assert step.verb is verb
                assert step.is_masking == (
                    verb is not Verb.KEEP or (copy.small_cells is not None and not step.is_identity)
                )
    key = silver.PATIENTS.by_name["patient_key"]
    assert all(step.is_masking for step in steps_of(silver.PATIENTS, key, TABLES))
    gender = silver.PATIENTS.by_name["gender"]
    assert not any(step.is_masking for step in steps_of(silver.PATIENTS, gender, TABLES))


def test_events_name_the_run_and_are_one_to_a_table(told):
    assert len({e["run"]["runId"] for e in told}) == len(told) > 15
    assert {e["run"]["facets"]["parent"]["run"]["runId"] for e in told} == {RUN}
    assert {e["eventTime"] for e in told} == {"2026-01-02T03:04:00Z"}
    by_hand = openlineage.events(TABLES, {"gold/readmissions": ("by hand", AT)})
    assert len(by_hand) == 1 and uuid.UUID(by_hand[0]["run"]["runId"])


def problems_of(event):
    checker = jsonschema.Draft202012Validator(RUN_EVENT, format_checker=jsonschema.FormatChecker())
    return {
        str(error.absolute_path[0]) if error.absolute_path else error.message for error in checker.iter_errors(event)
    }


def test_every_event_is_what_the_standard_asks_for(told):
    assert [problems_of(event) for event in told if problems_of(event)] == []


@pytest.mark.parametrize("path", [("run", "runId"), ("eventTime",), ("job", "name"), ("outputs",), ("producer",)])
def test_what_lacks_a_part_is_no_event(told, path):
    broken = {**told[0], "run": dict(told[0]["run"]), "job": dict(told[0]["job"])}
    target = broken if len(path) == 1 else broken[path[0]]
    del target[path[-1]]
    assert problems_of(broken)


def test_what_is_no_event_is_refused_by_the_standards_own_classes():
    with pytest.raises(ValueError, match="UUID"):
        Run("by hand")
    with pytest.raises(ValueError, match="yest"):
        RunEvent(eventTime="yesterday", run=Run(RUN), job=Job("mediflow", "gold"))


def test_origins_reach_what_was_delivered():
    column = masked.COST_ANOMALIES.by_name["expected_cost_usd"]
    found = origins(column, TABLES)
    assert {"gold/cost_anomalies.expected_cost_usd", "silver/encounters.cost_usd", "bronze/admissions.cost"} <= found
