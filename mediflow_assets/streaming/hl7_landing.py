"""Landing HL7 v2 messages of the topic: told apart from events, each goes to a table of its own, or is a reject.

The table keeps by itself how far it is. It is committed before the events of the same range: a landing that is cut
short between the two finds here what it has.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from mediflow_assets.contracts import bronze, erasure
from mediflow_assets.contracts.events import delivery_of, hl7_of, partition_of
from mediflow_assets.contracts.hl7 import EVENTS, HL7_EVENTS
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.ingest.erased_counts import row
from mediflow_assets.ingest.refusing import is_named, refuse
from mediflow_assets.ingest.tombstones import Tombstones
from mediflow_assets.pipeline import landed_offsets
from mediflow_assets.sources.delivery import RAW_KEPT
from mediflow_assets.sources.feeds import Feeds
from mediflow_assets.sources.hl7 import is_hl7, messages_in, read_message
from mediflow_assets.sources.registry import source_of
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.schemas import arrow_schema, batch_of

NONE, SEVERAL = "no_message_header", "several_messages"
_SCHEMA = arrow_schema(HL7_EVENTS)
_TYPE = re.compile(rb"hl7", re.IGNORECASE)
_OTHER_FORMS = re.compile(rb"json|xml|fhir", re.IGNORECASE)
Headers = Iterable[tuple[str, bytes | None]]
Place = tuple[int, int, dt.datetime]
"""Partition, offset, the broker's time."""


def is_message(value: bytes | None, headers: Headers = ()) -> bool:
    """Whether a message is HL7 v2: it begins as one, or its header `content-type` says so."""
    if value is None:
        return False
    named = (told or b"" for name, told in headers if name.lower().replace("_", "-") == "content-type")
    return is_hl7(value[:64]) or any(_TYPE.search(each) and not _OTHER_FORMS.search(each) for each in named)


@dataclass
class Hl7Landing:
    """The HL7 messages of one landing of a topic. The caller holds the lease of the table."""

    lake: Lake
    topic: str
    tombstones: Tombstones
    feeds: Feeds
    rows: int = 0
    known: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """By delivery."""
    times: list[pa.Array] = field(default_factory=list)
    _waiting: list[tuple[Place, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._through = self._landed(HL7_EVENTS)

    def add(self, batch: pa.RecordBatch) -> None:
        """Take messages of a partition, in the columns of events."""
        names = ("partition", "_record_number", "_ingested_at", "value")
        for partition, number, at, value in zip(*(batch.column(name).to_pylist() for name in names), strict=True):
            if number <= self._through.get(partition, -1):
                self.known += 1
                continue
            self._waiting.append(((partition, number, at), value))

    def commit(self) -> None:
        """Land what was taken: what is refused is counted first, then rejects, then rows."""
        if not self._waiting:
            return
        through: dict[int, int] = {}
        for (partition, number, _), _ in self._waiting:
            through[partition] = max(number, through.get(partition, -1))
        landed_offsets.know_topic(self.lake, hl7_of(self.topic), HL7_EVENTS)
        told, rejects = self._read()
        kept = self._without_erased(told, through)
        self._append(bronze.REJECTS, rejects, through)
        self._append(HL7_EVENTS, kept, through)
        self.rows += kept.num_rows
        self.times.append(kept.column("_ingested_at"))
        self._through |= through
        self._waiting = []

    def _read(self) -> tuple[pa.RecordBatch, list[dict[str, Any]]]:
        found: dict[str, list[Any]] = {name: [] for name in _SCHEMA.names}
        rejects = []
        for place, value in self._waiting:
            records = messages_in(value)
            read = read_message(records[0]) if len(records) == 1 else SEVERAL if records else NONE
            provenance = self._provenance(place)
            if isinstance(read, str):
                raw = {"source": EVENTS.name, "reason": read, "raw": value[:RAW_KEPT], "lines": 1}
                rejects.append(raw | provenance)
                continue
            for name, cell in (dict(zip(EVENTS.filled, read, strict=True)) | provenance).items():
                found[name].append(cell)
        columns = {name: pa.array(cells, _SCHEMA.field(name).type) for name, cells in found.items()}
        return batch_of(columns, _SCHEMA, len(found["message"])), rejects

    def _provenance(self, place: Place) -> dict[str, Any]:
        partition, number, at = place
        delivery = delivery_of(hl7_of(self.topic), partition)
        return {"_delivery_id": delivery, "_record_number": number, "_ingested_at": at}

    def _without_erased(self, told: pa.RecordBatch, through: dict[int, int]) -> pa.RecordBatch:
        kept, _ = refuse(told, source_of(HL7_EVENTS), self.tombstones, self.feeds)
        if kept.num_rows == told.num_rows:
            return kept
        counted, left = self._landed(erasure.ERASED), set(_places(kept))
        gone: Counter[tuple[str, str]] = Counter()
        for place, kind in zip(_places(told), told.column("message_type").to_pylist(), strict=True):
            delivery, number = place
            if place not in left and number > counted.get(partition_of(delivery)[1], -1):
                self.refused[delivery] += 1
                gone.update((delivery, table) for table in (HL7_EVENTS.name, *EVENTS.targets_of(kind)))
        now = dt.datetime.now(dt.UTC)
        rows = [row(f"to {through[partition_of(d)[1]]}", table, d, n, now) for (d, table), n in gone.items()]
        self.lake.ensure(erasure.ERASED)
        self._append(erasure.ERASED, pa.Table.from_pylist(rows, schema=arrow_schema(erasure.ERASED)), through)
        return kept

    def _append(self, contract: TableContract, rows: Any, through: dict[int, int]) -> None:
        """Append rows in one commit that tells how far it goes."""
        if contract is bronze.REJECTS:
            rows = self._new_rejects(rows)
        if isinstance(rows, pa.RecordBatch):
            rows = pa.Table.from_batches([rows])
        # the table of messages tells how far all of it is, also where none was one
        if len(rows) or contract is HL7_EVENTS:
            landed_offsets.append(self.lake, contract, rows, hl7_of(self.topic), through)

    def _new_rejects(self, rejects: list[dict[str, Any]]) -> pa.Table:
        known = self._landed(bronze.REJECTS)
        new = [
            each
            for each in rejects
            if each["_record_number"] > known.get(partition_of(each["_delivery_id"])[1], -1)
            and not (self.tombstones and is_named(each["raw"], self.tombstones))
        ]
        return pa.Table.from_pylist(new, schema=arrow_schema(bronze.REJECTS))

    def _landed(self, contract: TableContract) -> dict[int, int]:
        return landed_offsets.landed_through(self.lake, hl7_of(self.topic), contract)


def _places(batch: pa.RecordBatch) -> list[tuple[str, int]]:
    columns = (batch.column(name).to_pylist() for name in ("_delivery_id", "_record_number"))
    return list(zip(*columns, strict=True))
