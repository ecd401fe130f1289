"""OpenLineage run events of the tables as they were last made: schema and column lineage, masking marked.

Only completions are reported: when a table was begun is not known from the tables. Names and types, never a value.
"""

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import column_lineage_dataset as lineage
from openlineage.client.facet_v2 import parent_run, schema_dataset
from openlineage.client.serde import Serde

from mediflow_assets.contracts.lineage import Step, steps_of
from mediflow_assets.contracts.table import TableContract

NAMESPACE = "mediflow"
PRODUCER = "https://mediflow.invalid/lineage/1"


def events(tables: Mapping[str, TableContract], made: Mapping[str, tuple[str, dt.datetime]]) -> list[dict[str, Any]]:
    """One event for each table made, with the run that made it and when."""
    return [
        Serde.to_dict(_event(tables[name], tables, run_id, at))
        for name, (run_id, at) in sorted(made.items())
        if name in tables and any(column.derived_from for column in tables[name].columns)
    ]


def _event(table: TableContract, tables: Mapping[str, TableContract], run_id: str, at: dt.datetime) -> RunEvent:
    steps = {column.name: list(steps_of(table, column, tables)) for column in table.columns}
    run = _uuid(run_id)
    parent = parent_run.ParentRunFacet(
        parent_run.Run(str(run)), parent_run.Job(NAMESPACE, "refresh"), producer=PRODUCER
    )
    return RunEvent(
        eventType=RunState.COMPLETE,
        eventTime=at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z"),
        run=Run(str(uuid.uuid5(run, table.name)), {"parent": parent}),
        job=Job(NAMESPACE, table.name.replace("/", "_")),
        inputs=[
            InputDataset(NAMESPACE, name) for name in sorted({step.table for each in steps.values() for step in each})
        ],
        outputs=[OutputDataset(NAMESPACE, table.name, facets=_facets(table, steps))],
        producer=PRODUCER,
    )


def _facets(table: TableContract, steps: Mapping[str, Iterable[Step]]) -> dict[str, Any]:
    columns = [schema_dataset.SchemaDatasetFacetFields(c.name, str(c.type), c.description) for c in table.columns]
    fields = {name: lineage.Fields([_input(step, table) for step in each]) for name, each in steps.items() if each}
    return {
        "schema": schema_dataset.SchemaDatasetFacet(columns, producer=PRODUCER),
        "columnLineage": lineage.ColumnLineageDatasetFacet(fields, producer=PRODUCER),
    }


def _input(step: Step, table: TableContract) -> lineage.InputField:
    subtype = "IDENTITY" if step.is_identity else "AGGREGATION" if table.small_cells else "TRANSFORMATION"
    how = lineage.Transformation("DIRECT", subtype, str(step.verb or ""), step.is_masking)
    return lineage.InputField(NAMESPACE, step.table, step.column, [how])


def _uuid(run_id: str) -> uuid.UUID:
    """The run's own id, or one made of it where it is none (a table made by hand)."""
    try:
        return uuid.UUID(run_id)
    except ValueError:
        return uuid.uuid5(uuid.NAMESPACE_URL, f"{PRODUCER}/{run_id}")
