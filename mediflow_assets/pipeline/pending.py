"""What a Silver table has still to validate: known from small tables alone, so that no engine starts for nothing."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow.compute as pc

from mediflow_assets.contracts import bronze, clinical, silver
from mediflow_assets.contracts.source import SourceContract
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline.corrections import Key, concern, corrections
from mediflow_assets.pipeline.offset_ranges import OffsetRanges, to_validate
from mediflow_assets.storage.delta import Lake
from mediflow_assets.transforms.validation import NOT_ADMITTED, NOT_NAMED_YET

Wanted = Callable[[dict[str, Any]], bool]
PATIENTS_VERSION, ENCOUNTERS_VERSION = "patients_version", "encounters_version"
OF_ENCOUNTERS = (silver.CONDITIONS, *clinical.TABLES)
"""Tables whose rows may wait for their encounters, or follow them."""
_OPEN = ("open", "waiting")


@dataclass(frozen=True)
class Pending:
    """Deliveries to validate whole, and single records to validate again, by Bronze table.

    `corrections` are the new deliveries of these; `accepted_corrected` says that one of them changes a record which the
    table has accepted, and whose old content only a table made again is sure to be rid of. Of a partition of events,
    a delivery without end, `offset_ranges` tells which of its records are new.
    """

    deliveries: dict[str, tuple[str, ...]]
    again: dict[str, frozenset[Key]]
    corrections: tuple[str, ...] = ()
    accepted_corrected: bool = False
    offset_ranges: OffsetRanges = field(default_factory=OffsetRanges)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to validate."""
        return not any(self.deliveries.values()) and not any(self.again.values()) and not self.corrections

    @property
    def of_parts(self) -> frozenset[str]:
        """The deliveries of records of which not each says something."""
        tables = {name for name in (*self.deliveries, *self.again) if bronze.BY_TABLE[name].has_parts}
        named = (self.deliveries.get(name, ()) for name in tables)
        held = (key[0] for name in tables for key in self.again.get(name, ()))
        return frozenset((*held, *(delivery for ids in named for delivery in ids)))

    @property
    def new(self) -> tuple[str, ...]:
        """The deliveries to validate whole, whatever their source."""
        return tuple(delivery for ids in self.deliveries.values() for delivery in ids)

    def is_new(self, key: Key) -> bool:
        """Whether a record is of a delivery, or of a stretch of one, that has not been validated."""
        if key[0] in self.offset_ranges:
            return self.offset_ranges.holds(*key)
        return any(key[0] in ids for ids in self.deliveries.values())


def pending(lake: Lake, target: TableContract, wanted: Wanted | None = None) -> Pending:
    """New deliveries of the target's sources; waiting records if patients arrived since; corrected ones; and those
    open ones that `wanted` (over the quarantine's key columns and reasons) asks to validate again."""
    validated = _validated(lake, target)
    sources = bronze.sources_of(target)
    streams = [source for source in sources if source.is_stream]
    new: dict[str, list[str]] = {source.table.name: [] for source in sources}
    sources_of: dict[str, list[SourceContract]] = {}
    patches = []
    for row in lake.read(bronze.DELIVERIES, ["delivery_id", "source"]).to_pylist():
        source = bronze.SOURCES[row["source"]]
        sources_of[row["delivery_id"]] = [source]
        if row["delivery_id"] in validated:
            continue
        if source.table is bronze.CORRECTIONS:
            patches.append(row["delivery_id"])
        elif source.table.name in new:
            new[source.table.name].append(row["delivery_id"])
    offset_ranges = OffsetRanges()
    for stream in streams:
        found = to_validate(lake, target, stream.table)
        new[stream.table.name], offset_ranges = list(found), OffsetRanges(offset_ranges | found)
    corrected = corrections(lake, patches) if patches else {}
    has_events = any(new.values())
    work = Pending({table: tuple(sorted(ids)) for table, ids in new.items()}, {}, offset_ranges=offset_ranges)
    has_patients = patients_changed(lake, target) or encounters_changed(lake, target)
    is_due_again = bool(corrected or wanted or has_patients or has_events)
    held = _held(lake, target, is_whole=bool(corrected or wanted)) if is_due_again else {}
    again: dict[str, set[Key]] = {}
    for key, row in held.items():
        is_corrected = key in corrected and row["status"] != "discarded" and _is_open_to(corrected[key], row)
        has_come = has_patients or {NOT_ADMITTED, NOT_NAMED_YET} & {*row["reasons"]}
        if not work.is_new(key) and (is_corrected or _is_due(row, bool(has_come), wanted)):
            again.setdefault(row["source"], set()).add(key)
    beyond = (
        key
        for key in corrected
        if key[0] in validated and not work.is_new(key) and not _is_open_to(corrected[key], held.get(key))
    )
    return replace(
        work,
        again={source: frozenset(keys) for source, keys in again.items()},
        corrections=tuple(sorted(patches)),
        accepted_corrected=any(
            # a delivery that the ledger does not know is one of a stream
            concern(corrected[key], source, target)
            for key in beyond
            for source in sources_of.get(key[0], streams)
        ),
    )


def _is_open_to(fields: dict[str, str], held: dict[str, Any] | None) -> bool:
    """Whether a correction can be laid over what stands in quarantine; one that was cut short is laid over again."""
    if held is None:
        return False
    payload = json.loads(held["payload"])
    return held["status"] != "replayed" or all(payload.get(name) == value for name, value in fields.items())


def _is_due(held: dict[str, Any], patients_arrived: bool, wanted: Wanted | None) -> bool:
    if held["status"] not in _OPEN:
        return False
    return (held["status"] == "waiting" and patients_arrived) or (wanted is not None and wanted(held))


def _validated(lake: Lake, target: TableContract) -> set[str]:
    rows = lake.read(silver.PROCESSED, ["target_table", "_delivery_id"])
    return set(rows.filter(pc.field("target_table") == target.name)["_delivery_id"].to_pylist())


def patients_changed(lake: Lake, target: TableContract) -> bool:
    """Whether the table was last made from another version of the patients."""
    return bool(lake.property_of(target, PATIENTS_VERSION) != lake.version(silver.PATIENTS))


def encounters_changed(lake: Lake, target: TableContract) -> bool:
    """Whether a table that names encounters was last made from another version of them."""
    if target not in OF_ENCOUNTERS:
        return False
    return bool(lake.property_of(target, ENCOUNTERS_VERSION) != lake.version(silver.ENCOUNTERS))


def _held(lake: Lake, target: TableContract, is_whole: bool) -> dict[Key, dict[str, Any]]:
    """What stands in quarantine for the table, or just what waits for its patient, by record."""
    columns = ["target_table", "source", "_delivery_id", "_record_number", "reasons", "status", "payload"]
    rows = lake.read(silver.QUARANTINE, columns).filter(pc.field("target_table") == target.name)
    if not is_whole:
        rows = rows.filter(pc.field("status") == "waiting")
    return {(row["_delivery_id"], row["_record_number"]): row for row in rows.to_pylist()}
