"""Landing: a delivery's records go to Bronze as Arrow batches, straight to Delta, without an engine.

Order: the source's table, `rejects`, `erased` (counts of what was refused), then the ledger row, which is the commit.
What a landing that was cut short left behind is removed before the delivery is landed again.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from mediflow_assets.contracts import bronze, erasure
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.errors import ContractViolated, DeliveryRefused, MediFlowError
from mediflow_assets.ingest.erased_counts import counted
from mediflow_assets.ingest.inbox import Delivery, Inbox
from mediflow_assets.ingest.refusing import Refused, is_named, other_names, refuse, refuse_rejects
from mediflow_assets.ingest.reject_spool import RejectSpool
from mediflow_assets.ingest.tombstones import Tombstones
from mediflow_assets.sources import Feeds, Recognised, RecordBatchOfDelivery, count_records, read_batches, recognise
from mediflow_assets.sources.refusing import refusing
from mediflow_assets.sources.registry import sources
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.schemas import arrow_schema, batch_of


@dataclass(frozen=True)
class Landed:
    """One delivery in Bronze: its records by a second reader's count, and what became of them."""

    delivery: Delivery
    records: int
    bronze: int
    rejects: int
    refused: int = 0
    """Of patients who were erased."""
    skipped: int = 0
    """Lines above the header and total rows, which are no records."""


@dataclass
class _Aside:
    """What a delivery's batches hold that does not go to its table, and why its reading stopped if it did."""

    rejects: RejectSpool
    refused: Refused = field(default_factory=Counter)
    refused_rejects: int = 0
    read: int = 0
    """Records of the table and rejects, kept or refused."""
    total_rows: int = 0
    refusal: DeliveryRefused | None = None


def known_deliveries(lake: Lake) -> set[str]:
    """The ids in the ledger."""
    return set(lake.read(bronze.DELIVERIES, ["delivery_id"])["delivery_id"].to_pylist())


def land_all(
    lake: Lake,
    inbox: Inbox,
    tombstones: Tombstones | None = None,
    on_refused: Callable[[Delivery, DeliveryRefused], None] = lambda *_: None,
    leaves: Collection[str] = (),
) -> list[Landed]:
    """Land every delivery of the inbox that the ledger does not know; remove those it knows.

    Records of patients with a tombstone are refused and counted. A delivery that turns out not to be readable to its
    end, or beyond its limits, is refused whole: it goes to the refused, and `on_refused` is told why. What is for the
    Bronze tables that it `leaves`, by name, stays in the inbox.
    """
    for contract in (*bronze.TABLES, erasure.ERASED):
        lake.ensure(contract)
    known = known_deliveries(lake)
    landed = []
    waiting = [each for each in inbox.waiting() if bronze.SOURCES[each.source].table.name not in leaves]
    marks = _knowing(tombstones or Tombstones(), inbox, [each for each in waiting if each.delivery_id not in known])
    for delivery in waiting:
        if delivery.delivery_id not in known:
            try:
                landed.append(land(lake, inbox, delivery, marks))
            except DeliveryRefused as refusal:
                _forget(lake, delivery)
                inbox.refuse_delivery(delivery)
                on_refused(delivery, refusal)
        inbox.done(delivery)
    return landed


def land(lake: Lake, inbox: Inbox, delivery: Delivery, tombstones: Tombstones) -> Landed:
    """Land one delivery. Raises DeliveryRefused where two readers see different records, ContractViolated where the
    lake does not have them all; nothing of it is then in the ledger."""
    contract, path = bronze.SOURCES[delivery.source].table, inbox.file_of(delivery)
    what = recognise(path, inbox.feeds, inbox.limits)
    _forget(lake, delivery)
    aside = _Aside(RejectSpool(inbox.scratch("rejects"), delivery, inbox.limits.rejects))
    before = lake.rows(contract)
    try:
        batches = _with_provenance(read_batches(path, what), contract, what, delivery, aside, tombstones, inbox.feeds)
        records = _append(lake, contract, delivery, _remembering(batches, aside), aside, (path, what))
        _set_aside(lake, delivery, aside)
    finally:
        aside.rejects.remove()
    refused = sum(aside.refused.values()) + aside.refused_rejects
    skipped = what.title_lines + aside.total_rows
    landed = Landed(delivery, records, lake.rows(contract) - before, aside.rejects.count, refused, skipped)
    if records != aside.read:
        raise DeliveryRefused(
            f"{records:,} records were counted in it, and {aside.read:,} read: it is not written as such files are. "
            "Export it as plain CSV."
        )
    if landed.records != landed.bronze + landed.rejects + landed.refused:
        raise ContractViolated(
            f"delivery {delivery.short}: {landed.records} records were counted, {landed.bronze} landed, "
            f"{landed.rejects} were rejected and {landed.refused} refused. It is kept in the inbox."
        )
    lake.append_rows(bronze.DELIVERIES, [_ledger_row(landed, what, tombstones)])
    return landed


def _knowing(tombstones: Tombstones, inbox: Inbox, waiting: Sequence[Delivery]) -> Tombstones:
    """The tombstones with the names by which what waits tells of erased patients: it may come in any order."""
    for delivery in waiting if tombstones else ():
        source, path = sources()[delivery.source], inbox.file_of(delivery)
        if inbox.feeds.number_system(source):
            with suppress(DeliveryRefused), refusing():
                batches = read_batches(path, recognise(path, inbox.feeds, inbox.limits))
                found = other_names(batches, source, tombstones, inbox.feeds, delivery.received_at)
                tombstones = tombstones.with_names(found)
    return tombstones


def _forget(lake: Lake, delivery: Delivery) -> None:
    """Remove what a landing that was cut short, or refused, left of a delivery."""
    for table in (bronze.SOURCES[delivery.source].table, bronze.REJECTS, erasure.ERASED):
        lake.delete_delivery(table, delivery.delivery_id)


def _append(
    lake: Lake,
    contract: TableContract,
    delivery: Delivery,
    batches: Iterator[pa.RecordBatch],
    aside: _Aside,
    counted_file: tuple[Path, Recognised],
) -> int:
    """Write the batches, and count the records by the second reader meanwhile. Raises DeliveryRefused."""
    with ThreadPoolExecutor(2) as beside:
        counted_records = beside.submit(count_records, *counted_file)
        reader = pa.RecordBatchReader.from_batches(arrow_schema(contract), _read_ahead(batches, beside))
        try:
            lake.append(contract, reader, transaction=delivery.delivery_id)
        except MediFlowError:
            # the storage library tells of it in words of its own
            if aside.refusal is not None:
                raise aside.refusal from None
            raise
    return counted_records.result()


def _set_aside(lake: Lake, delivery: Delivery, aside: _Aside) -> None:
    """Write the rejects, and how many records were refused."""
    aside.rejects.close()
    if aside.rejects.count:
        lake.append(bronze.REJECTS, aside.rejects.rows(), transaction=delivery.delivery_id)
    if rows := counted(delivery, aside.refused, aside.refused_rejects):
        lake.append_rows(erasure.ERASED, rows, transaction=delivery.delivery_id)


def _read_ahead(batches: Iterator[pa.RecordBatch], beside: ThreadPoolExecutor) -> Iterator[pa.RecordBatch]:
    """The same batches, the next one parsed on another core while this one is written."""
    coming: Future[pa.RecordBatch | None] = beside.submit(next, batches, None)
    while (batch := coming.result()) is not None:
        coming = beside.submit(next, batches, None)
        yield batch


def _remembering(batches: Iterator[pa.RecordBatch], aside: _Aside) -> Iterator[pa.RecordBatch]:
    """The same batches; why they stop, if the delivery is refused, is kept: it does not come through the storage."""
    try:
        yield from batches
    except DeliveryRefused as refusal:
        aside.refusal = refusal
        raise


def _with_provenance(
    batches: Iterator[RecordBatchOfDelivery],
    contract: TableContract,
    what: Recognised,
    delivery: Delivery,
    aside: _Aside,
    tombstones: Tombstones,
    feeds: Feeds,
) -> Iterator[pa.RecordBatch]:
    """Batches of the table's own columns; rejects and what is refused are gathered aside as they come."""
    schema, source = arrow_schema(contract), sources()[delivery.source]
    constants = {
        "_delivery_id": delivery.delivery_id,
        "_ingested_at": delivery.received_at,
        "_feed": what.feed,
    }
    for batch in batches:
        with refusing():
            kept, refused_rejects = refuse_rejects(batch.rejects, tombstones)
            rows, refused = refuse(batch.accepted, source, tombstones, feeds, what.feed)
        aside.read += batch.accepted.num_rows + len(batch.rejects)
        aside.refused.update(refused)
        aside.total_rows += batch.total_rows
        aside.refused_rejects += refused_rejects
        aside.rejects.add(kept)
        if rows.num_rows:
            found = dict(zip(rows.schema.names, rows.columns, strict=True))
            found |= {
                name: pa.repeat(pa.scalar(value, schema.field(name).type), rows.num_rows)
                for name, value in constants.items()
                if name in schema.names
            }
            yield batch_of(found, schema, rows.num_rows)


def _ledger_row(landed: Landed, what: Recognised, tombstones: Tombstones) -> dict[str, object]:
    delivery = landed.delivery
    names_one_erased = bool(tombstones) and is_named(delivery.file_name.encode(), tombstones)
    return {
        "delivery_id": delivery.delivery_id,
        "source": delivery.source,
        "feed": what.feed,
        "file_name": None if names_one_erased else delivery.file_name,
        "bytes": delivery.bytes,
        "records": landed.records,
        "bronze": landed.bronze,
        "rejects": landed.rejects,
        "unknown_columns": len(what.unknown_columns),
        "received_at": delivery.received_at,
        "skipped": landed.skipped,
    }
