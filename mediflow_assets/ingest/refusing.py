"""Refusing on arrival: records of erased patients do not enter Bronze; they are counted, and that is all of them."""

import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.contracts import bronze
from mediflow_assets.contracts.erasure import PATIENT_COLUMN
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.ingest.tombstones import Tombstones
from mediflow_assets.sources import Reject
from mediflow_assets.sources.fhir_people import people_of

_PART = re.compile(r"[0-9A-Za-z\u0080-\uffff]+")
_MOST_PARTS = 6
"""Of an id: a UUID has five."""

ANY = ""
"""The kind of a record that is not a FHIR resource."""
Refused = Counter[str]
"""How many records were refused, by the type of FHIR resource."""


def refuse(batch: pa.RecordBatch, contract: TableContract, tombstones: Tombstones) -> tuple[pa.RecordBatch, Refused]:
    """The batch without the records of erased patients, and how many those were."""
    if not tombstones or not batch.num_rows:
        return batch, Counter()
    if contract is bronze.FHIR_RESOURCES:
        return _refuse_resources(batch, tombstones)
    if contract is bronze.CORRECTIONS:
        is_refused = pa.array([_names_one(text, tombstones) for text in batch.column("corrections").to_pylist()])
    else:
        ids = batch.column(PATIENT_COLUMN[contract.name])
        refused = [each for each in pc.unique(ids).to_pylist() if tombstones.refuses(each)]
        is_refused = pc.is_in(ids, pa.array(refused, ids.type))
    count = int(pc.sum(is_refused).as_py() or 0)
    return (batch.filter(pc.invert(is_refused)), Counter({ANY: count})) if count else (batch, Counter())


def refuse_rejects(rejects: Sequence[Reject], tombstones: Tombstones) -> tuple[list[Reject], int]:
    """The rejects in which no erased patient is named, and how many others there were."""
    kept = [reject for reject in rejects if not (tombstones and is_named(reject.raw, tombstones))]
    return kept, len(rejects) - len(kept)


def is_named(raw: bytes, tombstones: Tombstones) -> bool:
    """Whether a word of some bytes is the id of an erased patient."""
    text = raw.decode("utf-8", "replace")
    parts = [part.span() for part in _PART.finditer(text)]
    offset_ranges = ((start, parts[n : n + _MOST_PARTS]) for n, (start, _) in enumerate(parts))
    return any(tombstones.refuses(text[start:end]) for start, following in offset_ranges for _, end in following)


def _refuse_resources(batch: pa.RecordBatch, tombstones: Tombstones) -> tuple[pa.RecordBatch, Refused]:
    columns = (batch.column(name).to_pylist() for name in ("resource_type", "resource_id", "full_url", "resource"))
    kinds = batch.column("resource_type").to_pylist()
    named = [any(map(tombstones.refuses, people_of(*row))) for row in zip(*columns, strict=True)]
    refused = Counter(str(kind) for kind, is_refused in zip(kinds, named, strict=True) if is_refused)
    return batch.filter(pc.invert(pa.array(named))), refused


def _names_one(patch: str | None, tombstones: Tombstones) -> bool:
    values: Any = json.loads(patch) if patch else {}
    return any(isinstance(value, str) and tombstones.refuses(value) for value in values.values())
