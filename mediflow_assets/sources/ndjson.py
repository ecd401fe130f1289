"""Lines of an NDJSON delivery, in bounded memory."""

import io
from collections.abc import Iterator

from mediflow_assets.sources.csv_blocks import Overlong, skip_line
from mediflow_assets.sources.delivery import JSON_LINE_LIMIT, RAW_KEPT


def json_lines(stream: io.BufferedReader, limit: int = JSON_LINE_LIMIT) -> Iterator[bytes | Overlong]:
    """Each line that is not blank, without the white space around it."""
    while line := stream.readline(limit + 1):
        if len(line) > limit and not line.endswith(b"\n"):
            skip_line(stream)
            yield Overlong(line[:RAW_KEPT])
        elif text := line.strip(b" \t\r\n"):
            yield text
