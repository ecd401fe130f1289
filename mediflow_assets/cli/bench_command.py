"""`mediflow bench`: wall time, processor time and memory of the real commands, each in a fresh process."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from mediflow_assets.cli import output
from mediflow_assets.errors import SettingsInvalid


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("bench")(bench)


def bench(
    rows: Annotated[int, typer.Option(help="encounters of the generated hospital")] = 1_000_000,
    out: Annotated[Path, typer.Option(help="where the figures are written as JSON")] = Path("bench.json"),
    floor: Annotated[bool, typer.Option(help="also a few tables made by hand with Polars")] = True,
    is_by_stage: Annotated[
        bool, typer.Option("--stages", help="measure what each stage of one run costs instead")
    ] = False,
) -> None:
    """Measure ingest and run, a small delivery after it, a run with nothing new, and status."""
    _find_benchmarks()
    from benchmarks import commands

    if is_by_stage:
        _by_stage(rows, out)
        return

    with output.counting("bench") as count:
        figures = commands.measure(rows, floor, count)
    output.table(
        f"{rows:,} encounters",
        ("what", "wall s", "user+system s", "peak MB"),
        [(f.what, f"{f.wall_s:.1f}", f"{f.cpu_s:.1f}", f.peak_mb) for f in figures],
    )
    for name, ratio in commands.ratios(figures).items():
        output.line(f"{name}: {ratio:.1f}")
    commands.write(out, rows, figures)
    output.line(f"Written to {out}.")


def _find_benchmarks() -> None:
    """Make the checkout's measurements importable. Raises SettingsInvalid where MediFlow is no checkout."""
    checkout = Path(__file__).parents[2]
    if not (checkout / "benchmarks").is_dir():
        raise SettingsInvalid("'mediflow bench' measures a checkout of MediFlow: run it from there.")
    sys.path.insert(0, str(checkout))


def _by_stage(rows: int, out: Path) -> None:
    import json
    import tempfile
    from concurrent.futures import ProcessPoolExecutor
    from dataclasses import asdict
    from multiprocessing import get_context

    from benchmarks.stages import cost_of_stages
    from mediflow_assets import synthetic

    with tempfile.TemporaryDirectory(prefix="mediflow-bench-") as folder:
        # in a process of its own: the memory it takes is not the run's
        with output.counting("generate") as count, ProcessPoolExecutor(1, get_context("spawn")) as apart:
            count("simulate and write", 0, rows)
            apart.submit(synthetic.generate, Path(folder) / "large", rows, 7).result()
        costs = cost_of_stages(Path(folder) / "large" / "deliveries", Path(folder) / "home")
    shown = [(cost.stage, f"{cost.wall_s:.1f}", f"{cost.cpu_s:.1f}", cost.peak_mb) for cost in costs]
    output.table(f"{rows:,} encounters", ("stage", "wall s", "user+system s", "peak MB so far"), shown)
    out.write_text(json.dumps({"rows": rows, "stages": [asdict(cost) for cost in costs]}, indent=2))
    output.line(f"Written to {out}.")
