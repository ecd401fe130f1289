"""Lines of an NDJSON delivery, in bounded memory."""

from collections.abc import Iterator

from mediflow_assets.sources.csv_blocks import Overlong, skip_line
from mediflow_assets.sources.delivery import JSON_LINE_LIMIT, RAW_KEPT
from mediflow_assets.sources.opening import Opened

BLANKS = b" \t\r\n"


def json_lines(stream: Opened, limit: int = JSON_LINE_LIMIT) -> Iterator[bytes | Overlong]:
    """Each line that is not blank, without the white space around it."""
    while line := stream.readline(limit + 1):
        if len(line) > limit and not line.endswith(b"\n"):
            skip_line(stream, len(line))
            yield Overlong(line[:RAW_KEPT])
        elif text := line.strip(BLANKS):
            yield text
        else:
            stream.skip_blank_lines(BLANKS)
