"""What an erasure takes away, found before anything is: records of Bronze, and what Silver had made of them."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.contracts import bronze, silver
from mediflow_assets.contracts.erasure import ENCOUNTER_COLUMN, PATIENT_COLUMN
from mediflow_assets.contracts.events import ENCOUNTER_EVENTS
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.ingest.erased_counts import targets_of
from mediflow_assets.ingest.refusing import ANY
from mediflow_assets.pipeline.offset_ranges import validated_through
from mediflow_assets.privacy.erasure.journal import Plan, Records
from mediflow_assets.privacy.erasure.mentions import mentioning
from mediflow_assets.privacy.erasure.subjects import FHIR_COLUMNS, Subjects, batches, find_subjects, table_of
from mediflow_assets.secrets.pseudonym_key import PseudonymKey
from mediflow_assets.sources.fhir_people import encounters_of, people_of
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.rewriting import one_of

_KEY = ["_delivery_id", "_record_number"]
Key = tuple[str, int]
Kinds = dict[str, dict[Key, str]]
"""Bronze table → record → its kind: the type of a FHIR resource."""


def plan(lake: Lake, ids: Iterable[str], key: PseudonymKey) -> tuple[Plan, frozenset[str]]:
    """What goes if these patients go, and which of them were found, by their canonical ids."""
    subjects = find_subjects(lake, ids, key)
    records = _records(lake, subjects)
    counts: Counter[tuple[str, str]] = Counter()
    validated: Counter[tuple[str, str]] = Counter()
    for name, of in records.items():
        for (delivery, _), kind in of.items():
            source = table_of(name)
            counts[_ledger_name(lake, name, delivery), delivery] += 1
            for target in targets_of(source, kind):
                validated[target.name, delivery] += 1
    planned = Plan(
        patients=len(subjects.found),
        keys=subjects.keys,
        identifiers=subjects.identifiers,
        records=_told(records),
        named=tuple(sorted(subjects.ids)),
        erased=tuple((table, delivery, count) for (table, delivery), count in sorted((counts + validated).items())),
        validated=tuple(_validated(lake, records, validated)),
        first_seen_at=_first_seen(lake, records),
    )
    return planned, frozenset(subjects.found)


def _records(lake: Lake, subjects: Subjects) -> Kinds:
    found: Kinds = {name: dict.fromkeys(_of_table(lake, name, subjects), ANY) for name in PATIENT_COLUMN}
    found[bronze.FHIR_RESOURCES.name] = dict(_of_resources(lake, subjects))
    named = mentioning("payload", subjects.ids)
    for batch in batches(lake, silver.QUARANTINE, ["source", *_KEY], named):
        for source, *key in _rows(batch):
            found.setdefault(source, {}).setdefault((key[0], key[1]), ANY)
    unread = mentioning("value", subjects.ids) & ~pc.field("patient_id").is_valid()
    for key in _keys(lake, ENCOUNTER_EVENTS, unread):
        found.setdefault(ENCOUNTER_EVENTS.name, {}).setdefault(key, ANY)
    named = mentioning("raw", subjects.ids)
    found[bronze.REJECTS.name] = dict.fromkeys(_keys(lake, bronze.REJECTS, named), ANY)
    found[bronze.CORRECTIONS.name] = dict.fromkeys(_corrections(lake, subjects, found), ANY)
    return {name: of for name, of in found.items() if of}


def _of_table(lake: Lake, name: str, subjects: Subjects) -> Iterator[Key]:
    patient = PATIENT_COLUMN[name]
    wanted = one_of(patient, subjects.spellings)
    if encounter := ENCOUNTER_COLUMN.get(name):
        # a record that names no patient, of an encounter that is known to be theirs
        is_nameless = ~pc.field(patient).is_valid() | one_of(patient, [""])
        wanted = wanted | (is_nameless & one_of(encounter, subjects.encounters))
    yield from _keys(lake, table_of(name), wanted)


def _of_resources(lake: Lake, subjects: Subjects) -> Iterator[tuple[Key, str]]:
    mentioned = mentioning("resource", subjects.wanted | subjects.ids)
    for batch in batches(lake, bronze.FHIR_RESOURCES, [*FHIR_COLUMNS, *_KEY], mentioned):
        for kind, id_, url, text, delivery, number in _rows(batch):
            is_theirs = bool(subjects.are_people(people_of(kind, id_, url, text)))
            if is_theirs or subjects.encounters.intersection(encounters_of(kind, id_, url, text)):
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
    of_events = records.get(ENCOUNTER_EVENTS.name, {})
    if not any(of == delivery for of, _ in of_events):
        return 0
    through = validated_through(lake, table_of(target)).get(delivery, -1)
    return sum(of == delivery and number > through for of, number in of_events)


def _ledger_name(lake: Lake, table: str, delivery: str) -> str:
    """The table under which the ledger counts a delivery: a reject counts under its source."""
    if table != bronze.REJECTS.name:
        return table
    source = one_of("_delivery_id", [delivery])
    for batch in batches(lake, bronze.REJECTS, ["source"], source):
        for (name,) in _rows(batch):
            return bronze.SOURCES[name].name
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
