"""Measured runs: a home of its own in a temporary folder, each command a fresh process."""

import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from mediflow_assets.errors import NothingToDo

SMALL_ROWS = 10_000
ELSEWHERE = frozenset(
    {
        "MEDIFLOW_LAKE",
        "MEDIFLOW_INBOX",
        "MEDIFLOW_LANDING",
        "MEDIFLOW_DATABASE_URL",
        "MEDIFLOW_ARTIFACTS",
        "MEDIFLOW_ALERT_WEBHOOK",
        "MEDIFLOW_DAGSTER_CONFIG",
        "MLFLOW_TRACKING_URI",
    }
)
"""Settings that lead out of a home: what is invented for a measurement may not get there."""
INGEST, RUN, TRAIN, FLOOR = "ingest", "run", "train both models", "floor (Polars, by hand)"


@dataclass(frozen=True)
class Figure:
    """One process: wall seconds, user and system seconds, and the peak of its resident memory."""

    what: str
    wall_s: float
    cpu_s: float
    peak_mb: int


def measure(rows: int, floor: bool, count: Callable[[str, int, int], None]) -> list[Figure]:
    """Generate a hospital and a small second delivery, then run the real commands over them."""
    with tempfile.TemporaryDirectory(prefix="mediflow-bench-") as folder:
        root = Path(folder)
        steps: list[tuple[str, list[str]]] = [
            ("init", ["init"]),
            ("generate", ["generate", "--rows", str(rows), "--out", str(root / "large")]),
            ("generate small", ["generate", "--rows", str(SMALL_ROWS), "--seed", "8", "--out", str(root / "small")]),
            (INGEST, ["ingest", str(root / "large" / "deliveries")]),
            (RUN, ["run"]),
            ("run, nothing new", ["run"]),
            (f"ingest of {SMALL_ROWS:,} more", ["ingest", str(root / "small" / "deliveries")]),
            (f"run of {SMALL_ROWS:,} more", ["run"]),
            ("status", ["status"]),
            (TRAIN, ["run", "--select", "models"]),
        ]
        figures = []
        for place, (what, arguments) in enumerate(steps):
            count(what, place, len(steps))
            if what == f"ingest of {SMALL_ROWS:,} more":
                _renumber(root / "small" / "deliveries")
            figures.append(measured(what, mediflow(*arguments), root / "home"))
        if floor:
            made_by_hand = [
                str(Path(__file__).with_name("floor.py")),
                str(root / "large" / "deliveries"),
                str(root / "floor"),
            ]
            figures.append(measured(FLOOR, made_by_hand, root / "home"))
        return figures


def _renumber(deliveries: Path) -> None:
    """Encounters of their own instead of other versions of the first hospital's."""
    for file in deliveries.glob("*.csv"):
        file.write_bytes(file.read_bytes().replace(b"ENC_0", b"ENC_9"))


def ratios(figures: list[Figure]) -> dict[str, float]:
    """Ingest and run against each floor of the same run."""
    wall = {figure.what: figure.wall_s for figure in figures}
    floors = [what for what in wall if what.startswith("floor")]
    return {f"ingest + run, as a multiple of the {what}": (wall[INGEST] + wall[RUN]) / wall[what] for what in floors}


def write(out: Path, rows: int, figures: list[Figure]) -> None:
    """The figures as JSON, with the machine they were measured on."""
    body = {"rows": rows, "machine": machine(), "figures": [asdict(f) for f in figures], "ratios": ratios(figures)}
    out.write_text(json.dumps(body, indent=2))


def machine() -> dict[str, str | int | None]:
    """What it was measured on."""
    return {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}


def measured(what: str, arguments: list[str], home: Path) -> Figure:
    """Run Python with these arguments as a process of its own, by a home of its own. Raises NothingToDo if it fails."""
    environment = environment_of(home)
    started = time.perf_counter()
    silent = os.open(os.devnull, os.O_WRONLY)
    moves = [(os.POSIX_SPAWN_DUP2, silent, 1)]
    process = os.posix_spawn(sys.executable, [sys.executable, *arguments], environment, file_actions=moves)
    _, status, usage = os.wait4(process, 0)
    os.close(silent)
    wall = time.perf_counter() - started
    if os.waitstatus_to_exitcode(status):
        raise NothingToDo(f"The benchmark's '{what}' failed; what it said stands above.")
    return Figure(what, round(wall, 2), round(usage.ru_utime + usage.ru_stime, 2), usage.ru_maxrss // 1024)


def environment_of(home: Path) -> dict[str, str]:
    """The environment with this home, and without what would have it use a lake, an inbox or a database elsewhere."""
    return {name: value for name, value in os.environ.items() if name not in ELSEWHERE} | {"MEDIFLOW_HOME": str(home)}


def mediflow(*words: str) -> list[str]:
    """A command of MediFlow as Python's arguments."""
    return ["-m", "mediflow_assets.cli", *words]
