"""Rejects on their way to Bronze: written to a file as they come, so that a file of nothing else fills no memory."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa

from mediflow_assets.contracts import bronze
from mediflow_assets.errors import DeliveryRefused
from mediflow_assets.ingest.inbox import Delivery
from mediflow_assets.sources import Reject
from mediflow_assets.storage.schemas import arrow_schema

_SCHEMA = arrow_schema(bronze.REJECTS)


class RejectSpool:
    """A delivery's rejects, of which there may be so many. Close it before it is read."""

    def __init__(self, path: Path, delivery: Delivery, most: int) -> None:
        self._path, self._delivery, self._most = path, delivery, most
        self._sink: pa.OSFile | None = None
        self._writer: pa.ipc.RecordBatchStreamWriter | None = None
        self.count = 0

    def add(self, rejects: Iterable[Reject]) -> None:
        """Write rejects down. Raises DeliveryRefused where there are too many."""
        rows = [
            {
                "source": self._delivery.source,
                "reason": reject.reason,
                "raw": reject.raw,
                "lines": reject.lines,
                "_delivery_id": self._delivery.delivery_id,
                "_record_number": reject.record_number,
                "_ingested_at": self._delivery.received_at,
            }
            for reject in rejects
        ]
        self.count += len(rows)
        if self.count > self._most:
            raise DeliveryRefused(
                f"more than {self._most:,} of its records cannot be split into fields. Check the delimiter, the quotes "
                "and the encoding of the export, or raise MEDIFLOW_MAX_REJECTS."
            )
        if rows:
            if self._writer is None:
                self._sink = pa.OSFile(str(self._path), "wb")
                self._writer = pa.ipc.new_stream(self._sink, _SCHEMA)
            self._writer.write_batch(pa.RecordBatch.from_pylist(rows, schema=_SCHEMA))

    def close(self) -> None:
        """No more come."""
        if self._writer is not None and self._sink is not None:
            self._writer.close()
            self._sink.close()
            self._writer = self._sink = None

    def rows(self) -> pa.RecordBatchReader:
        """What was written down, streamed."""
        return pa.RecordBatchReader.from_batches(_SCHEMA, _batches(self._path))

    def remove(self) -> None:
        """Forget them."""
        self.close()
        self._path.unlink(missing_ok=True)


def _batches(path: Path) -> Iterable[pa.RecordBatch]:
    with pa.OSFile(str(path), "rb") as file, pa.ipc.open_stream(file) as stream:
        yield from stream
