"""Predictions on their way to the prediction log: a thread writes what has gathered, about once a second."""

import contextlib
import datetime as dt
import logging
import threading
import time
from collections.abc import Sequence

from mediflow_assets.errors import MediFlowError
from mediflow_assets.identity.prediction_log import Prediction, PredictionLog

EVERY_SECONDS, FORGET_SECONDS = 0.5, 3600
MOST_IN_COMMIT, MOST_WAITING = 250, 100_000
"""Beyond what may wait they are dropped and counted: the log serves drift, and must not take the gateway's memory."""
log = logging.getLogger("mediflow.gateway")


class Remembered:
    """What is kept of predictions. A kill loses at most the last second; a reply never waits for it."""

    def __init__(self, kept: PredictionLog, keep_days: int) -> None:
        self._kept, self._keep = kept, dt.timedelta(days=keep_days)
        self._waiting: list[Prediction] = []
        self._lock, self._is_ending = threading.Lock(), threading.Event()
        self.dropped = 0
        self._thread = threading.Thread(target=self._write, name="predictions", daemon=True)
        self._thread.start()

    def add(self, predictions: Sequence[Prediction]) -> None:
        """To be written soon."""
        with self._lock:
            room = max(0, MOST_WAITING - len(self._waiting))
            self._waiting += predictions[:room]
            self.dropped += max(0, len(predictions) - room)

    def close(self) -> None:
        """Write what waits, and end."""
        self._is_ending.set()
        self._thread.join(10)

    def _write(self) -> None:
        forgotten_at = 0.0
        while True:
            is_last = self._is_ending.wait(EVERY_SECONDS)
            with self._lock:
                batch, self._waiting = self._waiting, []
            left = self._append(batch)
            if left:
                # a database that is away for a while: they wait, as far as there is room
                self.add(left)
                log.warning("predictions", extra={"status": "not written", "count": len(left)})
            if is_last:
                return
            if time.monotonic() - forgotten_at > FORGET_SECONDS:
                forgotten_at = time.monotonic()
                with contextlib.suppress(MediFlowError):
                    self._kept.forget_before(dt.datetime.now(dt.UTC) - self._keep)

    def _append(self, batch: Sequence[Prediction]) -> Sequence[Prediction]:
        """Write them; gives those that could not be written.

        In parts: SQLite has one writer, and between two of them the audit log, for which replies wait, gets its turn.
        """
        for begin in range(0, len(batch), MOST_IN_COMMIT):
            try:
                self._kept.append(batch[begin : begin + MOST_IN_COMMIT])
            except MediFlowError:
                return batch[begin:]
        return ()
