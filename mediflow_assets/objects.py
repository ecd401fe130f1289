"""Object stores: the file system and path of an `s3://` URI.

The store is found by the environment variables that delta-rs uses too: AWS_ENDPOINT_URL, AWS_REGION, and
AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY or AWS_SHARED_CREDENTIALS_FILE.
"""

import os
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit


def is_remote(uri: str) -> bool:
    """Whether a place lies in an object store, not in a folder."""
    return "://" in uri and not uri.startswith("file://")


def remote(uri: str) -> tuple[Any, str]:
    """The Arrow file system of a URI, and the path in it."""
    parts = urlsplit(uri)
    return _store(_endpoint()), parts.netloc + parts.path


def make_bucket(uri: str) -> None:
    """The bucket of a URI, where there is none yet."""
    from pyarrow.fs import FileType

    store, path = remote(uri)
    bucket = path.split("/")[0]
    if store.get_file_info(bucket).type == FileType.NotFound:
        _store(_endpoint(), may_make=True).create_dir(bucket)


def listed(uri: str) -> list[Any]:
    """What lies below a place, folders within folders too, as Arrow's file infos; nothing where there is none."""
    from pyarrow.fs import FileSelector

    files, path = remote(uri)
    found: list[Any] = files.get_file_info(FileSelector(path.rstrip("/"), recursive=True, allow_not_found=True))
    return found


def remove(uri: str) -> None:
    """Remove all that lies below a place."""
    from pyarrow.fs import FileType

    files, _ = remote(uri)
    for info in listed(uri):
        if info.type == FileType.File:
            files.delete_file(info.path)


def _endpoint() -> str | None:
    return os.environ.get("AWS_ENDPOINT_URL") or os.environ.get("AWS_ENDPOINT")


@lru_cache(maxsize=4)
def _store(endpoint: str | None, may_make: bool = False) -> Any:
    from pyarrow.fs import S3FileSystem

    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    if endpoint is None:
        return S3FileSystem(region=region, allow_bucket_creation=may_make)
    scheme, _, host = endpoint.rpartition("://")
    return S3FileSystem(region=region, scheme=scheme or "https", endpoint_override=host, allow_bucket_creation=may_make)
