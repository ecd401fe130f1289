"""The one seam: a Spark Connect URL. Embedded (Sail, in this process, no JVM) unless another is given."""

import contextlib
import os
import sys
import uuid
from typing import Any

from mediflow_assets.errors import EngineUnreachable
from mediflow_assets.storage.errors import is_session_gone, storage_errors

CONFIG = {"spark.sql.session.timeZone": "UTC"}
"""Session settings that both engines share."""

MOST_ROWS_AT_ONCE, _LEAST_ROWS_AT_ONCE = 1_000_000, 100_000
_ENGINE, _ROW = 1_200 << 20, 1_600
"""Bytes of the engine with all libraries, and of a version of an encounter while versions are folded."""
_SMALL = 4 << 30

_server: Any = None
"""Kept for the life of the process: Sail's server ends with its Python object, and clients then retry for ever."""


def embedded_url(memory: int | None = None) -> str:
    """Start the embedded engine if it is not up, on a free loopback port, and give its URL.

    A small `memory`, in bytes, has it return at once what it frees.
    """
    global _server
    if _server is None:
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        os.environ.setdefault("RUST_LOG", "error")
        for name, value in _of_memory(memory).items():
            os.environ.setdefault(name, value)
        from pysail.spark import SparkConnectServer

        _server = SparkConnectServer("127.0.0.1", 0)
        _server.start(background=True)
    host, port = _server.listening_address
    return f"sc://{host}:{port}"


def _of_memory(memory: int | None) -> dict[str, str]:
    """The engine's own settings, by their names in the environment.

    Its pool of memory is left without a limit: what cannot be put on the disk, as the rows of one call of Python code,
    then ends a run that would have gone through.
    """
    # of a million rows, as it would, every column of every file being written is held until they are full
    found = {"SAIL_PARQUET__MAX_ROW_GROUP_SIZE": "131072"}
    if memory is not None and memory < _SMALL:
        # what was freed is given back at once, for a tenth more time
        found["MIMALLOC_PURGE_DELAY"] = "0"
    return found


def rows_at_once(memory: int) -> int:
    """How many rows a step may hold at once in so many bytes, beside what the engine takes anyway."""
    return min(MOST_ROWS_AT_ONCE, max(_LEAST_ROWS_AT_ONCE, (memory - _ENGINE) // _ROW))


def stop_embedded() -> None:
    """Stop the embedded engine; without this a process that used it hangs at exit."""
    global _server
    if _server is not None:
        from pyspark.sql import SparkSession

        # or the next one made in this process would be this one again, whose server is gone
        if session := SparkSession.getActiveSession():
            forget(session)
        with contextlib.suppress(Exception):
            _server.stop()
        _server = None


def check_remote(url: str) -> None:
    """Raise EngineUnreachable unless something listens where the Spark Connect URL points."""
    import socket
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    if parts.scheme != "sc" or not parts.hostname:
        raise EngineUnreachable("MEDIFLOW_SPARK_REMOTE is not a Spark Connect URL: sc://host:port is expected.")
    try:
        socket.create_connection((parts.hostname, parts.port or 15002), timeout=5).close()
    except OSError:
        raise EngineUnreachable(
            f"No Spark Connect server answers at {parts.hostname}:{parts.port or 15002}. Start it, or unset "
            "MEDIFLOW_SPARK_REMOTE to use the embedded engine."
        ) from None


def check_computes(url: str, seconds: float = 60) -> None:
    """Raise EngineUnreachable unless the server gets a task done: one without workers takes it, and waits for ever."""
    from concurrent.futures import ThreadPoolExecutor

    from pyspark.sql import SparkSession

    check_remote(url)
    with storage_errors("the engine"):
        session: Any = SparkSession.builder.remote(url).create()
        pool = ThreadPoolExecutor(1)
        task = pool.submit(lambda: session.range(1).count())
        try:
            task.result(seconds)
        except TimeoutError:
            session.interruptAll()
            raise EngineUnreachable(
                f"The Spark Connect server answers, but no worker did a task within {seconds:.0f} s. Are the workers "
                "up, and is a run of another one taking all cores?"
            ) from None
        finally:
            pool.shutdown(wait=False)
            session.stop()


def session_url(url: str, session_id: str | None) -> str:
    """The URL of a session of that id, which is a UUID; any other text names no session."""
    if session_id is None or not _is_uuid(session_id):
        return url
    return f"{url.rstrip('/').rstrip(';')}{';' if '/;' in url else '/;'}user_id=mediflow;session_id={session_id}"


def end_session(url: str, session_id: str) -> None:
    """End a session on the cluster with all that runs in it; one that is not there any more is no error."""
    if not _is_uuid(session_id):
        return
    from pyspark.sql import SparkSession

    check_remote(url)
    with contextlib.suppress(Exception):
        session: Any = SparkSession.builder.remote(session_url(url, session_id)).create()
        session.interruptAll()
        session.stop()


def is_known(session: Any) -> bool:
    """Whether the server still knows a session; one that was restarted does not. Waits for a server that is away.

    Raises EngineUnreachable where it stays away.
    """
    with storage_errors("the engine"):
        try:
            session.conf.get("spark.sql.session.timeZone")
        except Exception as error:
            if not is_session_gone(error):
                raise
            return False
    return True


def forget(session: Any) -> None:
    """Close a session that the server does not know. Not released there: its id could then not be used again."""
    session.release_session_on_close = False
    session.stop()


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
