"""The audit log of the gateway: a reply waits until its record is on disk; records that meet share a commit."""

import asyncio
import queue
import threading

from mediflow_assets.errors import MediFlowError
from mediflow_assets.identity.audit import AuditLog, Record

MOST_IN_COMMIT = 256
_End = None


class Journal:
    """A thread that writes. While one commit is on its way the next batch gathers."""

    def __init__(self, log: AuditLog) -> None:
        self._log = log
        self._waiting: queue.SimpleQueue[tuple[Record, asyncio.Future[None], asyncio.AbstractEventLoop] | None]
        self._waiting = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="audit", daemon=True)
        self._thread.start()

    async def record(self, record: Record) -> None:
        """Returns when the record is on disk. Raises EngineFailed where it cannot be written."""
        loop = asyncio.get_running_loop()
        written: asyncio.Future[None] = loop.create_future()
        self._waiting.put((record, written, loop))
        await written

    def close(self) -> None:
        """Write what waits, and end."""
        self._waiting.put(_End)
        self._thread.join(10)

    def _write(self) -> None:
        while (first := self._waiting.get()) is not _End:
            batch, is_ending = [first], False
            while len(batch) < MOST_IN_COMMIT and not self._waiting.empty():
                if (more := self._waiting.get()) is _End:
                    is_ending = True
                    break
                batch.append(more)
            problem: MediFlowError | None = None
            try:
                self._log.append(*(record for record, _, _ in batch))
            except MediFlowError as error:
                problem = error
            for _, written, loop in batch:
                loop.call_soon_threadsafe(_settle, written, problem)
            if is_ending:
                return


def _settle(written: "asyncio.Future[None]", problem: MediFlowError | None) -> None:
    if written.cancelled():
        return
    written.set_exception(problem) if problem else written.set_result(None)
