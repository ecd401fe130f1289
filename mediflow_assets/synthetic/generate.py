"""From a number of encounters and a seed to a folder of deliveries with the truth beside it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mediflow_assets.errors import SettingsInvalid
from mediflow_assets.synthetic.broken import plant_broken
from mediflow_assets.synthetic.clock import clock_of
from mediflow_assets.synthetic.deliveries import write_deliveries
from mediflow_assets.synthetic.encounters import simulate
from mediflow_assets.synthetic.hospital import load_hospital
from mediflow_assets.synthetic.merges import DELIVERY, plant_merges, write_merges
from mediflow_assets.synthetic.odd import write_odd
from mediflow_assets.synthetic.odd_kinds import FEEDS, KINDS
from mediflow_assets.synthetic.records import Wording
from mediflow_assets.synthetic.truth import summarise, write_encounters, write_lists, write_summary
from mediflow_assets.synthetic.versions import plant_versions

Progress = Callable[[str, int, int], None]
MOST_ROWS = 20_000_000  # the ids' width and the memory of one process


@dataclass(frozen=True)
class Generated:
    """What was written."""

    deliveries: list[Path]
    truth: Path
    records: int  # of all deliveries
    encounters: int
    patients: int
    duplicates: int
    updates: int  # later versions that win
    stale_versions: int
    anomalies: int
    broken: dict[str, int]  # by kind


def generate(
    out: Path,
    rows: int,
    seed: int,
    on_progress: Progress | None = None,
    merges: int = 0,
    timezone: str | None = None,
    odd: int = 0,
) -> Generated:
    """Writes `rows` encounters as CSV files to `out/deliveries`, and what is true of them to `out/truth`.

    The same arguments give the same bytes. `on_progress` is told the step, how much of it is done, and of how much. So
    many patients as `merges` says came under two ids, and a delivery of merges tells so. In a `timezone` times are
    local, without an offset. Of each odd kind there are as many cases as `odd` says.
    """
    _refuse_what_cannot_be(out, rows, seed)
    progress = on_progress or (lambda *_: None)
    deliveries, truth = out / "deliveries", out / "truth"
    hospital = load_hospital()
    progress("simulate", 0, rows)
    encounters = simulate(hospital, seed, rows)
    progress("simulate", rows, rows)
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, 2])))
    planted = plant_merges(encounters, seed, merges) if merges else None
    second = planted.second if planted else None
    clock = clock_of(hospital, timezone) if timezone else None
    wording = Wording(hospital, encounters.population, encounters.patient_number, second, clock)
    versions = plant_versions(hospital, rng, encounters)
    broken = plant_broken(hospital, rng, encounters.records, wording)
    for folder in (deliveries, truth):
        folder.mkdir(parents=True)
    steps = _Steps(progress, "write", total=5)
    placed = write_deliveries(deliveries, hospital, rng, versions, broken, wording, steps.advance)
    if planted:
        placed.records[DELIVERY] = write_merges(deliveries, truth, encounters, planted)
    if odd:
        placed.records.update(write_odd(deliveries, truth, KINDS, odd, seed))
        (truth / "sources.toml").write_text(FEEDS, encoding="utf-8")
    write_encounters(truth / "encounters.parquet", encounters, versions.final, wording)
    write_lists(truth, encounters, versions, broken, placed)
    summary = summarise(encounters, versions, broken, placed, seed)
    write_summary(truth / "summary.json", summary)
    steps.advance()
    return Generated(
        deliveries=[deliveries / name for name in placed.records],
        truth=truth,
        records=sum(placed.records.values()),
        broken=dict(Counter(broken.kinds)),
        **{
            name: summary[name]
            for name in ("encounters", "patients", "duplicates", "updates", "stale_versions", "anomalies")
        },
    )


class _Steps:
    """Counts files written."""

    def __init__(self, progress: Progress, name: str, total: int) -> None:
        self._progress, self._name, self._total, self._done = progress, name, total, 0

    def advance(self) -> None:
        self._done += 1
        self._progress(self._name, self._done, self._total)


def _refuse_what_cannot_be(out: Path, rows: int, seed: int) -> None:
    if not 1 <= rows <= MOST_ROWS:
        raise SettingsInvalid(f"rows must be between 1 and {MOST_ROWS:,}. Choose another number of encounters.")
    if seed < 0:
        raise SettingsInvalid("the seed must not be negative. Choose another seed.")
    if out.exists() and not out.is_dir():
        raise SettingsInvalid("the output is a file. Name a folder.")
    if out.exists() and any(out.iterdir()):
        raise SettingsInvalid("the output folder is not empty. Name a new folder, or empty this one.")
