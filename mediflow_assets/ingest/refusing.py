"""Refusing on arrival: records of erased patients do not enter Bronze; they are counted, and that is all of them."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain

import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.contracts.identifiers import MRN
from mediflow_assets.ingest.tombstones import Name, Tombstones
from mediflow_assets.sources import RecordBatchOfDelivery, Reject
from mediflow_assets.sources.feeds import NO_FEEDS, Feeds
from mediflow_assets.sources.fhir_numbers import Placed, newest
from mediflow_assets.sources.people import naming, values
from mediflow_assets.sources.source import Source

_PART = re.compile(r"[0-9A-Za-z\u0080-\uffff]+")
_MOST_PARTS = 6
"""Of an id: a UUID has five."""

ANY = ""
"""The kind of a record where the source knows of none."""
Refused = Counter[str]
"""How many records were refused, by their kind."""


def refuse(
    batch: pa.RecordBatch, source: Source, tombstones: Tombstones, feeds: Feeds = NO_FEEDS, feed: str | None = None
) -> tuple[pa.RecordBatch, Refused]:
    """The batch, of one feed, without the records of erased patients, and how many those were."""
    if not tombstones or not batch.num_rows:
        return batch, Counter()
    namespace, named = feeds.namespace_of(source.contract, feed), source.named(batch).patients
    names = {each: feeds.name_in(source, namespace, each) for each in values(named)}
    erased = {each for each, (of, spelled) in names.items() if tombstones.refuses(spelled, of)}
    is_refused = pc.or_(naming(named, erased), _bears_number(batch, source, tombstones, feeds))
    if not pc.any(is_refused).as_py():
        return batch, Counter()
    gone = batch.filter(is_refused)
    kinds = gone.column(source.contract.kind).to_pylist() if source.contract.kind else [ANY] * gone.num_rows
    return batch.filter(pc.invert(is_refused)), Counter(map(str, kinds))


def _bears_number(batch: pa.RecordBatch, source: Source, tombstones: Tombstones, feeds: Feeds) -> pa.Array:
    """Per record whether it is a patient whom the hospital knows by the record number of an erased one."""
    borne = feeds.record_numbers(source, batch)
    return pa.array([tombstones.refuses(each.number, MRN) for each in borne] or [False] * batch.num_rows)


def other_names(
    batches: Iterable[RecordBatchOfDelivery],
    source: Source,
    tombstones: Tombstones,
    feeds: Feeds,
    received_at: dt.datetime,
) -> dict[Name, str]:
    """The names in a delivery of patients whom the hospital knows by the record number of an erased one, as the newest
    version of each says, with that number."""
    told: dict[str, list[Placed]] = {}
    records = chain.from_iterable(feeds.record_numbers(source, each.accepted) for each in batches)
    for n, each in enumerate(records):
        if each.patient and each.number:
            told.setdefault(each.patient, []).append((each.place(received_at, n), each))
    namespace = feeds.namespace_of(source.contract)
    numbers = {feeds.name_in(source, namespace, id_): newest(of).number or "" for id_, of in told.items()}
    return {name: number for name, number in numbers.items() if tombstones.refuses(number, MRN)}


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
