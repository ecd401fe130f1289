"""Deliveries that follow those of a generated hospital: recent encounters, and corrections all over its past.

Made from the generator's own arguments, never from what became of its files.
"""

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from mediflow_assets.errors import SettingsInvalid
from mediflow_assets.synthetic.deliveries import write_lines
from mediflow_assets.synthetic.encounters import Encounters, encounters_of, simulate, stream
from mediflow_assets.synthetic.hospital import DAY, FINISHED, OPEN, Flags, Hospital, Ints, load_hospital, minute_of
from mediflow_assets.synthetic.population import Population, draw_population
from mediflow_assets.synthetic.records import Wording
from mediflow_assets.synthetic.timeline import Events, Timeline

FIRST_NUMBER = 50_000_000
"""Of recent encounters: past the numbers of the largest hospital, its broken records included."""
_PEOPLE_FOR_ONE = 12  # about so many people make one encounter a month


@dataclass(frozen=True)
class Later:
    """The files, of so many records each as were asked for."""

    recent: Path
    corrections: Path


def write_later(out: Path, rows: int, seed: int, count: int) -> Later:
    """Writes both deliveries for the hospital that `generate` makes of the same rows and seed.

    `recent`: encounters of the newest month, half of them of patients who have been there before, as far as these
    suffice. `corrections`: newer versions of encounters with another cost, as many of each month as of the others.
    Raises SettingsInvalid where the hospital has too few finished encounters to correct.
    """
    hospital = load_hospital()
    encounters = simulate(hospital, seed, rows)
    out.mkdir(parents=True)
    made = Later(out / "admissions-recent.csv", out / "admissions-corrections.csv")
    write_lines(made.recent, _recent(hospital, stream(seed, 4), encounters, count))
    write_lines(made.corrections, _corrections(hospital, stream(seed, 5), encounters, count))
    return made


def _recent(hospital: Hospital, rng: np.random.Generator, encounters: Encounters, count: int) -> pa.Array:
    month = replace(hospital, first_minute=minute_of(hospital.constants["window"]["last_day"].replace(day=1)))
    known = encounters.population
    events = _visits(month, rng, known)
    of_known = _first(events.take(_are_free(month, encounters)[events.patient]), count // 2)
    wanted = count - len(of_known)
    newcomers = draw_population(hospital, rng, _PEOPLE_FOR_ONE * wanted + 20)
    while len(events := _visits(month, rng, newcomers)) < wanted:
        newcomers = draw_population(hospital, rng, math.ceil(1.2 * len(newcomers)))
    of_new = _first(events, wanted)
    numbers = np.zeros(len(newcomers), np.int64)
    present = np.unique(of_new.patient)
    numbers[present] = encounters.patient_number.max() + 1 + np.arange(len(present))
    lines, next_number = [], FIRST_NUMBER
    for wording, people, theirs in (
        (Wording(hospital, known, encounters.patient_number), known, of_known),
        (Wording(hospital, newcomers, numbers), newcomers, of_new),
    ):
        records = encounters_of(month, rng, people, theirs).records
        lines.append(wording.lines(replace(records, number=next_number + np.arange(len(records)))))
        next_number += len(records)
    return pa.concat_arrays(lines).take(pa.array(rng.permutation(count)))


def _visits(month: Hospital, rng: np.random.Generator, population: Population) -> Events:
    """What takes place in the month, by person and then by time: a cancelled visit would be no new encounter."""
    events = Timeline(month, population, rng).simulate()
    return events.take(~events.is_cancelled)


def _first(events: Events, count: int) -> Events:
    return events.take(np.arange(min(count, len(events))))


def _are_free(month: Hospital, encounters: Encounters) -> Flags:
    """Of each person whether they are a patient, alive, and not there in the month so far."""
    records, first = encounters.records, month.first_minute
    is_dead = records.disposition == month.dispositions.index("expired")
    is_there = (records.admitted >= first) | (records.discharged >= first) | (records.status == OPEN)
    are_free = encounters.patient_number > 0
    are_free[records.patient[is_dead | is_there]] = False
    return are_free


def _corrections(hospital: Hospital, rng: np.random.Generator, encounters: Encounters, count: int) -> pa.Array:
    # the newest version of none of these is as new as the last minute (see versions.plant_versions)
    records = encounters.records
    records = records.take((records.status == FINISHED) & (records.updated < hospital.last_minute))
    if len(records) < count:
        raise SettingsInvalid(f"the hospital has fewer than {count:,} finished encounters to correct. Ask for fewer.")
    chosen = records.take(_evenly(rng, _months(records.admitted), count))
    return Wording(hospital, encounters.population, encounters.patient_number).lines(
        replace(
            chosen,
            cents=chosen.cents + rng.integers(100, 100_000, count),
            updated=np.full(count, hospital.last_minute),
        )
    )


def _evenly(rng: np.random.Generator, months: Ints, count: int) -> Ints:
    """So many places, of each month as many as of the others while it has any, in no order."""
    order = rng.permutation(len(months))
    order = order[np.argsort(months[order], kind="stable")]
    turn = np.arange(len(order)) - np.searchsorted(months[order], months[order])
    return rng.permutation(order[np.lexsort((months[order], turn))[:count]])


def _months(minutes: Ints) -> Ints:
    return (minutes // DAY).astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
