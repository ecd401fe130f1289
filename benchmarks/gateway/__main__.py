"""`python -m benchmarks.gateway`: the gateway's figures under load, beside plain scikit-learn behind the same FastAPI.

Not part of the gateway: it trains, and loads scikit-learn. `make bench-serving` runs it. The load comes from wrk.
"""

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.gateway.homes import trained_home
from benchmarks.gateway.measuring import Figure, measure


def main() -> None:
    """Make a home (or take one), measure, print and write the table."""
    asked = argparse.ArgumentParser(prog="python -m benchmarks.gateway", description=__doc__)
    asked.add_argument("--rows", type=int, default=50_000, help="encounters that the models learn from")
    asked.add_argument("--home", type=Path, help="a home with both models, instead of one made for this")
    asked.add_argument("--seconds", type=int, default=20, help="of each load")
    asked.add_argument("--out", type=Path, default=Path("bench-serving.json"), help="the figures as JSON")
    given = asked.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("The load comes from wrk: apt-get install wrk")
    with tempfile.TemporaryDirectory(prefix="mediflow-bench-") as folder:
        home = trained_home(Path(folder), given.home, given.rows)
        figures = measure(home, Path(folder), given.seconds)
    show(figures, f"{given.rows:,} encounters, {given.seconds} s of each load" if given.home is None else "")
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "system": platform.system()}
    body = {"rows": given.rows, "seconds": given.seconds, "machine": machine, "figures": [asdict(f) for f in figures]}
    given.out.write_text(json.dumps(body, indent=2))
    print(f"Written to {given.out}.")


def show(figures: Sequence[Figure], title: str) -> None:
    """The table."""
    table = Table("what", "asked", "gateway", "met", "plain scikit-learn", title=title)
    for figure in figures:
        told = ("yes" if figure.is_met else "NO") if figure.asked else ""
        table.add_row(figure.what, figure.asked, figure.shown(figure.gateway), told, figure.shown(figure.plain))
    Console(width=None if sys.stdout.isatty() else 120).print(table)


if __name__ == "__main__":
    main()
