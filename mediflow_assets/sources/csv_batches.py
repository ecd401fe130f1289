"""A CSV delivery as Arrow batches of Bronze's columns: whole blocks, or piece by piece where needed."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mediflow_assets.sources.composing import bronze_columns
from mediflow_assets.sources.csv_blocks import Overlong, line_blocks, skip_line
from mediflow_assets.sources.csv_lines import pieces
from mediflow_assets.sources.csv_parse import parse_records, parse_whole
from mediflow_assets.sources.csv_records import EMPTY, Layout
from mediflow_assets.sources.csv_stream import opened_csv
from mediflow_assets.sources.delivery import RAW_KEPT, Recognised, RecordBatchOfDelivery, Reject
from mediflow_assets.sources.footers import NO_FOOTER, Footer

RECORDS_AT_ONCE = 1 << 16


def read_csv(path: Path, what: Recognised) -> Iterator[RecordBatchOfDelivery]:
    """All records of a CSV delivery, in file order, numbered from 1."""
    reader = _Reader(what, Layout(what.delimiter, len(what.header)))
    with opened_csv(path, what) as stream:
        skip_line(stream)
        for block in line_blocks(stream):
            if isinstance(block, Overlong):
                yield from reader.take(b"", is_last=True)
                yield reader.rejected_line(block.raw)
            else:
                yield from reader.take(block, is_last=False)
        yield from reader.take(b"", is_last=True)
        yield from reader.finish(stream.footer or NO_FOOTER)


@dataclass
class _Reader:
    """Where the reading stands: what is unfinished, and the number of the next record."""

    what: Recognised
    layout: Layout
    unfinished: bytes = b""
    next_number: int = 1
    blank: Reject | None = None
    """The run of blank lines that the reading stands in: the next block may go on with it."""

    def take(self, block: bytes, is_last: bool) -> Iterator[RecordBatchOfDelivery]:
        """The records of a block, after what was left of the one before."""
        block = self.unfinished + block
        self.unfinished = b""
        if not block or self._goes_on_blank(block):
            return
        if whole := parse_whole(block, self.layout):
            columns, end = whole
            ended = self._end_of_blank()
            yield self._batch(columns, self._number(len(columns[0])), ended)
            self.unfinished = block[end:]
        else:
            yield from self._piece_by_piece(block, is_last)
        if is_last and self.unfinished:
            yield from self._piece_by_piece(self.unfinished, is_last)

    def rejected_line(self, raw: bytes) -> RecordBatchOfDelivery:
        """A line that is too long, as a reject of its own."""
        ended = self._end_of_blank()
        return self._batch_of([], [], [*ended, Reject(int(self._number(1)[0]), "record_too_long", raw)])

    def finish(self, footer: Footer) -> Iterator[RecordBatchOfDelivery]:
        """The blank lines at the end, if there are any, and what stood below."""
        ended = self._end_of_blank()
        if ended or footer.rows:
            yield replace(self._batch_of([], [], [*ended]), total_rows=footer.rows)

    def _goes_on_blank(self, block: bytes) -> bool:
        """Whether a block holds line ends alone: a file of nothing else is passed over as fast as it is read."""
        lines = block.count(b"\n") if block[:1] in (b"\r", b"\n") else 0
        if not lines or len(block) not in (lines, lines + block.count(b"\r\n")):
            return False
        if self.blank is None:
            self.blank = Reject(int(self._number(1)[0]), EMPTY, b"", 0)
        self.blank = replace(self.blank, lines=self.blank.lines + lines)
        return True

    def _end_of_blank(self) -> tuple[Reject, ...]:
        ended, self.blank = self.blank, None
        return () if ended is None else (ended,)

    def _piece_by_piece(self, block: bytes, is_last: bool) -> Iterator[RecordBatchOfDelivery]:
        good: list[bytes] = []
        numbers: list[npt.NDArray[np.int64]] = []
        rejects: list[Reject] = []
        end = 0
        for piece in pieces(block, self.layout, is_last):
            end = piece.end
            if piece.reason == EMPTY and self.blank:
                raw = b"\n".join((self.blank.raw, piece.raw))[:RAW_KEPT]
                self.blank = replace(self.blank, raw=raw, lines=self.blank.lines + piece.lines)
                continue
            rejects += self._end_of_blank()
            number = self._number(piece.count)
            if piece.reason == EMPTY:
                self.blank = Reject(int(number[0]), piece.reason, piece.raw, piece.lines)
            elif piece.reason:
                rejects.append(Reject(int(number[0]), piece.reason, piece.raw))
            else:
                good.append(piece.raw)
                numbers.append(number)
            if len(rejects) >= RECORDS_AT_ONCE:
                yield self._batch_of(good, numbers, rejects)
                good, numbers, rejects = [], [], []
        if good or rejects:
            yield self._batch_of(good, numbers, rejects)
        self.unfinished = block[end:]

    def _batch_of(
        self, good: list[bytes], numbers: list[npt.NDArray[np.int64]], rejects: list[Reject]
    ) -> RecordBatchOfDelivery:
        counted = np.concatenate([np.empty(0, np.int64), *numbers])
        return self._batch(parse_records(good, len(counted), self.layout), counted, tuple(rejects))

    def _number(self, count: int) -> npt.NDArray[np.int64]:
        first = self.next_number
        self.next_number += count
        return np.arange(first, self.next_number, dtype=np.int64)

    def _batch(
        self, cells: list[pa.Array], numbers: npt.NDArray[np.int64], rejects: tuple[Reject, ...]
    ) -> RecordBatchOfDelivery:
        columns = bronze_columns(self.what, cells, len(numbers))
        arrays = [*columns.values(), pa.array(numbers)]
        accepted = pa.RecordBatch.from_arrays(arrays, names=[*columns, "_record_number"])
        return RecordBatchOfDelivery(accepted, rejects)
