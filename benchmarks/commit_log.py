"""What the log of a very large table costs to read: `python benchmarks/commit_log.py FOLDER ROWS [ROWS ...]`.

The log of `silver/encounters` is written as a lake of so many rows would have it, a year of nightly deliveries on top:
commits, checkpoints and statistics are real, the files that they name are not there. Prints a line of JSON for each
size: what the log holds, and what opening it and each question asked of it costs, in a process of its own.
"""

import datetime as dt
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.transaction import AddAction

from mediflow_assets.contracts import silver
from mediflow_assets.storage.changes import files_since
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.months import PART, parts_of
from mediflow_assets.storage.schemas import arrow_schema

ROWS_A_FILE = 400_000
"""Of `silver/encounters`, as maintenance leaves them: 32 MB."""
MONTHS = 240
"""Twenty years."""
NIGHTS, FILES_A_NIGHT = 365, 4
"""A year of deliveries: each comes to files of the newest part."""
_AT_ONCE = 5_000
_TEXT = {"string": "0123456789abcdef0123456789abcdef", "timestamp": "2024-07-01T12:00:00Z", "date": "2024-07-01"}


def write(lake: Lake, rows: int) -> None:
    """The log of a table of so many rows."""
    contract = silver.ENCOUNTERS
    many, first = rows // ROWS_A_FILE, dt.date(2005, 1, 1)
    months = [f"{first.year + n // 12}-{n % 12 + 1:02}" for n in range(MONTHS)]
    adds = [_add(n, months[n * MONTHS // many], ROWS_A_FILE) for n in range(many)]
    schema = arrow_schema(contract).append(pa.field(PART, pa.string()))
    DeltaTable.create(lake.uri(contract), schema, partition_by=[PART])
    for start in range(0, many, _AT_ONCE):
        _append(lake, adds[start : start + _AT_ONCE], schema)
    DeltaTable(lake.uri(contract)).create_checkpoint()
    for night in range(NIGHTS):
        files = [_add(many + night * FILES_A_NIGHT + n, months[-1], 2_500) for n in range(FILES_A_NIGHT)]
        _append(lake, files, schema)
        if night % 100 == 99:
            DeltaTable(lake.uri(contract)).create_checkpoint()


def _append(lake: Lake, adds: list[AddAction], schema: pa.Schema) -> None:
    DeltaTable(lake.uri(silver.ENCOUNTERS)).create_write_transaction(adds, "append", schema, partition_by=[PART])


def _add(number: int, part: str, rows: int) -> AddAction:
    names = {column.name: _sample(str(column.type)) for column in silver.ENCOUNTERS.columns}
    bounds = {name: value for name, value in names.items() if value is not None}
    told = {"numRecords": rows, "minValues": bounds, "maxValues": bounds, "nullCount": dict.fromkeys(names, 0)}
    path = f"{PART}={part}/part-{number:08}.parquet"
    return AddAction(path, rows * 80, {PART: part}, 1_720_000_000_000, True, json.dumps(told))


def _sample(kind: str) -> Any:
    if kind.startswith(("list", "map", "struct", "binary", "bool")):
        return None
    return next((text for name, text in _TEXT.items() if kind.startswith(name)), 1)


def ask(lake: Lake) -> dict[str, Any]:
    """What the table's log costs: each question is what a run asks of it."""
    contract = silver.ENCOUNTERS
    told: dict[str, Any] = {}
    for name, question in _questions(lake):
        start = time.process_time()
        found = question()
        told[f"{name}_s"] = round(time.process_time() - start, 2)
        told[name] = found
    log = Path(lake.uri(contract)) / "_delta_log"
    told["log_mb"] = round(sum(file.stat().st_size for file in log.iterdir()) / 1e6, 1)
    told["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return told


def _questions(lake: Lake) -> Iterator[tuple[str, Callable[[], Any]]]:
    contract = silver.ENCOUNTERS
    yield "version", lambda: lake.version(contract)
    yield "rows", lambda: lake.rows(contract)
    yield "parts", lambda: len(parts_of(DeltaTable(lake.uri(contract))))
    yield "files", lambda: len(DeltaTable(lake.uri(contract)).file_uris())
    yield "came_last_night", lambda: _came(lake)


def _came(lake: Lake) -> int:
    files = files_since(lake, silver.ENCOUNTERS, lake.version(silver.ENCOUNTERS) - 1)
    return -1 if files is None else len(files.came)


def main(folder: Path, sizes: list[int]) -> None:
    """Write and ask, for each size."""
    for rows in sizes:
        place = folder / f"lake-{rows}"
        write(Lake(str(place)), rows)
        told = subprocess.run([sys.executable, __file__, "ask", str(place)], capture_output=True, text=True, check=True)
        print(json.dumps({"rows_told": rows} | json.loads(told.stdout)), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "ask":
        print(json.dumps(ask(Lake(sys.argv[2]))))
    else:
        main(Path(sys.argv[1]), [int(size) for size in sys.argv[2:]])
