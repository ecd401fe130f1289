"""Every text that a file holds, as a reader of it would get it: cells of tables and databases, lines, unpacked bytes.

Each text is given as it stands, and as it reads once URL escapes and base64 are undone.
"""

import base64
import binascii
import contextlib
import gzip
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote, unquote_plus

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

_CHUNK = 8 << 20
_OVERLAP = 4096
"""Characters that two chunks share, so that nothing is cut in two; more than any identifier has."""
_PARQUET, _GZIP, _SQLITE = b"PAR1", b"\x1f\x8b", b"SQLite format 3\x00"
_EVENTS = "event_logs"
"""The table to which Dagster only adds."""
PSEUDONYM = r"^[0-9a-f]{32}$"
_ESCAPED = r"%[0-9A-Fa-f]{2}"
_BASE64 = r"[A-Za-z0-9+/_-]{8,}={0,2}"


def texts_of(path: Path, are_keys_texts: bool = False, after: int = 0) -> Iterator[pl.Series]:
    """The texts of a file. Pseudonyms, which are no identifier's text, are left out unless `are_keys_texts`. Of a
    database of Dagster's events those `after` one may do: rows of other tables change, but events only come.

    A file that is gone has none: Dagster and MLflow remove files of their own while a scan goes on.
    """
    try:
        yield from _texts_of(path, are_keys_texts, after)
    except FileNotFoundError:
        return


def _texts_of(path: Path, are_keys_texts: bool, after: int) -> Iterator[pl.Series]:
    with path.open("rb") as file:
        head = file.read(16)
    yield pl.Series([path.name], dtype=pl.String)
    if head[:4] == _PARQUET:
        for series in _of_parquet(path):
            yield series if are_keys_texts else series.filter(~series.str.contains(PSEUDONYM))
        return
    if head == _SQLITE:
        yield from _of_sqlite(path, after)
        if after:
            return
    if head[:2] == _GZIP:
        try:
            with gzip.open(path) as unpacked:
                yield from _of_stream(unpacked)
        except (gzip.BadGzipFile, EOFError, zlib.error):
            pass
    with path.open("rb") as file:
        yield from _of_stream(file)


def of_arrow(column: Any) -> Iterator[pl.Series]:
    """The distinct texts of an Arrow array, whatever it is nested in."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        yield from of_arrow(column.dictionary)
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        yield pl.Series(pl.from_arrow(column), dtype=pl.String).drop_nulls()
    elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind):
        yield pl.Series([v.decode("utf-8", "replace") for v in column.to_pylist() if v], dtype=pl.String)
    elif pa.types.is_struct(kind):
        for part in column.flatten():
            yield from of_arrow(part)
    elif pa.types.is_map(kind):
        yield from of_arrow(column.keys)
        yield from of_arrow(column.items)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        yield from of_arrow(column.flatten())


def undone(texts: pl.Series) -> pl.Series:
    """What the texts say in URL escapes and in base64, nothing where they hold none."""
    return undone_by_place(pl.DataFrame({"text": texts}))["text"]


def undone_by_place(texts: pl.DataFrame) -> pl.DataFrame:
    """The same of the column `text`, beside the other columns."""
    escaped = texts.filter(pl.col("text").str.contains(_ESCAPED)).unique()
    said = [(*place, unquote_plus(text)) for *place, text in escaped.rows()]
    runs = texts.with_columns(pl.col("text").str.extract_all(_BASE64)).explode("text", empty_as_null=True)
    for *place, run in runs.drop_nulls("text").unique().rows():
        for part in {run, *run.split("/")} if "/" in run else (run,):
            if len(part) >= 8 and (text := _said(part)):
                said.append((*place, text))
    return pl.DataFrame(said, schema=texts.schema, orient="row")


def _said(run: str) -> str | None:
    """What a run of base64 says if it says anything: plain text of six letters or more."""
    bare = run.rstrip("=").replace("-", "+").replace("_", "/")
    if len(bare) % 4 == 1:
        return None
    try:
        text = base64.b64decode(bare + "=" * (-len(bare) % 4)).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return text if len(text) >= 6 and text.isprintable() else None


def _of_parquet(path: Path) -> Iterator[pl.Series]:
    try:
        schema = pq.read_schema(path)
        flat = [field.name for field in schema if _is_text(field.type)]
        keys = [name for name in flat if name.endswith("_key")]
        # what repeats is read as a dictionary, so that each value is looked at once; keys hardly repeat
        file = pq.ParquetFile(path, read_dictionary=[name for name in flat if name not in keys])
    except pa.ArrowInvalid:
        # a file that a killed writer left unfinished: nobody can decode it, and its bytes are compressed
        return
    wanted = [*flat, *(field.name for field in schema if pa.types.is_nested(field.type))]
    few = [pl.Series(schema.names, dtype=pl.String)]
    if wanted:
        for column_name, column in zip(wanted, file.read(columns=wanted).select(wanted).columns, strict=True):
            for chunk in column.chunks:
                for series in of_arrow(chunk):
                    if column_name in keys:
                        yield series
                    else:
                        few.append(series)
    yield pl.concat(few).unique()


def _is_text(kind: Any) -> bool:
    tests = (
        pa.types.is_string,
        pa.types.is_large_string,
        pa.types.is_string_view,
        pa.types.is_binary,
        pa.types.is_large_binary,
        pa.types.is_binary_view,
        pa.types.is_dictionary,
    )
    return any(test(kind) for test in tests)


def newest_event(path: Path) -> int:
    """The number of the newest of Dagster's events in a database; 0 where there is none, or it is no database."""
    try:
        with path.open("rb") as file:
            if file.read(16) != _SQLITE:
                return 0
        with contextlib.closing(_database(path)) as connection:
            return connection.execute(f"SELECT max(id) FROM {_EVENTS}").fetchone()[0] or 0  # noqa: S608
    except (FileNotFoundError, sqlite3.DatabaseError):
        return 0


def _database(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=10)


def _of_sqlite(path: Path, after: int) -> Iterator[pl.Series]:
    # texts stand side by side in its pages: as cells they are told apart
    try:
        connection = _database(path)
    except sqlite3.OperationalError:
        return
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    try:
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            quoted = table.replace('"', '""')
            some = f" WHERE id > {after}" if after and table == _EVENTS else ""
            rows = connection.execute(f'SELECT * FROM "{quoted}"{some}')  # noqa: S608
            while batch := rows.fetchmany(5000):
                cells = {_cell(cell) for row in batch for cell in row if isinstance(cell, (str, bytes))}
                yield pl.Series(sorted(cells), dtype=pl.String)
    except sqlite3.DatabaseError:
        # a database that is just being made or taken apart: its bytes are looked through all the same
        return
    finally:
        connection.close()


def _cell(cell: str | bytes) -> str:
    return cell if isinstance(cell, str) else cell.decode("utf-8", "replace")


def _of_stream(stream: "IO[bytes] | gzip.GzipFile") -> Iterator[pl.Series]:
    before = ""
    while chunk := stream.read(_CHUNK):
        text = before + chunk.decode("utf-8", "replace")
        yield pl.Series([text], dtype=pl.String)
        before = text[-_OVERLAP:]
