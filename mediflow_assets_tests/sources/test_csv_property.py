"""Any bytes at all: nothing is lost, the counter agrees, cells are what Python's csv module reads."""

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mediflow_assets.contracts.blanks import BLANKS
from mediflow_assets.sources import csv_batches, csv_blocks, names_for_ids
from mediflow_assets.sources.csv_parse import parse_by_hand, parse_records
from mediflow_assets.sources.csv_records import Layout
from mediflow_assets_tests.sources.conftest import HEADER, read

COLUMNS = ("patient_id", "department", "diagnosis_code", "admission_date", "cost")
GOOD = b"a,b,c,d,e\n"
PIECES = [
    b",",
    b"\n",
    b"\r\n",
    b"\r",
    b'"',
    b'""',
    b'","',
    b" ",
    b"\t",
    b"a",
    b"\0",
    # a byte of no alphabet: other bytes that are not UTF-8 may be letters of one
    b"\x81",
    "é".encode(),
    b"\n\xc2\xa0\n",
    "\u3000".encode(),
    GOOD,
]
HOSTILE = st.lists(st.sampled_from([*PIECES, b'"x\ny",,,,\n', b'a"b,c,"d",,\n']), max_size=40).map(b"".join)
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)
FUZZ = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(autouse=True)
def _any_ids(monkeypatch):
    # those that look like names are refused with their file
    monkeypatch.setattr(names_for_ids, "look_like_names", lambda *_: False)


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch):
    # so that records lie across the ends of blocks
    monkeypatch.setattr(csv_batches, "line_blocks", lambda stream: csv_blocks.line_blocks(stream, 37))


def write(folder: Path, content: bytes) -> Path:
    path = folder / "delivery"
    path.write_bytes(content)
    return path


@FUZZ
@given(records=st.one_of(HOSTILE, st.binary(max_size=60)).filter(bool))
def test_every_record_is_accepted_or_set_aside(tmp_path, records):
    landed = read(write(tmp_path, HEADER + records))
    landed.assert_nothing_lost()


@FUZZ
@given(records=HOSTILE.filter(bool))
def test_accepted_and_rejected_are_all_the_bytes(tmp_path, records):
    landed = read(write(tmp_path, HEADER + records))
    accepted = "".join(str(row[c] or "") for row in landed.rows for c in COLUMNS).encode()
    assert letters(accepted + b"".join(raw for _, _, raw in landed.rejects)) == letters(records)


@FUZZ
@given(records=HOSTILE.filter(bool))
def test_cells_are_what_python_reads_from_the_same_record(tmp_path, records):
    landed = read(write(tmp_path, HEADER + records))
    accepted = {row["_record_number"]: [row[c] or "" for c in COLUMNS] for row in landed.rows}
    assert accepted == {number: cells for number, cells in enumerate(read_plainly(records), 1) if cells}


@FUZZ
@given(
    rows=st.lists(st.lists(TEXT, min_size=5, max_size=5), min_size=1, max_size=8),
    style=st.sampled_from([("\n", csv.QUOTE_ALL), ("\r\n", csv.QUOTE_ALL), ("\r\n", csv.QUOTE_MINIMAL)]),
)
def test_cells_are_what_was_written(tmp_path, rows, style):
    table = io.StringIO(newline="")
    csv.writer(table, lineterminator=style[0], quoting=style[1]).writerows(rows)
    landed = read(write(tmp_path, HEADER + table.getvalue().encode()))
    assert [[row[c] or "" for c in COLUMNS] for row in landed.rows] == rows


@FUZZ
@given(rows=st.lists(st.lists(TEXT, min_size=3, max_size=3), min_size=1, max_size=8))
def test_cells_of_unknown_columns_come_back_from_json(tmp_path, rows):
    table = io.StringIO(newline="")
    csv.writer(table, quoting=csv.QUOTE_ALL).writerows(["1", "2", "3", "4", "5", *row] for row in rows)
    landed = read(write(tmp_path, HEADER.strip() + b',x,"y""",z\n' + table.getvalue().encode()))
    expected = [{name: cell for name, cell in zip(("x", 'y"', "z"), row, strict=True) if cell} for row in rows]
    assert [json.loads(str(text)) if text else {} for text in landed.cells("extra")] == expected


@FUZZ
@given(rows=st.lists(st.lists(TEXT, min_size=3, max_size=3), min_size=1, max_size=5))
def test_arrow_and_python_split_alike(rows):
    good = [",".join('"' + cell.replace('"', '""') + '"' for cell in row).encode() + b"\n" for row in rows]
    layout = Layout(",", 3)
    assert parse_records(good, len(good), layout) == parse_by_hand(good, layout)


def letters(content: bytes) -> list[int]:
    """What no splitting takes away or adds: everything but delimiters, quotes and line ends."""
    return sorted(byte for byte in content if byte not in b',"\r\n')


def read_plainly(content: bytes) -> list[list[str] | None]:
    """Record by record by the definition alone: its cells, or None where it is to be quarantined; blank lines one after
    another are one."""
    lines, found, place, was_blank = content.removesuffix(b"\n").split(b"\n"), [], 0, False
    while place < len(lines):
        taken = 1
        if lines[place].count(b'"') % 2:
            closing = (n for n in range(place + 1, len(lines)) if lines[n].count(b'"') % 2)
            end = next(closing, place) + 1
            if len(split(b"\n".join(lines[place:end])) or ()) == len(COLUMNS):
                taken = end - place
        raw = b"\n".join(lines[place : place + taken])
        is_blank = shows_nothing(raw)
        if not is_blank or not was_blank:
            found.append(cells_of(raw))
        was_blank = is_blank
        place += taken
    return found


def shows_nothing(raw: bytes) -> bool:
    text = raw.decode("utf-8", "surrogateescape")
    return text.count('"') % 2 == 0 and not text.replace('"', "").strip(BLANKS)


def split(raw: bytes) -> list[str] | None:
    try:
        return next(csv.reader([raw.decode("latin-1")], strict=True), None)
    except csv.Error:
        return None


def cells_of(raw: bytes) -> list[str] | None:
    cells = split(raw)
    if b"\0" in raw or not raw.strip() or cells is None or len(cells) != len(COLUMNS):
        return None
    try:
        return [cell.encode("latin-1").decode() for cell in cells]
    except UnicodeDecodeError:
        return None
