"""Killing the service, the run and the broker at seeded moments while messages flow."""

import contextlib
import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from mediflow_assets.contracts.events import ENCOUNTER_EVENTS
from mediflow_assets_tests.streaming.hospital import StreamHome, until

SERVICE, RUN, BROKER = "service", "run", "broker"


@dataclass
class Drill:
    """One drill: the kinds of kills, shuffled by a seed, and how long each victim is let alone."""

    home: StreamHome
    seed: int
    kills: dict[str, int]
    done: Counter[str] = field(default_factory=Counter)

    def go(self, messages: Any, rate: float) -> None:
        """Send, kill, start again; at the end let everything come through."""
        rng = random.Random(self.seed)
        plan = [kind for kind, times in self.kills.items() for _ in range(times)]
        rng.shuffle(plan)
        sender = threading.Thread(target=lambda: self.home.send(messages, rate), daemon=True)
        sender.start()
        service = self._serve() if self.home.landing == "continuous" else None
        for kind in plan:
            wait = rng.uniform(0.1, 4 if kind != RUN else 12)
            if kind == SERVICE:
                time.sleep(wait)
                assert service is not None and service.poll() is None, "the service ended by itself"
                os.kill(service.pid, signal.SIGKILL)
                service.wait(30)
                service = self._serve()
            elif kind == RUN:
                self._kill_a_run(wait)
            else:
                time.sleep(wait)
                self.home.kafka.kill()
                time.sleep(1)
                self.home.kafka.start()
            self.done[kind] += 1
        sender.join(900)
        assert not sender.is_alive() and self.done == Counter(self.kills)
        if service is not None:
            until(lambda: not self.home.waiting(), 180, service)
            service.send_signal(signal.SIGTERM)
            assert service.wait(60) == 0
        assert self.home.call("run", "--wait", "60") == 0

    def _kill_a_run(self, wait: float) -> None:
        """At that moment of its life; one that is through before is started again, and killed sooner."""
        while True:
            run = self.home.start("run")
            try:
                run.wait(wait)
            except subprocess.TimeoutExpired:
                os.kill(run.pid, signal.SIGKILL)
                run.wait(30)
                return
            wait /= 2

    def _serve(self) -> Any:
        """A service that has landed something, or has nothing to land."""
        before = self.home.lake.rows(ENCOUNTER_EVENTS)
        # what the one before said is no word of this one
        (self.home.folder / "serve.out").unlink(missing_ok=True)
        service = self.home.start("stream", "serve")
        until(lambda: self.home.lake.rows(ENCOUNTER_EVENTS) > before or self._has_all(), 120, service)
        return service

    def _has_all(self) -> bool:
        with contextlib.suppress(Exception):
            log = (self.home.folder / "serve.out").read_text()
            return log.rstrip().endswith(("Landing.", "version -1.")) and not self.home.waiting()
        return False
