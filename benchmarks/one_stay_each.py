"""What it takes to bring in one flat file with one stay for each person, beside the same by hand with Polars.

Used by `mediflow bench --one-stay-each`.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.commands import FLOOR, INGEST, RUN, Figure, measured, mediflow
from benchmarks.growth import reconciled, require_taken

MASKED = "floor with a masked table"


def measure(rows: int, floor: bool, count: Callable[[str, int, int], None]) -> list[Figure]:
    """Write the file, have MediFlow take it in, and make a few tables of it by hand.

    Its header is understood as it is: no feed needs to be mapped. Raises NothingToDo where a record is not accepted.
    """
    with tempfile.TemporaryDirectory(prefix="mediflow-bench-") as folder:
        root, home, file = Path(folder), Path(folder) / "home", str(Path(folder) / "stays.csv")
        program = str(Path(__file__).with_name("stays.py"))
        steps = [
            ("init", mediflow("init")),
            ("generate", [program, "make", file, str(rows)]),
            (INGEST, mediflow("ingest", file)),
            (RUN, mediflow("run")),
        ]
        if floor:
            steps += [
                (FLOOR, [program, "floor", file, str(root / "floor")]),
                (MASKED, [program, "masked", file, str(root / "masked")]),
            ]
        figures = []
        for place, (what, arguments) in enumerate(steps):
            count(what, place, len(steps))
            figures.append(measured(what, arguments, home))
        require_taken(reconciled(home), rows, "new")
        return figures
