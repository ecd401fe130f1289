"""Patches to quarantined records: a CSV of source `corrections`, which may mend open and waiting records only."""

from collections.abc import Set
from pathlib import Path

from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.ingest.inbox import Delivery, Inbox
from mediflow_assets.ingest.landing import known_deliveries
from mediflow_assets.operations.quarantine import open_records
from mediflow_assets.pipeline.corrections import record_number
from mediflow_assets.sources import Recognised, read_batches, recognise
from mediflow_assets.storage.delta import Lake


def receive_patch(path: Path, inbox: Inbox, lake: Lake) -> tuple[Delivery, bool]:
    """Put a patch into the inbox; returns it and whether it was landed before. Raises DeliveryRefused."""
    what = recognise(path, inbox.feeds)
    if what.source != "corrections":
        raise DeliveryRefused(
            "This is no patch: its header needs _delivery_id, _record_number and the columns to be mended."
        )
    delivery, _ = inbox.receive(path)
    if delivery.delivery_id in known_deliveries(lake):
        inbox.done(delivery)
        return delivery, True
    try:
        refuse_what_is_not_open(inbox.file_of(delivery), what, lake)
    except DeliveryRefused:
        inbox.done(delivery)
        raise
    return delivery, False


def refuse_what_is_not_open(path: Path, what: Recognised, lake: Lake) -> None:
    """Raise DeliveryRefused unless every record of the patch mends one that is open or waiting."""
    standing = open_records(lake)
    records = wrong = 0
    for batch in read_batches(path, what):
        ids = batch.accepted["target_delivery_id"].to_pylist()
        numbers = batch.accepted["target_record_number"].to_pylist()
        wrong += sum(not _is_in(standing, id_, number) for id_, number in zip(ids, numbers, strict=True))
        wrong += len(batch.rejects)
        records += len(ids) + len(batch.rejects)
    if wrong:
        raise DeliveryRefused(
            f"{wrong} of the patch's {records} records mend nothing that stands open or waiting in quarantine "
            "(a delivery is named by all 64 digits). 'mediflow quarantine list --records' shows what does. "
            "Nothing was taken."
        )


def _is_in(standing: Set[tuple[str, int | None]], delivery: str | None, number: str | None) -> bool:
    return (delivery or "", record_number(number)) in standing
