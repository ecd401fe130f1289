"""Trying feeds: files are landed and validated by the steps of every run, in a lake that is thrown away."""

import gzip
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mediflow_assets.contracts import bronze, silver
from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.ingest import landing
from mediflow_assets.ingest.inbox import Inbox
from mediflow_assets.pipeline import merged
from mediflow_assets.pipeline import silver as steps
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.secrets.pseudonym_key import KEY_BYTES, PseudonymKey
from mediflow_assets.sources import Feeds, Limits
from mediflow_assets.sources.opening import compression_of, refusing
from mediflow_assets.storage import engine
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.tables import Tables

_MOST = 16 << 20
"""Bytes of a text that are tried."""
_MAGIC = 4096
_MOST_WITHIN_QUOTES = 20
"""Lines of one record."""


@dataclass(frozen=True)
class Tried:
    """What became of one file's records."""

    source: str
    feed: str | None
    records: int
    accepted: int
    """By every table that they become rows of."""
    waiting: int = 0
    """For what another file tells."""
    reasons: Counter[str] = field(default_factory=Counter)
    """How many records each reason stands against."""

    @property
    def is_taken(self) -> bool:
        """Whether a record comes in, now or with what it waits for; a file without any is no reason against it."""
        return bool(self.accepted or self.waiting or not self.records)


def attempt(files: Sequence[Path], feeds: Feeds, limits: Limits) -> list[Tried | DeliveryRefused]:
    """What becomes of each file's records, by these feeds; a refusal where a file is refused whole."""
    with TemporaryDirectory(prefix="mediflow-trial-") as name, _session() as session:
        folder = Path(name)
        lake, inbox = Lake(str(folder / "lake")), Inbox(folder / "inbox", feeds, limits)
        found: list[Tried | DeliveryRefused | str] = []
        refused: dict[str, DeliveryRefused] = {}
        for file in files:
            try:
                found.append(inbox.receive(_beginning(file, folder))[0].delivery_id)
            except DeliveryRefused as refusal:
                found.append(refusal)
        landed = landing.land_all(
            lake, inbox, on_refused=lambda delivery, refusal: refused.update({delivery.delivery_id: refusal})
        )
        context = RunContext(Tables(lake, lambda: session), PseudonymKey(secrets.token_bytes(KEY_BYTES)), feeds)
        for table in steps.ALL:
            if table.have_owners:
                merged.make(context)
            steps.make(context, table)
        told = {each.delivery.delivery_id: _told(lake, each) for each in landed}
        return [one if not isinstance(one, str) else refused.get(one) or told[one] for one in found]


def _beginning(file: Path, folder: Path) -> Path:
    """A file itself, or if it is a long text the lines of its first megabytes: enough to judge it by."""
    compression = compression_of(file)
    with refusing(), (gzip.open if compression else open)(file, "rb") as stream:
        head = stream.read(_MOST)
        if not stream.read(1) or b"\0" in head[:_MAGIC]:
            return file
    if (end := end_of_records(head)) == 0:
        return file
    beginning = folder / f"beginning-{file.stat().st_ino}"
    beginning.write_bytes(head[:end])
    return beginning


def end_of_records(head: bytes) -> int:
    """Where whole lines of a long text end, none of them within quotes; 0 of what is one document, not lines."""
    first = head.lstrip().partition(b"\n")[0]
    if first.startswith(b"[") or (first.startswith(b"{") and not first.rstrip().endswith(b"}")):
        return 0
    last = end = max(map(head.rfind, (b"\n", b"\r"))) + 1
    for _ in range(_MOST_WITHIN_QUOTES):
        if end == 0 or head.count(b'"', 0, end) % 2 == 0:
            return end or last
        end = max(head.rfind(mark, 0, end - 1) for mark in (b"\n", b"\r")) + 1
    return last


@contextmanager
def _session() -> Iterator[Any]:
    from pyspark.sql import SparkSession

    session = SparkSession.builder.remote(engine.embedded_url()).config(map=engine.CONFIG).getOrCreate()
    try:
        yield session
    finally:
        engine.stop_embedded()


def _told(lake: Lake, landed: landing.Landed) -> Tried:
    delivery = landed.delivery.delivery_id
    held: dict[int, set[str]] = {}
    rows = lake.read(silver.QUARANTINE, ["_delivery_id", "_record_number", "reasons"])
    for row in rows.to_pylist():
        if row["_delivery_id"] == delivery:
            held.setdefault(row["_record_number"], set()).update(row["reasons"])
    waits = {number for number, reasons in held.items() if all(reason.endswith("_not_arrived") for reason in reasons)}
    reasons = Counter(reason for number, found in held.items() if number not in waits for reason in found)
    for reject in lake.read(bronze.REJECTS, ["_delivery_id", "reason"]).to_pylist():
        if reject["_delivery_id"] == delivery:
            reasons[reject["reason"]] += 1
    feed = next(
        row["feed"]
        for row in lake.read(bronze.DELIVERIES, ["delivery_id", "feed"]).to_pylist()
        if row["delivery_id"] == delivery
    )
    accepted = landed.bronze - len(held)
    return Tried(landed.delivery.source, feed, landed.records, accepted, len(waits), reasons)
