"""Opening a delivery: compression by content, byte order marks, and every failure as a refusal."""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from mediflow_assets.errors import DeliveryRefused

GZIP = b"\x1f\x8b"
UTF8_MARK = b"\xef\xbb\xbf"
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
BUFFER = 1 << 20


def compression_of(path: Path) -> str | None:
    """`gzip` where the file's first bytes say so, else None. The file's name does not count."""
    if not path.exists():
        raise DeliveryRefused("there is no such file. Check the path.")
    if not path.is_file():
        raise DeliveryRefused("not a file. Name a file, or a folder to be walked.")
    with refusing(), path.open("rb") as file:
        return "gzip" if file.read(2) == GZIP else None


@contextmanager
def opened(path: Path, compression: str | None) -> Iterator[io.BufferedReader]:
    """The delivery's bytes, decompressed, after its byte order mark."""
    with refusing(), path.open("rb") as file:
        plain = gzip.GzipFile(fileobj=file) if compression == "gzip" else file
        stream: io.BufferedReader = io.BufferedReader(cast(Any, plain), BUFFER)
        if stream.peek(3)[:3] == UTF8_MARK:
            stream.read(3)
        yield stream


@contextmanager
def refusing() -> Iterator[None]:
    """Turns what goes wrong while reading a file into a refusal that carries no path and no value."""
    try:
        yield
    except (gzip.BadGzipFile, EOFError, zlib.error):
        raise DeliveryRefused("the gzip data is damaged or cut short. Deliver the file again.") from None
    except OSError as error:
        raise DeliveryRefused(f"the file cannot be read ({type(error).__name__}).") from None


def read_head(path: Path, compression: str | None, size: int) -> bytes:
    """The first `size` bytes, after the byte order mark; refuses what is empty or UTF-16."""
    with opened(path, compression) as stream:
        head = stream.read(size)
    if not head.strip():
        raise DeliveryRefused("the file is empty.")
    if head.startswith(UTF16_MARKS):
        raise DeliveryRefused("the file is UTF-16. Convert it to UTF-8 and deliver it again.")
    return head
