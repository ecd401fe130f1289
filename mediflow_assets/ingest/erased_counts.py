"""Counts of records that are gone: rows of `bronze/erased`, per delivery, Bronze table and Silver table."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from typing import Any

from mediflow_assets.contracts import bronze, erasure, events, silver
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.ingest.inbox import Delivery
from mediflow_assets.ingest.refusing import ANY
from mediflow_assets.storage.delta import Lake

TARGETS: Mapping[str, tuple[TableContract, ...]] = {
    bronze.ADMISSIONS.name: (silver.PATIENTS, silver.ENCOUNTERS),
    bronze.SYNTHEA_PATIENTS.name: (silver.PATIENTS,),
    bronze.SYNTHEA_ENCOUNTERS.name: (silver.ENCOUNTERS,),
    bronze.SYNTHEA_CONDITIONS.name: (silver.CONDITIONS,),
    bronze.FHIR_RESOURCES.name: silver.VALIDATED,
    events.ENCOUNTER_EVENTS.name: (silver.PATIENTS, silver.ENCOUNTERS),
}
"""The Silver tables that validate a Bronze table's records."""
Counts = Counter[tuple[str, str]]
"""Records by table and delivery."""


def targets_of(source: TableContract, kind: str) -> list[TableContract]:
    """The Silver tables that validate a record; of a FHIR resource `kind` is its type."""
    of_type = [table for table in TARGETS.get(source.name, ()) if bronze.FHIR_TYPES[table.name] == kind]
    return of_type if source is bronze.FHIR_RESOURCES else list(TARGETS.get(source.name, ()))


def counted(delivery: Delivery, refused: Mapping[str, int], rejects: int) -> list[dict[str, Any]]:
    """Rows for what a delivery held of erased patients; its `received_at` stands for the time."""
    source = bronze.SOURCES[delivery.source]
    counts: Counter[str] = Counter()
    for kind, records in {**refused, ANY: refused.get(ANY, 0)}.items():
        counts[source.name] += records
        for target in targets_of(source, kind):
            counts[target.name] += records
    counts[source.name] += rejects
    return [
        row("", table, delivery.delivery_id, records, delivery.received_at)
        for table, records in counts.items()
        if records
    ]


def row(erasure_id: str, table: str, delivery_id: str, records: int, at: dt.datetime) -> dict[str, Any]:
    """One row of `bronze/erased`."""
    return {
        "erasure_id": erasure_id,
        "table": table,
        "_delivery_id": delivery_id,
        "records": records,
        "counted_at": at,
    }


def erased_records(lake: Lake) -> Counts:
    """How many records are gone, by table and delivery."""
    counts: Counts = Counter()
    for found in lake.read(erasure.ERASED, ["table", "_delivery_id", "records"]).to_pylist():
        counts[found["table"], found["_delivery_id"]] += found["records"]
    return counts
