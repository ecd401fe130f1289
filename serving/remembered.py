"""Predictions on their way to the prediction log: a thread writes what has gathered, about once a second."""

import contextlib
import datetime as dt
import logging
import threading
import time
from collections.abc import Sequence

from mediflow_assets.errors import MediFlowError
from mediflow_assets.governance.prediction_log import Prediction, PredictionLog

EVERY_SECONDS, FORGET_SECONDS = 0.5, 3600
MOST_WAITING = 200_000
"""Beyond it predictions are dropped and counted: the log serves drift, and must not take the memory of a gateway."""
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
            try:
                self._kept.append(batch)
            except MediFlowError:
                # a database that is away for a while: they wait, as far as there is room
                self.add(batch)
                log.warning("predictions", extra={"status": "not written", "count": len(batch)})
            if is_last:
                return
            if time.monotonic() - forgotten_at > FORGET_SECONDS:
                forgotten_at = time.monotonic()
                with contextlib.suppress(MediFlowError):
                    self._kept.forget_before(dt.datetime.now(dt.UTC) - self._keep)
