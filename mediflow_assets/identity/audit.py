"""The audit log: who did what, when and with what outcome, as a chain of hashes in the database of MediFlow.

Each record holds the hash of the one before it, and the newest hash is also written to a file outside the database:
a record that was changed, removed or moved breaks the chain, a tail that was cut off does not reach the head.
No values enter: an action is a route or a command, a detail is a code, a ticket or a count.
"""

import datetime as dt
import hashlib
import json
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from mediflow_assets.identity.audit_head import Head, HeadFile
from mediflow_assets.identity.database import engine, locked, opened

GENESIS = "0" * 64
"""What the first record names as the one before it."""
LONGEST_TEXT = 200
_LOCK = 0x6D65646941
"""PostgreSQL's advisory lock of the chain: one writer at a time, in whatever process."""

_metadata = sa.MetaData()
_audit = sa.Table(
    "audit",
    _metadata,
    sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("at", sa.String(32), nullable=False),
    sa.Column("source", sa.String(LONGEST_TEXT), nullable=False),
    sa.Column("actor", sa.String(LONGEST_TEXT), nullable=False),
    sa.Column("action", sa.String(LONGEST_TEXT), nullable=False),
    sa.Column("outcome", sa.String(LONGEST_TEXT), nullable=False),
    sa.Column("request_id", sa.String(LONGEST_TEXT), nullable=False),
    sa.Column("model_version", sa.String(LONGEST_TEXT), nullable=False),
    sa.Column("detail", sa.String(LONGEST_TEXT), nullable=False),
    sa.Column("previous_hash", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)
_HASHED = tuple(column.name for column in _audit.columns if column.name != "hash")


@dataclass(frozen=True)
class Record:
    """What is to be recorded. Texts are made one line of printable letters, at most 200 of them; never a value."""

    source: str
    """Where it happened: `command`, `gateway` or `dashboard`."""
    actor: str
    """The user's name; empty where nobody was known."""
    action: str
    """The route or command, as written in the code: `POST /predict`, `reidentify`."""
    outcome: str
    """`done`, `refused` or `failed`."""
    request_id: str = ""
    model_version: str = ""
    detail: str = ""
    """A code, a ticket, a count, a reason given; never what was read or computed."""


@dataclass(frozen=True)
class Verdict:
    """Whether the chain holds. `first_broken` is the number of the first record that does not."""

    records: int
    is_intact: bool
    first_broken: int | None
    says: str


class AuditLog:
    """The chain in one database (SQLite or PostgreSQL), its head in a file beside it."""

    def __init__(self, database_url: str, head_file: Path) -> None:
        self._url = database_url
        self._head = HeadFile(head_file)

    def append(self, *records: Record) -> int:
        """Record them in this order, in one commit; returns the number of the last. On disk when this returns.

        Raises EngineFailed where the database or the head cannot be written.
        """
        with locked(self._engine, _LOCK) as connection:
            last = _last(connection)
            rows = _chained(records, last)
            if rows:
                connection.execute(_audit.insert(), rows)
        if rows:
            self._head.advance(Head(rows[-1]["sequence"], rows[-1]["hash"]), last, self._hash_of)
        return int(rows[-1]["sequence"]) if rows else last.sequence

    def latest(
        self, limit: int = 100, before: int | None = None, *, actor: str | None = None, outcome: str | None = None
    ) -> list[dict[str, Any]]:
        """Records, the newest first, older than number `before` where it is given."""
        asked = sa.select(_audit).order_by(_audit.c.sequence.desc()).limit(limit)
        if before is not None:
            asked = asked.where(_audit.c.sequence < before)
        if actor is not None:
            asked = asked.where(_audit.c.actor == actor)
        if outcome is not None:
            asked = asked.where(_audit.c.outcome == outcome)
        with opened(self._engine) as connection:
            return [dict(row) for row in connection.execute(asked).mappings()]

    def verify(self) -> Verdict:
        """Walk the whole chain; the first record that was changed, removed, moved or cut off is named."""
        # the head first: what is appended meanwhile only makes the chain longer
        head, expected, seen = self._head.read(), Head(0, GENESIS), False
        for row in self._rows():
            problem = _problem(row, expected)
            if problem:
                return Verdict(expected.sequence, False, expected.sequence + 1, problem)
            expected = Head(row["sequence"], row["hash"])
            if head and expected.sequence == head.sequence:
                seen = True
                if expected.hash != head.hash:
                    return Verdict(expected.sequence, False, head.sequence, "the head was written for another record")
        if head and not seen:
            cut = expected.sequence + 1
            return Verdict(expected.sequence, False, cut, f"records {cut} to {head.sequence} are gone")
        if expected.sequence and head is None:
            says = "the head file is gone, so records cut off at the end would not be seen"
            return Verdict(expected.sequence, False, None, says)
        return Verdict(expected.sequence, True, None, f"{expected.sequence} records, unbroken")

    def _hash_of(self, sequence: int) -> str | None:
        with opened(self._engine) as connection:
            asked = sa.select(_audit.c.hash).where(_audit.c.sequence == sequence)
            return connection.execute(asked).scalar_one_or_none()

    def _rows(self) -> Iterator[sa.RowMapping]:
        with opened(self._engine) as connection:
            yield from connection.execute(
                sa.select(_audit).order_by(_audit.c.sequence), execution_options={"yield_per": 5000}
            ).mappings()

    @cached_property
    def _engine(self) -> sa.Engine:
        return engine(self._url, _metadata, _LOCK)


def _last(connection: sa.Connection) -> Head:
    newest = sa.select(_audit.c.sequence, _audit.c.hash).order_by(_audit.c.sequence.desc()).limit(1)
    row = connection.execute(newest).one_or_none()
    return Head(row.sequence, row.hash) if row else Head(0, GENESIS)


def _chained(records: Sequence[Record], last: Head) -> list[dict[str, Any]]:
    now = dt.datetime.now(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    rows: list[dict[str, Any]] = []
    for sequence, record in enumerate(records, start=last.sequence + 1):
        texts = {field.name: _one_line(getattr(record, field.name)) for field in fields(record)}
        previous = rows[-1]["hash"] if rows else last.hash
        row = {"sequence": sequence, "at": now, **texts, "previous_hash": previous}
        rows.append(row | {"hash": _hash(row)})
    return rows


def _hash(row: Any) -> str:
    """SHA-256 of the record's fields as a JSON list, which no two different records share."""
    told = json.dumps([row[name] for name in _HASHED], ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(told.encode()).hexdigest()


def _problem(row: sa.RowMapping, expected: Head) -> str | None:
    """What is wrong with a record that should come right after `expected`."""
    if row["sequence"] != expected.sequence + 1:
        return f"record {expected.sequence + 1} is gone"
    if row["previous_hash"] != expected.hash:
        return f"record {row['sequence']} does not follow the one before it: changed, moved or put in"
    if row["hash"] != _hash(row):
        return f"record {row['sequence']} was changed"
    return None


def _one_line(text: str) -> str:
    """One line of printable letters: nothing that could end a line or turn its direction."""
    kept = "".join("?" if unicodedata.category(letter)[0] in "CZ" and letter != " " else letter for letter in text)
    return kept[:LONGEST_TEXT]
