"""Small files beside the tables: read and replaced whole, in a folder or an `s3://` bucket.

The object store is found by the same environment variables as delta-rs uses: AWS_ENDPOINT_URL, AWS_REGION,
AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY.
"""

import contextlib
import os
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


def join(uri: str, *parts: str) -> str:
    """A place below another."""
    return "/".join((uri.rstrip("/"), *parts))


def read(uri: str) -> bytes:
    """A file's content. Raises FileNotFoundError."""
    if not _is_remote(uri):
        return Path(uri).read_bytes()
    files, path = _remote(uri)
    with files.open_input_stream(path) as stream:
        return bytes(stream.read())


def write(uri: str, content: bytes) -> None:
    """Put a file in place of what was there: a reader sees the old content or the new, never a part."""
    if _is_remote(uri):
        files, path = _remote(uri)
        with files.open_output_stream(path) as stream:
            stream.write(content)
        return
    target = Path(uri)
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=".writing-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def folders(uri: str) -> tuple[str, ...]:
    """The names of the folders below a place; none where it does not exist."""
    if not _is_remote(uri):
        place = Path(uri)
        return tuple(sorted(each.name for each in place.iterdir() if each.is_dir())) if place.is_dir() else ()
    from pyarrow.fs import FileSelector, FileType

    files, path = _remote(uri)
    found = files.get_file_info(FileSelector(path, allow_not_found=True))
    return tuple(sorted(info.base_name for info in found if info.type == FileType.Directory))


def _is_remote(uri: str) -> bool:
    return "://" in uri and not uri.startswith("file://")


def _remote(uri: str) -> tuple[Any, str]:
    parts = urlsplit(uri)
    return _store(os.environ.get("AWS_ENDPOINT_URL") or os.environ.get("AWS_ENDPOINT")), parts.netloc + parts.path


@lru_cache(maxsize=4)
def _store(endpoint: str | None) -> Any:
    from pyarrow.fs import S3FileSystem

    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    if endpoint is None:
        return S3FileSystem(region=region)
    scheme, _, host = endpoint.rpartition("://")
    return S3FileSystem(region=region, scheme=scheme or "https", endpoint_override=host)
