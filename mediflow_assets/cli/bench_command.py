"""`mediflow bench`: wall time, processor time and memory of the real commands, each in a fresh process."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mediflow_assets.cli import context, output
from mediflow_assets.errors import SettingsInvalid

if TYPE_CHECKING:
    from benchmarks.commands import Figure
    from benchmarks.growth import Step

SIZES = "500000,1000000,3000000,10000000"
_ROWS, _STAYS = 1_000_000, 1_050_000


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("bench")(bench)


def bench(
    rows: Annotated[
        int | None, typer.Option(min=1, help="encounters: 1,000,000 where not told, 1,050,000 with --one-stay-each")
    ] = None,
    out: Annotated[Path, typer.Option(help="where the figures are written as JSON")] = Path("bench.json"),
    floor: Annotated[bool, typer.Option(help="also a few tables made by hand with Polars")] = True,
    is_by_stage: Annotated[
        bool, typer.Option("--stages", help="measure what each stage of one run costs instead")
    ] = False,
    is_growth: Annotated[
        bool, typer.Option("--growth", help="measure instead what small deliveries cost as the lake grows")
    ] = False,
    sizes: Annotated[str, typer.Option(help="with --growth: encounters of each lake, by commas")] = SIZES,
    more: Annotated[int, typer.Option(min=1, help="with --growth: records of each small delivery")] = 10_000,
    is_one_each: Annotated[
        bool, typer.Option("--one-stay-each", help="measure a flat file with one stay for each person instead")
    ] = False,
) -> None:
    """Measure ingest and run, a small delivery after it, a run with nothing new, and status."""
    if is_by_stage + is_growth + is_one_each > 1:
        context.usage("--stages, --growth and --one-stay-each are measurements of their own: ask for one.")
    _find_benchmarks()
    if is_by_stage:
        _by_stage(rows or _ROWS, out)
    elif is_growth:
        _by_size(_numbers(sizes), more, out)
    elif is_one_each:
        _one_stay_each(rows or _STAYS, floor, out)
    else:
        _commands(rows or _ROWS, floor, out)


def _find_benchmarks() -> None:
    """Make the checkout's measurements importable. Raises SettingsInvalid where MediFlow is no checkout."""
    checkout = Path(__file__).parents[2]
    if not (checkout / "benchmarks").is_dir():
        raise SettingsInvalid("'mediflow bench' measures a checkout of MediFlow: run it from there.")
    sys.path.insert(0, str(checkout))


def _numbers(sizes: str) -> list[int]:
    found = [size.strip() for size in sizes.split(",")]
    if not all(size.isascii() and size.isdecimal() and int(size) for size in found):
        context.usage("--sizes takes whole numbers above zero, divided by commas.")
    return [int(size) for size in found]


def _commands(rows: int, floor: bool, out: Path) -> None:
    from benchmarks import commands

    with output.counting("bench") as count:
        figures = commands.measure(rows, floor, count)
    _show(f"{rows:,} encounters", rows, figures, out)


def _one_stay_each(rows: int, floor: bool, out: Path) -> None:
    from benchmarks import one_stay_each

    with output.counting("bench") as count:
        figures = one_stay_each.measure(rows, floor, count)
    _show(f"{rows:,} people with one stay each", rows, figures, out)


def _show(title: str, rows: int, figures: "list[Figure]", out: Path) -> None:
    from benchmarks import commands

    told = [(f.what, f"{f.wall_s:.1f}", f"{f.cpu_s:.1f}", f.peak_mb) for f in figures]
    output.table(title, ("what", "wall s", "user+system s", "peak MB"), told)
    for name, ratio in commands.ratios(figures).items():
        output.line(f"{name}: {ratio:.1f}")
    commands.write(out, rows, figures)
    output.line(f"Written to {out}.")


def _by_size(sizes: list[int], more: int, out: Path) -> None:
    from benchmarks import growth

    with output.counting("bench") as count:
        steps = growth.measure(sizes, more, count, lambda found: growth.write(out, found))
    columns = ("encounters", "what", "wall s", "user+system s", "peak MB", "MB written", "of the lake", "files written")
    output.table("as the lake grows", columns, [_told(step) for step in steps])
    output.line(f"Written to {out}.")


def _told(step: "Step") -> tuple[object, ...]:
    times = (f"{step.wall_s:.1f}", f"{step.cpu_s:.1f}", step.peak_mb)
    written = (f"{step.bytes_written / 1e6:.1f}", f"{step.share_of_lake:.1%}", step.files_written)
    return step.encounters, step.what, *times, *written


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
