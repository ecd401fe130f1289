"""What a delivery is recognised as, and what reading it yields. Data only; the reading is elsewhere."""

from dataclasses import dataclass, field

import pyarrow as pa

LINE_LIMIT = 1 << 20
"""Bytes of the longest physical line, and of the longest record, that is still read."""

RECORD_LINES = 200
"""Physical lines that one record with quoted line breaks may cover."""

RAW_KEPT = 64 << 10
"""Bytes that are kept of a line that is too long to be read."""

DOCUMENT_LIMIT = 256 << 20
"""Bytes of the largest single JSON document: it has to be held in memory whole."""

JSON_LINE_LIMIT = 64 << 20
"""Bytes of the longest NDJSON line: resources carry whole documents as attachments."""


@dataclass(frozen=True)
class Limits:
    """How much a delivery may ask for. Past one of these it is refused whole."""

    expansion: int = 200
    """Times its size that a compressed file may unpack to, once that is more than `UNJUDGED_BYTES`."""
    unpacked_bytes: int = 64 << 30
    rejects: int = 100_000
    record_bytes: int = 256 << 20


UNJUDGED_BYTES = 16 << 20
"""Up to so many bytes unpacked no ratio is validated: a small file of like rows packs well."""


@dataclass(frozen=True)
class Composed:
    """A Bronze column that is made of several of a file's, or of none."""

    column: str
    places: tuple[int, ...] = ()
    """The columns of the file."""
    between: str | None = None
    """What stands between cells that are joined; None where the first that is given counts."""
    value: str | None = None
    """What stands where none is given."""
    is_difference: bool = False
    """Whether the cell is the first less the second."""
    nothing: tuple[str, ...] = ("",)
    """Words, in capitals, for what is not given."""


@dataclass(frozen=True)
class Recognised:
    """A file that was recognised: which source it is, and how its columns are named."""

    source: str
    form: str
    """`csv`, `ndjson` or `document` of FHIR (one JSON document, usually a Bundle), or the format of a typed table."""
    feed: str | None = None
    compression: str | None = None
    delimiter: str = ""
    columns: tuple[str | None, ...] = ()
    """Per column of the file its Bronze name, None where it has none."""
    header: tuple[str, ...] = ()
    unknown_columns: tuple[str, ...] = ()
    missing_columns: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    composed: tuple[Composed, ...] = ()
    """The Bronze columns that are made of others of the file."""
    clears: bool = False
    """Whether an empty cell takes back what was told earlier: it is then a text without content, rather than null."""
    encoding: str | None = None
    """Of text; None where it has not been looked at yet."""
    sheet: str | None = None
    """Of a workbook."""
    more_sheets: tuple[tuple[str, int], ...] = ()
    """Further sheets with the same header, each with the lines above it."""
    title_lines: int = 0
    """The lines above the header, blank ones too."""
    total_rows: int = 0
    """Totals and remarks below the records, as far as they were looked for: `read_batches` tells them surely."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that could not be split into fields, as it came. A run of blank lines is one, of so many `lines`."""

    record_number: int
    reason: str
    raw: bytes
    lines: int = 1


@dataclass(frozen=True)
class RecordBatchOfDelivery:
    """A stretch of a delivery: the records that were split, and those that could not be."""

    accepted: pa.RecordBatch
    rejects: tuple[Reject, ...] = ()
    total_rows: int = 0
    """Rows below the records that are none; told with the last batch."""
