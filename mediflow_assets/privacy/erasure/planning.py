"""What an erasure takes away, found before anything is: records of Bronze, and what Silver had made of them."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.contracts import bronze, silver
from mediflow_assets.contracts.borne import MARK
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.ingest.refusing import ANY
from mediflow_assets.pipeline.offset_ranges import validated_through
from mediflow_assets.privacy.erasure.journal import Plan, Records
from mediflow_assets.privacy.erasure.mentions import mentioning
from mediflow_assets.privacy.erasure.reading import batches, records_of, table_of
from mediflow_assets.privacy.erasure.subjects import Subjects
from mediflow_assets.sources.people import naming
from mediflow_assets.sources.registry import about_people
from mediflow_assets.sources.source import Source
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.rewriting import one_of

_KEY = ["_delivery_id", "_record_number"]
Key = tuple[str, int]
Kinds = dict[str, dict[Key, str]]
"""Bronze table → record → its kind, where the source knows of several."""


def plan(lake: Lake, subjects: Subjects) -> Plan:
    """What goes if these patients go."""
    records = _records(lake, subjects)
    counts: Counter[tuple[str, str]] = Counter()
    validated: Counter[tuple[str, str]] = Counter()
    for name, of in records.items():
        for (delivery, _), kind in of.items():
            counts[_ledger_name(lake, name, delivery), delivery] += 1
            for target in bronze.BY_TABLE[name].targets_of(kind) if name in bronze.BY_TABLE else ():
                validated[target, delivery] += 1
    return Plan(
        patients=sum(not id_.startswith(MARK) for _, id_ in subjects.people),
        keys=subjects.keys,
        identifiers=subjects.identifiers,
        records=_told(records),
        named=tuple(sorted(subjects.ids)),
        erased=tuple((table, delivery, count) for (table, delivery), count in sorted((counts + validated).items())),
        validated=tuple(_validated(lake, records, validated)),
        first_seen_at=_first_seen(lake, records),
        people=tuple(sorted(subjects.people | subjects.unknown)),
        persons=subjects.persons,
    )


def _records(lake: Lake, subjects: Subjects) -> Kinds:
    found: Kinds = {each.contract.table.name: dict(_of_source(lake, each, subjects)) for each in about_people()}
    named = mentioning("payload", subjects.ids)
    for batch in batches(lake, silver.QUARANTINE, ["source", *_KEY], named):
        for source, *key in _rows(batch):
            found.setdefault(source, {}).setdefault((key[0], key[1]), ANY)
    named = mentioning("raw", subjects.ids)
    for each in about_people():
        mine = {id_ for of, id_ in subjects.spelled if of == subjects.feeds.namespace_of(each.contract)}
        named |= mentioning("raw", mine) & one_of("source", [each.contract.name])
    found[bronze.REJECTS.name] = dict.fromkeys(_keys(lake, bronze.REJECTS, named), ANY)
    found[bronze.CORRECTIONS.name] = dict.fromkeys(_corrections(lake, subjects, found), ANY)
    return {name: of for name, of in found.items() if of}


def _of_source(lake: Lake, source: Source, subjects: Subjects) -> Iterator[tuple[Key, str]]:
    """Records that name one of the patients, and those that one of their encounters shows to be theirs."""
    contract = source.contract
    if contract.text and contract.patient:
        unread = mentioning(contract.text, subjects.ids) & ~pc.field(contract.patient).is_valid()
        for key in _keys(lake, contract.table, unread):
            yield key, ANY
    more = [*_KEY, *(name for name in (contract.kind, contract.record) if name)]
    theirs: set[tuple[str, ...]] = set()
    ids = {each for _, each in subjects.people} | subjects.spellings | subjects.encounters
    for namespace, batch, named in records_of(lake, source, subjects.feeds, ids, more):
        spelled = subjects.are_people(source, namespace, named.patients.flatten())
        stays = {each for of, each in subjects.stays if of == namespace}
        is_theirs = pc.or_(naming(named.patients, spelled), naming(named.whose, stays))
        for delivery, number, *kind in _rows(batch.filter(is_theirs).select(more)):
            theirs.add((namespace, *kind))
            yield (delivery, number), kind[0] if kind else ANY
    if contract.record:
        yield from _deletions(lake, source, subjects, theirs)


def _deletions(
    lake: Lake, source: Source, subjects: Subjects, theirs: set[tuple[str, ...]]
) -> Iterator[tuple[Key, str]]:
    """Records that name nobody, and what is theirs by its own name: by namespace, kind and id."""
    contract = source.contract
    columns = [*_KEY, str(contract.kind), str(contract.record)]
    ids = {id_ for *_, id_ in theirs if id_}
    for namespace, batch, named in records_of(lake, source, subjects.feeds, ids, columns):
        is_of_nobody = pc.equal(pc.list_value_length(named.patients), 0)
        for delivery, number, kind, id_ in _rows(batch.filter(is_of_nobody).select(columns)):
            if (namespace, kind, id_) in theirs:
                yield (delivery, number), kind


def _corrections(lake: Lake, subjects: Subjects, found: Kinds) -> Iterator[Key]:
    """Patches to the records that go, and patches that name one of the patients."""
    yield from _keys(lake, bronze.CORRECTIONS, mentioning("corrections", subjects.ids))
    going = {(delivery, str(number)) for of in found.values() for delivery, number in of}
    if not going:
        return
    columns = ["target_delivery_id", "target_record_number", *_KEY]
    for batch in batches(lake, bronze.CORRECTIONS, columns):
        for target, record, delivery, number in _rows(batch):
            if (target, (record or "").strip().lstrip("0")) in going:
                yield delivery, number


def _validated(lake: Lake, records: Kinds, validated: Counter[tuple[str, str]]) -> Iterator[tuple[str, str, int, int]]:
    """Of the deliveries that a Silver table has settled: how many of the records it had validated and quarantined."""
    settled = set(map(tuple, _read(lake, silver.PROCESSED, ["target_table", "_delivery_id"])))
    held: Counter[tuple[str, str]] = Counter()
    for target, source, delivery, number in _read(lake, silver.QUARANTINE, ["target_table", "source", *_KEY]):
        if (delivery, number) in records.get(source, {}):
            held[target, delivery] += 1
    for (target, delivery), count in sorted(validated.items()):
        if (target, delivery) in settled:
            later = _not_judged_yet(lake, target, delivery, records)
            yield target, delivery, count - later, held[target, delivery]


def _not_judged_yet(lake: Lake, target: str, delivery: str, records: Kinds) -> int:
    """Of a partition of events, records that landed after the last time it was validated."""
    of_events = [
        key
        for name, of in records.items()
        if name in bronze.BY_TABLE and bronze.BY_TABLE[name].is_stream
        for key in of
        if key[0] == delivery
    ]
    if not of_events:
        return 0
    through = validated_through(lake, table_of(target)).get(delivery, -1)
    return sum(number > through for _, number in of_events)


def _ledger_name(lake: Lake, table: str, delivery: str) -> str:
    """The table under which the ledger counts a delivery: a reject counts under its source."""
    if table != bronze.REJECTS.name:
        return table
    source = one_of("_delivery_id", [delivery])
    for batch in batches(lake, bronze.REJECTS, ["source"], source):
        for (name,) in _rows(batch):
            return bronze.SOURCES[name].table.name
    return table


def _first_seen(lake: Lake, records: Kinds) -> str | None:
    deliveries = {delivery for of in records.values() for delivery, _ in of}
    ledger = _read(lake, bronze.DELIVERIES, ["delivery_id", "received_at"])
    times = [received for delivery, received in ledger if delivery in deliveries]
    return min(times).isoformat() if times else None


def _keys(lake: Lake, contract: TableContract, wanted: Any) -> Iterator[Key]:
    for batch in batches(lake, contract, _KEY, wanted):
        yield from _rows(batch)


def _rows(batch: pa.RecordBatch) -> Iterator[Any]:
    yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _read(lake: Lake, contract: TableContract, columns: list[str]) -> Iterator[Any]:
    for batch in batches(lake, contract, columns):
        yield from _rows(batch)


def _told(records: Kinds) -> Records:
    told: dict[str, dict[str, list[int]]] = {}
    for name, of in records.items():
        for delivery, number in sorted(of):
            told.setdefault(name, {}).setdefault(delivery, []).append(number)
    return {name: {delivery: tuple(numbers) for delivery, numbers in of.items()} for name, of in told.items()}
