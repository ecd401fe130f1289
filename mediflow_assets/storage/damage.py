"""What of a table cannot be read: its log, or files that its log names. Nothing here tells a value or a file's name.

Only what was read and is wrong counts as damage. A store that does not answer, a file that may not be opened, or too
little memory says nothing of the table, and is raised as the storage's error.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from mediflow_assets.contracts.table import TableContract
from mediflow_assets.errors import LakeTooNew, LogInvalid
from mediflow_assets.objects import is_remote, remote
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.storage.schemas import stored_schema

LOG_BROKEN = "its log cannot be read"
LOG_GONE = "its log is gone"

_File = tuple[str, int, int | None]
"""Path, size and rows of a file."""


class _Broken(Exception):
    """What is wrong with one file."""


def damage(lake: Lake, contract: TableContract, deep: bool = False) -> str | None:
    """What is wrong with a table, None where nothing is. With `deep` every file is read to its end, else only looked
    for, by its size."""
    with storage_errors(contract.name):
        try:
            if _has_empty_commit(lake, contract):
                return LOG_BROKEN
            table = lake.open(contract)
            if table is None:
                return LOG_GONE if _has_files(lake, contract) else None
            files, schema = _files(table), stored_schema(table)
        except LakeTooNew:
            return None
        except LogInvalid:
            return LOG_BROKEN
        counts = _broken(lake, contract, files, schema, deep)
    told = ", ".join(f"{count} {'is' if count == 1 else 'are'} {what}" for what, count in sorted(counts.items()))
    return f"of {len(files)} files {told}" if counts else None


def _broken(lake: Lake, contract: TableContract, files: list[_File], schema: pa.Schema, deep: bool) -> dict[str, int]:
    """How many files are wrong, by what is wrong with them."""
    place, root = _place(lake, contract)
    counts: dict[str, int] = {}
    # an object store answers a question about each file in its own time, and keeps what was written
    for path, size, rows in files if deep or not is_remote(lake.root) else ():
        try:
            _look(place, f"{root}/{path}", size)
            if deep:
                _read(place, f"{root}/{path}", schema, rows)
        except _Broken as broken:
            counts[str(broken)] = counts.get(str(broken), 0) + 1
    return counts


def _files(table: Any) -> list[_File]:
    """The files, as the log tells them."""
    with storage_errors("files"):
        actions = pa.table(table.get_add_actions(flatten=True))
    columns = (actions[name].to_pylist() for name in ("path", "size_bytes", "num_records"))
    return [(unquote(path), size, rows) for path, size, rows in zip(*columns, strict=True)]


def _place(lake: Lake, contract: TableContract) -> tuple[Any, str]:
    uri = lake.uri(contract)
    return remote(uri) if is_remote(uri) else (pafs.LocalFileSystem(), str(Path(uri).absolute()))


def _has_files(lake: Lake, contract: TableContract) -> bool:
    """Whether data or commits lie where there is no table: one that is just being made has neither."""
    folder = Path(lake.uri(contract))
    return not is_remote(lake.root) and any((*folder.glob("**/*.parquet"), *folder.glob("_delta_log/*.json")))


def _has_empty_commit(lake: Lake, contract: TableContract) -> bool:
    """Whether a commit was emptied: delta-rs passes over it, and over what it had written."""
    if is_remote(lake.root):
        return False
    commits = (Path(lake.uri(contract)) / "_delta_log").glob("*.json")
    return any(path.exists() and not path.stat().st_size for path in commits)


def _look(place: Any, path: str, size: int) -> None:
    info = place.get_file_info(path)
    if info.type != pafs.FileType.File:
        raise _Broken("missing")
    if info.size != size:
        raise _Broken("of another size than was written")


def _read(place: Any, path: str, schema: pa.Schema, rows: int | None) -> None:
    # all its bytes first: what fails after that is the file's fault, not the store's
    with place.open_input_file(path) as opened:
        data = opened.read_buffer()
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        fits = all(_fits(field, schema) for field in file.schema_arrow)
        found = sum(_validated(batch) for batch in file.iter_batches()) if fits else 0
    except MemoryError:
        raise
    except (pa.ArrowException, OSError, ValueError):
        raise _Broken("not readable") from None
    if not fits or (rows is not None and found != rows):
        raise _Broken("not what was written")


def _validated(batch: pa.RecordBatch) -> int:
    batch.validate(full=True)
    return int(batch.num_rows)


def _fits(field: pa.Field, schema: pa.Schema) -> bool:
    """Whether a file's column is the table's; writers differ in how they store a text."""
    return field.name in schema.names and list(_kinds(field.type)) == list(_kinds(schema.field(field.name).type))


def _kinds(type_: pa.DataType) -> Iterator[str]:
    if pa.types.is_list(type_) or pa.types.is_large_list(type_):
        yield "list"
        yield from _kinds(type_.value_type)
    elif pa.types.is_timestamp(type_):
        yield "timestamp"
    elif any(is_(type_) for is_ in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)):
        yield "string"
    elif any(is_(type_) for is_ in (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view)):
        yield "binary"
    else:
        yield str(type_)
