"""The truth files: what was planted where, the final state of each encounter, and the counts to expect."""

import csv
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mediflow_assets.synthetic.broken import Broken, verdict
from mediflow_assets.synthetic.deliveries import Placed
from mediflow_assets.synthetic.encounters import Encounters
from mediflow_assets.synthetic.hospital import FINISHED, Floats, Ints
from mediflow_assets.synthetic.measures import area_under_curve, explained_share
from mediflow_assets.synthetic.records import HEADER, NOTHING, Records, Wording, money, numbered
from mediflow_assets.synthetic.versions import Versions

SAME_AS_DELIVERED = (
    "encounter_class",
    "status",
    "gender",
    "department",
    "diagnosis_code",
    "discharge_disposition",
    "admission_type",
    "payer",
    "zip",
)


def write_encounters(path: Path, encounters: Encounters, final: Records, wording: Wording) -> None:
    """One row per encounter: its newest version, and the facts behind it."""
    fields = dict(zip(HEADER, wording.fields(final), strict=True))
    facts = encounters.facts
    table = {
        "encounter_id": fields["encounter_id"],
        "patient_id": wording.people(final),
        **{name: fields[name] for name in SAME_AS_DELIVERED},
        "age": pa.array(final.age, pa.int32()),
        "admitted_at": _times(wording.instants(final.admitted)),
        "discharged_at": _times(wording.instants(final.discharged)),
        "systolic_mmhg": _limited(final.systolic, final.systolic),
        "diastolic_mmhg": _limited(final.diastolic, final.systolic),
        "cost": money(final.cents),
        "updated_at": _times(wording.instants(final.updated)),
        "is_index_stay": pa.array(facts.is_index_stay),
        "p_readmission": _floats(facts.p_readmission),
        "readmitted": pa.array(facts.is_readmitted, mask=~facts.is_index_stay),
        "expected_cost": _floats(facts.expected_cost),
        "is_anomaly": pa.array(facts.is_anomaly),
    }
    pq.write_table(pa.table(table), path, compression="zstd")


def write_lists(folder: Path, encounters: Encounters, versions: Versions, broken: Broken, placed: Placed) -> None:
    """The CSV lists of anomalies, duplicates, updates and broken records."""
    _write_anomalies(folder / "anomalies.csv", encounters)
    repeated = _ids(versions.first.number[versions.repeated])
    later = _ids(versions.later.number)
    wins = ["true" if wins else "false" for wins in versions.later_wins.tolist()]
    _write(
        folder / "duplicates.csv",
        ("file", "record_number", "encounter_id"),
        ((at.file, at.record_number, repeated[at.index]) for at in placed.duplicates),
    )
    _write(
        folder / "updates.csv",
        ("file", "record_number", "encounter_id", "wins"),
        ((at.file, at.record_number, later[at.index], wins[at.index]) for at in placed.updates),
    )
    faults = ((at, broken.kinds[at.index]) for at in placed.broken)
    _write(
        folder / "broken.csv",
        ("file", "record_number", "kind", "verdict", "reason"),
        ((at.file, at.record_number, kind, verdict(kind), kind) for at, kind in faults),
    )


def _write_anomalies(path: Path, encounters: Encounters) -> None:
    chosen = np.flatnonzero(encounters.facts.is_anomaly)
    ids = _ids(encounters.records.number[chosen])
    factors, expected = encounters.facts.factor[chosen], encounters.facts.expected_cost[chosen]
    rows = (
        (encounter, f"{factor:.4f}", f"{cost:.2f}")
        for encounter, factor, cost in zip(ids, factors, expected, strict=True)
    )
    _write(path, ("encounter_id", "factor", "expected_cost"), rows)


def summarise(encounters: Encounters, versions: Versions, broken: Broken, placed: Placed, seed: int) -> dict[str, Any]:
    """The counts that a pipeline must arrive at, and the best that its models can."""
    facts, cost = encounters.facts, versions.final.cents / 100
    stays = facts.is_index_stay
    billed = (versions.final.status == FINISHED) & ~facts.is_anomaly
    rejects: dict[str, Counter[str]] = {file: Counter() for file in placed.records}
    quarantine: Counter[str] = Counter()
    for place in placed.broken:
        kind = broken.kinds[place.index]
        (rejects[place.file] if verdict(kind) == "rejects" else quarantine)[kind] += 1
    return {
        "seed": seed,
        "records": placed.records,
        "rejects": rejects,
        "quarantine": quarantine,
        "encounters": len(encounters),
        "patients": int((encounters.patient_number > 0).sum()),
        "duplicates": len(placed.duplicates),
        "updates": int(versions.later_wins.sum()),
        "stale_versions": int((~versions.later_wins).sum()),
        "anomalies": int(facts.is_anomaly.sum()),
        "index_stays": int(stays.sum()),
        "readmission_rate": float(facts.is_readmitted[stays].mean()) if stays.any() else None,
        "best_auc": area_under_curve(facts.p_readmission[stays], facts.is_readmitted[stays]),
        "best_r2": explained_share(facts.expected_cost[billed], cost[billed]),
    }


def write_summary(path: Path, summary: dict[str, Any]) -> None:
    """The summary as JSON, its keys in order."""
    path.write_text(json.dumps(summary, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _write(path: Path, header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _ids(numbers: Ints) -> list[str]:
    ids: list[str] = numbered("ENC_", numbers, 8).to_pylist()
    return ids


def _times(minutes: Ints) -> pa.Array:
    micros = pa.array(minutes * 60_000_000, pa.int64(), mask=minutes == NOTHING)
    return micros.cast(pa.timestamp("us")).cast(pa.timestamp("us", "UTC"))


def _limited(values: Ints, given: Ints) -> pa.Array:
    return pa.array(values, pa.int32(), mask=given == NOTHING)


def _floats(values: Floats) -> pa.Array:
    return pa.array(values, mask=np.isnan(values))
