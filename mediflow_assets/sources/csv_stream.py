"""The records of a CSV delivery as a stream: without the lines above its header and the totals at its end."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.sources.csv_blocks import skip_line
from mediflow_assets.sources.delivery import Recognised
from mediflow_assets.sources.footers import NO_FOOTER, Footer, footer_of_lines
from mediflow_assets.sources.opening import TAIL, Opened, opened

_LOOKED_THROUGH = 256 << 10
"""Bytes of a packed or transcoded file that is read to its end to tell beforehand of totals."""


@contextmanager
def opened_csv(path: Path, what: Recognised) -> Iterator[Opened]:
    """The delivery from its header on, up to its last record."""

    def footer(tail: bytes) -> Footer:
        return _footer(tail, what)

    with opened(path, what.compression, what.limits, what.encoding, footer) as stream:
        for _ in range(what.title_lines):
            skip_line(stream)
        yield stream


def total_rows(path: Path, what: Recognised) -> int:
    """How many totals and remarks stand at the end, where that can be told without reading a large file."""
    # a file that cannot be read to its end is refused by whoever reads it
    with suppress(DeliveryRefused), opened_csv(path, what) as stream:
        if stream.footer is None and path.stat().st_size <= _LOOKED_THROUGH:
            while stream.read(TAIL):
                pass
        return (stream.footer or NO_FOOTER).rows
    return 0


def _footer(tail: bytes, what: Recognised) -> Footer:
    """What of the last bytes of the content is no record. A header never is."""
    lines_above = what.title_lines + 1 if len(tail) < TAIL else 1
    for _ in range(lines_above):
        tail = tail.partition(b"\n")[2]
    return footer_of_lines(tail, what.delimiter, what.columns)
