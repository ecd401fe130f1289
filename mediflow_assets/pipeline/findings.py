"""What was found in whole tables, kept as long as their files are the same: a run with nothing new looks at none again.

Their versions would not do, for each note in a table makes another one. A release that looks for something else under
the same name names it anew, or puts that beside.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import pyarrow.compute as pc

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.fhir import FHIR_RESOURCES
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.storage.delta import Lake


def found(lake: Lake, name: str, of: Collection[TableContract], look: Callable[[], Any], beside: str = "") -> Any:
    """What `look` finds in tables, and with what stands `beside`; it is to be JSON, and hold nothing of a patient."""
    opened = [lake.seen(table) for table in of]
    files = [sorted(table.file_uris()) if table else [] for table in opened]
    state = hashlib.sha256(json.dumps([files, beside]).encode()).hexdigest()
    kept = lake.property_of(silver.PROCESSED, name) or {}
    if kept.get("of") != state:
        kept = {"of": state, "found": look()}
        lake.set_properties(silver.PROCESSED, **{name: kept})
    return kept["found"]


def has_any(lake: Lake, name: str, wanted: Mapping[TableContract, Any]) -> bool:
    """Whether one of the tables has a row for which its Arrow expression holds."""

    def look() -> bool:
        opened = ((contract, lake.seen(contract), where) for contract, where in wanted.items())
        return any(
            bool(lake.dataset(contract, table).head(1, columns=[], filter=where).num_rows)
            for contract, table, where in opened
            if table
        )

    return bool(found(lake, name, wanted, look))


def resources_told(lake: Lake, name: str, types: Sequence[str]) -> str:
    """By what FHIR resources of some types have come, and gone; empty while there are none."""

    def look() -> str:
        counts: Counter[str] = Counter()
        if (table := lake.seen(FHIR_RESOURCES)) is not None:
            rows, wanted = lake.dataset(FHIR_RESOURCES, table), pc.field("resource_type").isin(types)
            for batch in rows.to_batches(columns=["_delivery_id"], filter=wanted):
                counts.update({each["values"]: each["counts"] for each in pc.value_counts(batch.column(0)).to_pylist()})
        return hashlib.sha256(json.dumps(sorted(counts.items())).encode()).hexdigest() if counts else ""

    return str(found(lake, name, [FHIR_RESOURCES], look))
