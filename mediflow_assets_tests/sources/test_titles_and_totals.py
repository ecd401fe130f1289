"""Lines above a header and totals below the records are no records: left out, and counted."""

import gzip

import pytest

from mediflow_assets.sources import Feeds
from mediflow_assets.sources.feed_section import feed_of
from mediflow_assets.sources.footers import footer_of_lines, is_footer_row
from mediflow_assets_tests.sources.conftest import HEADER, read

RECORD = b"P1,ICU,I10,2026-01-01,100\n"
COLUMNS = ("patient_id", "encounter_id", "department", "admission_date", "cost")


@pytest.mark.parametrize(
    ("above", "lines"),
    [
        (b"", 0),
        (b"General Hospital\n", 1),
        (b"General Hospital;;;\nAdmissions, from 2026-03-01\n\n", 3),
        (b"\n\n", 2),
        (b"sep=,\n", 1),
        (b'"sep=,"\r\n', 1),
        (b"a title\n" * 30, 30),
    ],
)
def test_lines_above_the_header_are_left_out(deliver, above, lines):
    landed = deliver(above + HEADER + RECORD)
    assert (landed.what.title_lines, landed.cells("cost"), landed.counted) == (lines, ["100"], 1)


def test_a_header_in_the_first_line_is_the_header(deliver):
    landed = deliver(HEADER + HEADER + RECORD)
    assert (landed.what.title_lines, landed.counted) == (0, 2)


def test_a_feed_says_how_many_lines_stand_above(write):
    feeds = Feeds((feed_of("f", {"skip_lines": 1, "match": ["patient_id"]}),))
    landed = read(write(HEADER + HEADER + RECORD), feeds)
    assert (landed.what.title_lines, landed.what.feed, landed.counted) == (1, "f", 1)


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize(
    ("below", "rows"),
    [
        (b"Total,,,,100\n", 1),
        (b"Grand Total,,,,100", 1),
        (b"\n\nTotal: 1\n\n", 1),
        (b"Summe;100\nReport generated 2026-03-01 12:00\n", 2),
        (b"Razem;100\n", 1),
        ("合計;100\n".encode(), 1),
        (b"N = 350\n", 1),
        (b"Anzahl,1,,,\n", 1),
        (b"Gesamtsumme,,,,100\n", 1),
        (b"(1 rows affected)\n", 1),
        (b"Total,,,400 encounters,100\nEnd of report\n", 2),
    ],
)
def test_totals_at_the_end_are_left_out(deliver, below, rows, pack):
    landed = deliver(pack(HEADER + RECORD * 3 + below))
    assert landed.what.total_rows == rows == sum(batch.total_rows for batch in landed.batches)
    assert (landed.numbers, landed.counted, landed.rejects) == ([1, 2, 3], 3, [])


@pytest.mark.parametrize(
    "last",
    [
        b"P9,ICU,I10\n",
        b"P9\n",
        b"Total,ICU,I10,2026-01-01,5\n",
        b"P9,Total,I10,,5\n",
        b",,,,5\n",
        b"\n",
        b'"Total,1\n',
        b"Totals Bad Ragaz,ICU,I10,2026-01-01,5\n",
    ],
)
def test_what_may_be_a_record_is_left_in(deliver, last):
    landed = deliver(HEADER + RECORD + last)
    assert (landed.what.total_rows, landed.counted) == (0, 2)
    landed.assert_nothing_lost()


def test_a_total_amid_the_records_is_no_footer(admit):
    assert admit(RECORD + b"Total,,,,100\n" + RECORD).counted == 3


def test_a_header_is_never_a_total(deliver):
    landed = deliver(b"Total,patient_id,department,diagnosis_code,admission_date,cost\n")
    assert (landed.counted, landed.what.total_rows, landed.what.header[0]) == (0, 0, "Total")


def test_many_rows_of_the_kind_are_no_footer():
    assert footer_of_lines(b"Total,,,,5\n" * 11, ",", COLUMNS).rows == 0


@pytest.mark.parametrize(
    ("row", "is_footer"),
    [
        ("Total||||5", True),
        ("|Total|||5", True),
        ("Total|350|||5", True),
        ("||Total||5", True),
        ("P1||Total||5", False),
        ("Total|V1|||5", False),
        ("Total|||2026-01-01|5", False),
        ("Nguyen|||01/02/2026|5", False),
        ("Enders|||", False),
        ("Totaal: 12", True),
        ("SMITH JOHN", False),
        ("Total|P000123", False),
    ],
)
def test_what_a_footer_row_is(row, is_footer):
    assert is_footer_row(row.split("|"), COLUMNS) is is_footer


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_a_report_of_a_large_hospital_is_left_with_its_records(deliver, encoding):
    text = (
        "Bericht über Fälle\n\n" + HEADER.decode() + "P1,Gynäkologie,I10,2026-01-01,1\n" * 40_000 + "Summe,,,,40000\n"
    )
    landed = deliver(text.encode(encoding))
    assert (landed.what.title_lines, landed.counted, len(landed.rows), landed.rejects) == (2, 40_000, 40_000, [])
    assert sum(batch.total_rows for batch in landed.batches) == 1


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_a_header_alone_is_an_empty_delivery(deliver, end):
    landed = deliver(HEADER.strip() + end)
    assert (landed.what.source, landed.counted, landed.rows) == ("admissions", 0, [])
