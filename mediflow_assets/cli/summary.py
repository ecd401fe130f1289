"""`mediflow demo`: the main job on the sample hospital, and what it made, every figure read from the tables."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.csv
import pyarrow.parquet as pq

from mediflow_assets import synthetic
from mediflow_assets.cli import context, output, running
from mediflow_assets.contracts import admissions, gold, models
from mediflow_assets.operations import home, model_registry, status
from mediflow_assets.operations.hand_over import hand_over
from mediflow_assets.pipeline.checks import DELIVERY_VOLUME
from mediflow_assets.settings import Settings
from mediflow_assets.sources import Feeds
from mediflow_assets.storage.delta import Lake

SAMPLE_ZONE = "America/New_York"
BANDS = ((2, 5), (5, 10), (10, 30))
"""Bands of the factor by which planted anomalies exceed the expected cost."""


def demo(rows: int, seed: int) -> int:
    """Set up the home, generate the sample hospital, ingest it, run everything, and say what was made."""
    settings = context.settings()
    made = home.set_up(settings, "admin")
    if made.password:
        output.line(f"Password of admin, shown this once: {made.password}")
    sample, zone = settings.root / "sample", zone_of_sample(settings)
    if not (sample / "truth" / "summary.json").exists():
        output.line(f"Generating a hospital of {rows:,} encounters (seed {seed}) ...")
        with output.counting("generate") as count:
            synthetic.generate(sample, rows, seed, count, timezone=zone)
    output.line("Ingesting its deliveries ...")
    inbox = settings.open_inbox(Feeds.load(settings.sources_file))
    for file in hand_over([sample / "deliveries"], inbox, context.lake(settings)):
        output.line(f"  {file.path.name}: {file.fate}")
    output.line("Running every table and check ...")
    code = running.launch("refresh")
    if code:
        return code
    output.line("Training both models ...")
    code = running.launch("train")
    if code:
        return code
    return show(settings, sample)


def zone_of_sample(settings: Settings) -> str | None:
    """The time zone of the home's flat files; where none is set, that of the sample, which is then set."""
    feeds, system = Feeds.load(settings.sources_file, settings.timezone), admissions.SOURCE.system
    if (zone := feeds.zone_of(system)) or system in feeds.systems:
        return zone
    with settings.sources_file.open("a", encoding="utf-8") as file:
        file.write(f"\n# The sample hospital of 'mediflow demo' writes local times.\n[systems.{system}]\n")
        file.write(f'timezone = "{SAMPLE_ZONE}"\n')
    return SAMPLE_ZONE


def show(settings: Settings, sample: Path) -> int:
    """The tables, whether the sums agree, and how many of the planted anomalies were found."""
    lake = context.lake(settings)
    shown = status.read_status(lake, status.inbox_of(settings.inbox))
    held = [(name, row["rows"]) for name, row in shown["tables"].items() if row["rows"]]
    output.table("tables", ("table", "rows"), held)
    output.line(f"{len(shown['tables']) - len(held)} more tables have no rows yet.")
    columns = ("table", "delivery", "records", "accepted", "quarantined", "balanced")
    output.table(
        "reconciliation", columns, [tuple(r[c] for c in columns) for r in shown["reconciliation"] if r["records"]]
    )
    found = recall(lake, settings, sample / "truth")
    output.table(
        "planted cost anomalies found",
        ("factor", "planted", "found", "recall"),
        [(f.band, f.planted, f.found, f"{f.found / f.planted:.1%}" if f.planted else "-") for f in found.bands],
    )
    output.line(f"Flagged in all: {found.flagged:,} of {found.encounters:,} encounters ({found.flagged_share:.2%}).")
    compared = model_registry.compared(lake)
    if compared:
        output.table("models on held-out rows", tuple(compared[0]), [tuple(row.values()) for row in compared])
    drifted = lake.read(models.DRIFT, ["has_drifted"])["has_drifted"].to_pylist()
    for told in warnings(shown["checks"], drifted):
        output.line(told)
    for model in shown["models"]:
        output.line(
            f"{model['name']}: version {model['champion']} answers."
            if model["champion"]
            else f"{model['name']}: no champion; 'mediflow models list' says why."
        )
    checks = shown["checks"]
    held = sum(check["passed"] for check in checks)
    balanced = sum(row["balanced"] for row in shown["reconciliation"])
    output.line(f"Checks: {held} of {len(checks)} hold. Sums: {balanced} of {len(shown['reconciliation'])} agree.")
    output.line("Next: 'mediflow up' shows it all in the Dagster UI, 'mediflow status' here.")
    return 0 if status.is_sound(shown) else context.CHECK_FAILED


def warnings(checks: list[dict[str, Any]], drifted: list[bool]) -> Iterator[str]:
    """Why the checks do not hold that warn of what the sample is."""
    if any(drifted):
        yield (
            f"{sum(drifted)} of {len(drifted)} inputs and answers have drifted: the sample's history begins "
            "with its first admission, so counts of earlier stays and conditions still grow."
        )
    if any(check["name"] == DELIVERY_VOLUME and not check["passed"] for check in checks):
        yield (
            "delivery_volume warns of the last delivery: it holds updates only, far fewer records than those of whole "
            "years before it."
        )


@dataclass(frozen=True)
class Band:
    """Planted anomalies within a band of factors, and how many of them were flagged."""

    band: str
    planted: int
    found: int


@dataclass(frozen=True)
class Recall:
    """How the anomaly limit did against the planted truth."""

    bands: tuple[Band, ...]
    flagged: int
    encounters: int

    @property
    def flagged_share(self) -> float:
        """Flagged encounters among all."""
        return self.flagged / self.encounters if self.encounters else 0.0


def recall(lake: Lake, settings: Settings, truth: Path) -> Recall:
    """Compare `gold/cost_anomalies` with the generator's truth, by the pseudonyms of the planted encounters."""
    key = settings.pseudonym_key()
    flagged = set(lake.read(gold.COST_ANOMALIES, ["encounter_key"])["encounter_key"].to_pylist())
    planted = pyarrow.csv.read_csv(truth / "anomalies.csv").to_pylist()
    hits = [(row["factor"], key.pseudonym("encounter", row["encounter_id"]) in flagged) for row in planted]
    bands = []
    for low, high in BANDS:
        within = [is_found for factor, is_found in hits if low <= factor < high or (high == 30 and factor == 30)]
        bands.append(Band(f"{low} to {high}", len(within), sum(within)))
    encounters = pq.read_metadata(truth / "encounters.parquet").num_rows
    return Recall(tuple(bands), len(flagged), encounters)
