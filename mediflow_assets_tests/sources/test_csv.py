"""CSV that loses nothing: each record is read or quarantined, numbered in file order."""

import gzip

import pytest

from mediflow_assets.sources.csv_blocks import line_blocks
from mediflow_assets.sources.delivery import LINE_LIMIT, RAW_KEPT
from mediflow_assets_tests.sources.conftest import HEADER

GOOD = b"P1,ICU,I10,2026-01-01,100\n"


def test_each_record_is_numbered_from_one(admit):
    landed = admit(GOOD * 3)
    assert landed.cells("_record_number") == [1, 2, 3]


@pytest.mark.parametrize(
    ("records", "reason"),
    [
        (b"P1,ICU,I10,2026-01-01\n", "too_few_fields"),
        (b"P1,ICU,I10,2026-01-01,100,9\n", "too_many_fields"),
        (b'P1,"ICU,I10,2026-01-01,100\n', "unbalanced_quote"),
        (b'P1,"IC"U,I10,2026-01-01,100\n', "unbalanced_quote"),
        (b"P1,\xff,I10,2026-01-01,100\n", "bad_utf8"),
        (b"P1,\0,I10,2026-01-01,100\n", "nul_byte"),
        (b"P1,I\rU,I10,2026-01-01,100\n", "bare_carriage_return"),
        (b"\n", "empty_record"),
        (b" \t \r\n", "empty_record"),
        (b"P1," + b"x" * LINE_LIMIT + b"\n", "record_too_long"),
    ],
)
def test_a_broken_record_is_set_aside_and_its_neighbours_are_kept(admit, records, reason):
    landed = admit(GOOD + records + GOOD)
    assert (landed.reasons, landed.cells("_record_number"), landed.counted) == ([reason], [1, 3], 3)


def test_a_reject_keeps_its_bytes(admit):
    assert admit(GOOD + b"P1,\xff\r\n").rejects == [(2, "bad_utf8", b"P1,\xff")]


def test_a_stray_quote_does_not_swallow_the_rest_of_the_file(admit):
    landed = admit(GOOD + b'P2,"ICU,I10,2026-01-01,1\n' + GOOD * 300)
    assert (landed.reasons, len(landed.rows)) == (["unbalanced_quote"], 301)


def test_a_quoted_line_break_stays_in_its_cell(admit):
    landed = admit(b'P1,"IC\r\nU",I10,2026-01-01,100\n' + GOOD)
    assert landed.cells("department") == ["IC\r\nU", "ICU"]


def test_a_quoted_record_over_more_than_200_lines_is_not_joined(admit):
    landed = admit(b'P1,"' + b"x\n" * 200 + b'",I10,2026-01-01,100\n')
    assert landed.counted == len(landed.rejects) == 201


def test_a_quoted_record_of_200_lines_is_joined(admit):
    landed = admit(b'P1,"' + b"\n" * 199 + b'",I10,2026-01-01,100\n' + b"\n")
    assert (landed.cells("department"), landed.counted) == (["\n" * 199], 2)


def test_a_bad_byte_in_a_quoted_record_sets_the_whole_record_aside(admit):
    raw = b'P1,"a\n\xff",I10,2026-01-01,100'
    assert admit(raw + b"\n" + GOOD).rejects == [(1, "bad_utf8", raw)]


def test_no_final_line_break_is_needed(admit):
    assert admit(GOOD + GOOD.rstrip()).cells("cost") == ["100", "100"]


def test_a_byte_order_mark_and_crlf_are_no_part_of_the_cells(deliver):
    landed = deliver(b"\xef\xbb\xbf" + (HEADER + GOOD).replace(b"\n", b"\r\n"))
    assert (landed.cells("patient_id"), landed.cells("cost")) == (["P1"], ["100"])


def test_gzip_is_told_by_content(deliver):
    landed = deliver(gzip.compress(HEADER) + gzip.compress(GOOD * 2))
    assert (landed.what.compression, landed.counted, len(landed.rows)) == ("gzip", 2, 2)


def test_only_an_empty_cell_is_null(admit):
    landed = admit(b'"",,NA,null, \n')
    cells = [landed.rows[0][column] for column in landed.what.header]
    assert cells == [None, None, "NA", "null", " "]


def test_a_line_without_end_takes_no_memory(admit, monkeypatch):
    monkeypatch.setattr("mediflow_assets.sources.csv_batches.line_blocks", _small_blocks)
    landed = admit(GOOD + b"x" * (3 * LINE_LIMIT) + b"\n" + GOOD)
    assert [(n, reason, len(raw)) for n, reason, raw in landed.rejects] == [(2, "record_too_long", RAW_KEPT)]
    landed.assert_nothing_lost()


def test_quotes_across_blocks_are_joined(admit, monkeypatch):
    monkeypatch.setattr("mediflow_assets.sources.csv_batches.line_blocks", _small_blocks)
    landed = admit(b'P1,"a\nb""c",I10,2026-01-01,100\n' * 5000)
    assert set(landed.cells("department")) == {'a\nb"c'}
    landed.assert_nothing_lost()


def test_tab_delimited_records_of_empty_cells_are_records(deliver):
    landed = deliver(HEADER.replace(b",", b"\t") + b"\t\t\t\t\n")
    assert (landed.what.delimiter, landed.cells("cost")) == ("\t", [None])


def _small_blocks(stream):
    return line_blocks(stream, 1000)


def test_blank_lines_one_after_another_are_one_record_with_their_count(admit):
    landed = admit(b"\n \n" + GOOD + b"\n\t\r\n\n" + GOOD + b"\n")
    assert [(r.record_number, r.reason, r.lines) for b in landed.batches for r in b.rejects] == [
        (1, "empty_record", 2),
        (3, "empty_record", 3),
        (5, "empty_record", 1),
    ]
    landed.assert_nothing_lost()


BLANK = ["\u00a0", "\u3000 \u200b", "\ufeff", "\u2028", '""', '" "', '\u00a0"\u2003"', '""""', "\x1c", "\u00a0\r"]


def test_lines_that_show_nothing_are_blank_whatever_they_hold(admit):
    run = "".join(line + "\n" for line in ["", *BLANK, " "]).encode()
    landed = admit(run + GOOD + run * 5 + GOOD + run)
    assert [(r.record_number, r.reason, r.lines) for b in landed.batches for r in b.rejects] == [
        (1, "empty_record", 12),
        (3, "empty_record", 60),
        (5, "empty_record", 12),
    ]
    landed.assert_nothing_lost()


@pytest.mark.parametrize("line", ["\u00a0,", '"', '"" x', "\u00a0x", '"-"', "\u0301"])
def test_a_line_that_shows_anything_is_a_record(admit, line):
    landed = admit((line + "\n").encode() * 3 + GOOD)
    assert len(landed.rejects) == 3 and "empty_record" not in landed.reasons
    landed.assert_nothing_lost()


def test_a_run_of_blank_lines_is_one_record_wherever_a_block_ends(admit, monkeypatch):
    monkeypatch.setattr("mediflow_assets.sources.csv_batches.line_blocks", _small_blocks)
    landed = admit(b"\n" * 5000 + GOOD + b" \n" * 5000)
    assert [r.lines for b in landed.batches for r in b.rejects] == [5000, 5000]
    landed.assert_nothing_lost()
