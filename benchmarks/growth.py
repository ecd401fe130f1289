"""What a delivery costs as the lake grows: for each size a home and a lake of its own, each command a fresh process.

Used by `mediflow bench --growth`.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.commands import Figure, environment_of, machine, measured, mediflow
from mediflow_assets.errors import NothingToDo

SEED = 7
WHOLE, NIGHT, NOTHING_NEW, PUBLICATION = "whole run", "nightly maintenance", "nothing new", "publication"
Written = dict[str, tuple[int, int, int]]
"""Of each file its inode, when it was last written, and its bytes."""


@dataclass(frozen=True)
class Step:
    """What was done to a lake of so many encounters, by which processes, and what it wrote below the lake."""

    encounters: int
    what: str
    wall_s: float
    cpu_s: float
    peak_mb: int
    bytes_written: int
    share_of_lake: float
    files_written: int
    commands: list[Figure]


def measure(
    sizes: list[int], more: int, count: Callable[[str, int, int], None], keep: Callable[[list[Step]], None]
) -> list[Step]:
    """Measure each size, and keep what there is after each. Raises NothingToDo where a delivery is not taken whole."""
    steps: list[Step] = []
    for place, rows in enumerate(sizes):
        with tempfile.TemporaryDirectory(prefix="mediflow-bench-") as folder:
            steps += _of_size(Path(folder), rows, more, partial(_tell, count, rows, place, len(sizes)))
        keep(steps)
    return steps


def _tell(count: Callable[[str, int, int], None], rows: int, done: int, of: int, what: str) -> None:
    count(f"{rows:,} encounters, {what}", done, of)


def _of_size(root: Path, rows: int, more: int, count: Callable[[str], None]) -> Iterable[Step]:
    home, later = root / "home", root / "later"
    count("generating")
    measured("generate", mediflow("generate", "--rows", str(rows), "--out", str(root / "large")), home)
    following = [str(Path(__file__).with_name("following.py")), str(later), *map(str, (rows, SEED, more))]
    measured("deliveries that follow", following, home)
    watch = _Watch(rows, home, count)
    yield watch.step(WHOLE, ["init"], ["ingest", str(root / "large" / "deliveries")], ["run"])
    yield watch.step(NIGHT, ["run", "--job", "maintain"])
    for name, outcome, what in (("recent", "new", "recent rows"), ("corrections", "newer", "scattered corrections")):
        known = deliveries_of(reconciled(home))
        yield watch.step(f"{more:,} {what}", ["ingest", str(later / f"admissions-{name}.csv")], ["run"])
        require_taken([row for row in reconciled(home) if row["delivery"] not in known], more, outcome)
    yield watch.step(NOTHING_NEW, ["run"])
    yield watch.step(PUBLICATION, ["run", "--publish"])


class _Watch:
    """Measures commands on one home, and what they write below its lake."""

    def __init__(self, rows: int, home: Path, count: Callable[[str], None]) -> None:
        self._rows, self._home, self._count = rows, home, count
        self._before: Written = {}

    def step(self, what: str, *commands: list[str]) -> Step:
        """Run the commands one after the other."""
        figures = []
        for words in commands:
            self._count(f"{what}: {words[0]}")
            figures.append(measured(f"{what}: {words[0]}", mediflow(*words), self._home))
        after = files_below(self._home / "lake")
        new = [found for path, found in after.items() if self._before.get(path) != found]
        self._before = after
        written, held = sum(size for *_, size in new), sum(size for *_, size in after.values())
        return Step(
            self._rows,
            what,
            round(sum(figure.wall_s for figure in figures), 2),
            round(sum(figure.cpu_s for figure in figures), 2),
            max(figure.peak_mb for figure in figures),
            written,
            round(written / held, 4),
            len(new),
            figures,
        )


def files_below(lake: Path) -> Written:
    """Every file there is. One that is put in the place of another has an inode of its own."""
    found = {str(path): path.stat() for path in lake.rglob("*") if path.is_file()}
    return {path: (stat.st_ino, stat.st_mtime_ns, stat.st_size) for path, stat in found.items()}


def reconciled(home: Path) -> list[dict[str, Any]]:
    """What the last run says has become of each delivery. Raises NothingToDo where its sums or checks do not hold."""
    # in a process of its own: what this one holds in memory would count as a peak of those that it starts
    said = subprocess.run(
        [sys.executable, *mediflow("status", "--json")], env=environment_of(home), stdout=subprocess.PIPE, check=False
    )
    if said.returncode:
        raise NothingToDo("After a run of the benchmark sums or blocking checks do not hold, or a table is damaged.")
    rows: list[dict[str, Any]] = json.loads(said.stdout)["reconciliation"]
    return rows


def deliveries_of(rows: list[dict[str, Any]]) -> set[str]:
    """Which deliveries these figures are of."""
    return {row["delivery"] for row in rows}


def require_taken(rows: list[dict[str, Any]], records: int, outcome: str) -> None:
    """Raise NothingToDo unless all records were accepted, and all as encounters of this outcome."""
    accepted = {row["table"]: row["accepted"] for row in rows}
    of_outcome = sum(row[outcome] or 0 for row in rows if row["table"] == "silver/encounters")
    if accepted.get("silver/patients") != records or accepted.get("silver/encounters") != records:
        told = ", ".join(f"{count:,} at {table}" for table, count in sorted(accepted.items())) or "none"
        raise NothingToDo(f"The benchmark's delivery of {records:,} records was not accepted whole: {told}.")
    if of_outcome != records:
        raise NothingToDo(f"Of the benchmark's {records:,} records only {of_outcome:,} were {outcome} encounters.")


def write(out: Path, steps: list[Step]) -> None:
    """The figures as JSON, with the machine they were measured on."""
    out.write_text(json.dumps({"machine": machine(), "steps": [asdict(step) for step in steps]}, indent=2))
