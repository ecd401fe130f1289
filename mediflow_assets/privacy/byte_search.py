"""Looking for identifiers in every byte of a folder: files as they lie, Parquet decoded, gzip unpacked.

An identifier is found where it stands as a whole: a digit at its end must not go on as a digit, and in a value that
was decoded a letter not as a letter. (SQLite puts texts side by side: a rule of whole words would overlook them.)
"""

import gzip
import io
import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mediflow_assets.privacy.words import Words, fold

SHORTEST = 6
"""Bytes. Shorter ones stand in compressed data by chance: they are looked for as whole values of columns only."""
_CHUNK = 1 << 24
_PARQUET, _GZIP = b"PAR1", b"\x1f\x8b"
GoesOn = Callable[[bytes, bytes], bool]


@dataclass
class Found:
    """What a search went through, and the files in which something was found with how often."""

    files: int = 0
    bytes: int = 0
    hits: dict[Path, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """Hits in all files."""
        return sum(self.hits.values())


class Identifiers:
    """Identifiers to look for, whatever the case of their letters."""

    def __init__(self, identifiers: Iterable[str]) -> None:
        self._spelled: dict[bytes, set[str]] = {}
        for identifier in identifiers:
            if bare := identifier.strip():
                self._spelled.setdefault(fold(bare.encode("utf-8", "surrogatepass")), set()).add(bare.lower())
        folded = self._spelled.keys()
        self._long = Words(each for each in folded if len(each) >= SHORTEST)
        self._short = sorted(each.decode("ascii") for each in folded if len(each) < SHORTEST)
        self._longest = max(map(len, self._long.folded), default=0)

    def in_stream(self, stream: IO[bytes] | gzip.GzipFile) -> int:
        """How often one stands in a stream of bytes."""
        if not self._longest:
            return 0
        hits, before, held, more = 0, b"", b"", True
        while more:
            more = bool(chunk := stream.read(_CHUNK))
            held += chunk
            # what begins near the end is validated with the next chunk, when it is known how it goes on
            own = max(len(held) - self._longest, 0) if more else len(held)
            places = self._places(before + held)
            hits += sum(len(before) <= start < len(before) + own for start, _ in places)
            before, held = (held[own - 1 : own] or before)[-1:], held[own:]
        return hits

    def in_bytes(self, data: bytes, is_nothing: Callable[[bytes, int], bool]) -> int:
        """How often one stands in bytes, but where `is_nothing` says so of the place at which it ends."""
        return sum(not is_nothing(data, end) for _, end in self._places(data))

    def in_values(self, values: Any) -> int:
        """How many of an Arrow array's values hold one; a short one has to be the whole value."""
        candidates = self._long.values(values).to_pylist() if self._longest else []
        hits = sum(bool(self._places(text.encode(), _goes_on_as_word)) for text in candidates)
        if self._short:
            whole = pc.utf8_lower(pc.utf8_trim(values.cast(pa.large_string()), " "))
            hits += pc.sum(pc.is_in(whole, pa.array(self._short, pa.large_string()))).as_py() or 0
        return hits

    def _places(self, data: bytes, goes_on: GoesOn | None = None) -> list[tuple[int, int]]:
        """Where one stands as a whole in bytes: its begin, and its end."""
        on, folded = goes_on or _goes_on_as_number, fold(data)
        return [
            (start, end)
            for start, end in self._long.places(folded)
            if not on(folded[max(start - 1, 0) : start], folded[start : start + 1])
            and not on(folded[end : end + 1], folded[end - 1 : end])
            and self._is_it(data[start:end], folded[start:end])
        ]

    def _is_it(self, data: bytes, folded: bytes) -> bool:
        """Whether bytes that fold to an identifier spell it: letters that are not ASCII all fold to one mark."""
        return b"\x01" not in folded or _lower(data) in self._spelled[folded]


def search(paths: Iterable[Path], identifiers: Identifiers) -> Found:
    """Look through files. Raises OSError where one cannot be read: what was not searched proves nothing."""
    found = Found()
    for path in paths:
        try:
            size, hits = path.stat().st_size, _in_file(path, identifiers)
        except FileNotFoundError:
            # gone since it was listed: a database's journal, a lock
            continue
        found.files += 1
        found.bytes += size
        if hits:
            found.hits[path] = hits
    return found


def files_of(folder: Path) -> Iterator[Path]:
    """Every file below a folder, hidden ones too; links are not followed out of it.

    What is gone by the time it is reached is passed over. Raises OSError where a folder cannot be read.
    """
    for name, folders, files in os.walk(folder, onerror=_unless_gone):
        folders.sort()
        for path in (Path(name) / file for file in sorted(files)):
            if path.is_file() and not path.is_symlink():
                yield path


def _unless_gone(error: OSError) -> None:
    if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
        raise error


def _in_file(path: Path, identifiers: Identifiers) -> int:
    with path.open("rb") as file:
        hits = identifiers.in_stream(file)
        file.seek(0)
        magic = file.read(4)
    if magic == _PARQUET:
        return _in_parquet(path, identifiers, has_hits=hits > 0)
    if magic[:2] == _GZIP:
        return hits + _in_gzip(path, identifiers)
    return hits


def _in_parquet(path: Path, identifiers: Identifiers, has_hits: bool) -> int:
    try:
        schema = pq.read_schema(path)
        texts = [field.name for field in schema if _is_text(field.type)]
        file = pq.ParquetFile(path, read_dictionary=texts)
    except pa.ArrowInvalid:
        # a file that a killed writer left unfinished: its bytes are searched, nobody can decode it
        return has_hits and identifiers.in_bytes(path.read_bytes(), _is_bound)
    hits = has_hits and identifiers.in_bytes(path.read_bytes(), _is_bound_or_packed(file.metadata))
    told = [field.name for field in schema if not pa.types.is_primitive(field.type)]
    for batch in file.iter_batches(batch_size=131_072, columns=told) if told else ():
        for column in batch.columns:
            hits += _in_column(column, identifiers)
    return hits


def _in_column(column: Any, identifiers: Identifiers) -> int:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return identifiers.in_values(column.dictionary.take(column.indices.unique().drop_null()))
    if _is_text(kind):
        return identifiers.in_values(column.cast(pa.large_string()).unique())
    if _is_bytes(kind):
        return sum(identifiers.in_stream(io.BytesIO(value)) for value in column.to_pylist() if value)
    if pa.types.is_list(kind) or pa.types.is_map(kind) or pa.types.is_struct(kind):
        return sum(_in_column(part, identifiers) for part in _parts(column))
    return 0


def _is_bound(data: bytes, end: int) -> bool:
    """Whether what ends here ends a bound of a column: a longest text is cut after 64 bytes and its last letter raised,
    so that PAT-2 becomes PAT-3, who may be somebody else. Real values are decoded, and found among these."""
    return any(end > length and data[end - length - 1] == length for length in range(61, 65))


def _is_bound_or_packed(metadata: pq.FileMetaData) -> Callable[[bytes, int], bool]:
    """The same, or whether it ends in compressed values, where the code of what follows an id's first digits may look
    like the rest of another: they are searched decoded."""
    groups = (metadata.row_group(number) for number in range(metadata.num_row_groups))
    columns = (group.column(number) for group in groups for number in range(group.num_columns))
    packed = []
    for column in columns:
        if column.compression != "UNCOMPRESSED":
            begins = min(column.data_page_offset, column.dictionary_page_offset or column.data_page_offset)
            packed.append((begins, begins + column.total_compressed_size))
    return lambda data, end: _is_bound(data, end) or any(first < end <= last for first, last in packed)


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _is_bytes(kind: Any) -> bool:
    kinds = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view, pa.types.is_fixed_size_binary)
    return any(is_one(kind) for is_one in kinds)


def _parts(column: Any) -> Sequence[Any]:
    if pa.types.is_struct(column.type):
        return list(column.flatten())
    return [column.keys, column.items] if pa.types.is_map(column.type) else [column.flatten()]


def _in_gzip(path: Path, identifiers: Identifiers) -> int:
    try:
        with gzip.open(path) as unpacked:
            return identifiers.in_stream(unpacked)
    except (gzip.BadGzipFile, EOFError, zlib.error):
        return 0


def _lower(data: bytes) -> str | None:
    try:
        return data.decode("utf-8", "surrogatepass").lower()
    except UnicodeDecodeError:
        # other letters, or parts of them
        return None


def _goes_on_as_number(beside: bytes, end: bytes) -> bool:
    return beside.isdigit() and end.isdigit()


def _goes_on_as_word(beside: bytes, end: bytes) -> bool:
    return _goes_on_as_number(beside, end) or (beside.isalpha() and end.isalpha())
