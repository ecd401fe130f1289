"""`mediflow bench`: wall time, processor time and memory of the real commands, each in a fresh process."""

from pathlib import Path
from typing import Annotated

import typer

from mediflow_assets.cli import output


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("bench")(bench)


def bench(
    rows: Annotated[int, typer.Option(help="encounters of the generated hospital")] = 1_000_000,
    out: Annotated[Path, typer.Option(help="where the figures are written as JSON")] = Path("bench.json"),
    floor: Annotated[bool, typer.Option(help="also a few tables made by hand with Polars")] = True,
) -> None:
    """Measure ingest and run, a small delivery after it, a run with nothing new, and status."""
    from mediflow_assets.cli import measuring

    with output.counting("bench") as count:
        figures = measuring.measure(rows, floor, count)
    output.table(
        f"{rows:,} encounters",
        ("what", "wall s", "user+system s", "peak MB"),
        [(f.what, f"{f.wall_s:.1f}", f"{f.cpu_s:.1f}", f.peak_mb) for f in figures],
    )
    for name, ratio in measuring.ratios(figures).items():
        output.line(f"{name}: {ratio:.1f}")
    measuring.write(out, rows, figures)
    output.line(f"Written to {out}.")
