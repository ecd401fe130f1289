"""A CSV delivery as a stream of whole physical lines, in bounded memory."""

from collections.abc import Iterator
from dataclasses import dataclass

from mediflow_assets.sources.delivery import LINE_LIMIT, RAW_KEPT
from mediflow_assets.sources.opening import Opened

BLOCK = 8 << 20


@dataclass(frozen=True)
class Overlong:
    """The beginning of a physical line that is too long to be read."""

    raw: bytes


def line_blocks(stream: Opened, size: int = BLOCK) -> Iterator[bytes | Overlong]:
    """Blocks of whole lines, each ending in LF, also where the file does not.

    A line that does not end within the limit is skipped without being held: a file of 1 GB without a line
    break takes no more memory than any other.
    """
    open_line = b""
    while chunk := stream.read(size):
        end = chunk.rfind(b"\n") + 1
        if end:
            yield open_line + chunk[:end]
            open_line = chunk[end:]
        else:
            open_line += chunk
        if len(open_line) > LINE_LIMIT:
            skip_line(stream, len(open_line))
            yield Overlong(open_line[:RAW_KEPT])
            open_line = b""
    if open_line:
        yield open_line + b"\n"


def skip_line(stream: Opened, taken: int = 0) -> None:
    """Reads up to the end of the current line, of which so much was taken. Raises DeliveryRefused past the limit."""
    stream.refuse_overlong(taken)
    while (piece := stream.readline(BLOCK)) and not piece.endswith(b"\n"):
        taken += len(piece)
        stream.refuse_overlong(taken)
