"""Lineage as OpenLineage events: complete, valid, masking marked, and never a value."""

import datetime as dt
import uuid

import pytest
from openlineage.client.event_v2 import Job, Run, RunEvent

from mediflow_assets.contracts import TABLES, masked, silver
from mediflow_assets.contracts.lineage import origins, steps_of
from mediflow_assets.contracts.masks import Verb
from mediflow_assets.operations import openlineage

RUN = str(uuid.uuid4())
AT = dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.UTC)


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


def test_what_is_no_event_is_refused_by_the_standards_own_classes():
    with pytest.raises(ValueError, match="UUID"):
        Run("by hand")
    with pytest.raises(ValueError, match="yest"):
        RunEvent(eventTime="yesterday", run=Run(RUN), job=Job("mediflow", "gold"))


def test_origins_reach_what_was_delivered():
    column = masked.COST_ANOMALIES.by_name["expected_cost_usd"]
    found = origins(column, TABLES)
    assert {"gold/cost_anomalies.expected_cost_usd", "silver/encounters.cost_usd", "bronze/admissions.cost"} <= found
