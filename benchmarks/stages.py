"""What each stage of a run costs: seconds and processor time, the embedded engine's included, for it runs in the same
process. Used by `mediflow bench --stages`; the figures of docs/scale.md are its."""

import os
import resource
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.commands import ELSEWHERE
from mediflow_assets.defs.launching import Progress


@dataclass(frozen=True)
class Cost:
    """One stage: wall seconds, user and system seconds, and the peak of memory so far."""

    stage: str
    wall_s: float
    cpu_s: float
    peak_mb: int


class Stopwatch:
    """Told of each step's end, it tells what came since the one before."""

    def __init__(self) -> None:
        self.costs: list[Cost] = []
        self._wall, self._cpu = time.perf_counter(), _cpu()

    def __call__(self, progress: Progress) -> None:
        """A step has ended."""
        self.lap(progress.step)

    def lap(self, stage: str) -> None:
        """What came since the last lap belongs to this stage."""
        wall, cpu = time.perf_counter(), _cpu()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        self.costs.append(Cost(stage, round(wall - self._wall, 2), round(cpu - self._cpu, 2), peak))
        self._wall, self._cpu = wall, cpu


def cost_of_stages(deliveries: Path, home: Path) -> list[Cost]:
    """Ingest the files of a folder into a new home and run everything, stage by stage."""
    from mediflow_assets.definitions import build_defs
    from mediflow_assets.defs import launching
    from mediflow_assets.operations import home as homes
    from mediflow_assets.operations.hand_over import hand_over
    from mediflow_assets.settings import Settings
    from mediflow_assets.sources import Feeds
    from mediflow_assets.storage.delta import Lake

    for name in ELSEWHERE:
        os.environ.pop(name, None)
    settings = Settings(home=home)
    homes.set_up(settings, "admin")
    watch = Stopwatch()
    list(hand_over([deliveries], settings.open_inbox(Feeds()), Lake(settings.lake_root)))
    watch.lap("ingest")
    launching.install_dagster_home(settings)
    try:
        outcome = launching.run_job(build_defs(settings), "refresh", on_progress=watch)
    finally:
        launching.end_engine()
    assert outcome.is_success, outcome.errors
    return watch.costs


def _cpu() -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime
