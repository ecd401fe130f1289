"""The encounters as they finally stand, and what is true of each but stands in no delivery."""

import math
from dataclasses import dataclass

import numpy as np

from mediflow_assets.synthetic.costs import draw_costs
from mediflow_assets.synthetic.hospital import (
    CANCELLED,
    DAY,
    FINISHED,
    OPEN,
    UNPLANNED_STAY,
    Flags,
    Floats,
    Hospital,
    Ints,
)
from mediflow_assets.synthetic.population import Population, draw_population
from mediflow_assets.synthetic.records import NOTHING, Records
from mediflow_assets.synthetic.timeline import Events, Timeline

HYPERTENSION = 0  # the first of the chronic conditions


@dataclass(frozen=True)
class Facts:
    """What is known of each encounter only because it was simulated."""

    p_readmission: Floats  # NaN for all but index stays
    is_readmitted: Flags
    is_index_stay: Flags
    expected_cost: Floats  # USD, at admission; NaN where cancelled
    is_anomaly: Flags
    factor: Floats  # by which the cost of an anomaly was multiplied


@dataclass(frozen=True)
class Encounters:
    """All encounters by number, the earliest first."""

    population: Population
    patient_number: Ints  # by index into the population; patients who never came have none
    records: Records
    facts: Facts

    def __len__(self) -> int:
        return len(self.records)


def simulate(hospital: Hospital, seed: int, rows: int) -> Encounters:
    """Exactly as many encounters as asked for: whole patients, but for the last."""
    population, events = _events(hospital, seed, rows)
    return encounters_of(hospital, stream(seed, 1), population, events)


def encounters_of(hospital: Hospital, rng: np.random.Generator, population: Population, events: Events) -> Encounters:
    """The encounters that these events are, which come by patient and then by time."""
    present = np.unique(events.patient)
    patient_number = np.zeros(len(population), np.int64)
    patient_number[present] = np.arange(1, len(present) + 1)
    is_index_stay, is_readmitted = _readmissions(hospital, events)
    order = np.lexsort((events.patient, events.admitted))
    events, is_index_stay, is_readmitted = events.take(order), is_index_stay[order], is_readmitted[order]
    cost, expected = draw_costs(hospital, rng, events)
    status = np.where(events.is_cancelled, CANCELLED, FINISHED)
    status[events.admitted + events.minutes > hospital.last_minute] = OPEN
    factor = _anomaly_factors(hospital, rng, status)
    facts = Facts(
        p_readmission=np.where(is_index_stay, events.p_readmission, np.nan),
        is_readmitted=is_readmitted,
        is_index_stay=is_index_stay,
        expected_cost=np.where(events.is_cancelled, np.nan, expected),
        is_anomaly=factor > 1,
        factor=factor,
    )
    billed = np.where(events.is_cancelled, 0.0, cost * factor)
    records = _records(hospital, population, rng, events, status, billed)
    return Encounters(population, patient_number, records, facts)


def stream(seed: int, stage: int) -> np.random.Generator:
    """The random numbers of one stage of the generator."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, stage])))


def _events(hospital: Hospital, seed: int, rows: int) -> tuple[Population, Events]:
    people = math.ceil(1.03 * rows / hospital.constants["arrivals"]["encounters_per_person"]) + 20
    while True:
        rng = stream(seed, 0)
        population = draw_population(hospital, rng, people)
        events = Timeline(hospital, population, rng).simulate()
        if len(events) >= rows:
            return population, events.take(np.arange(rows))
        people = math.ceil(1.2 * people)


def _readmissions(hospital: Hospital, events: Events) -> tuple[Flags, Flags]:
    """Which encounters are index stays, and which of these were followed by a readmission; by definition.

    An index stay ended with the patient alive, neither transferred nor against advice, and 30 days or more before the
    last day. What follows is the next unplanned stay, in days by date. The events are in order of patient and time.
    """
    window = hospital.constants["readmission"]["within_days"]
    out_day = (events.admitted + events.minutes) // DAY
    left = np.isin(events.disposition, [hospital.dispositions.index(way) for way in ("transferred", "against_advice")])
    is_index_stay = ~np.isnan(events.p_readmission) & ~left & (out_day + window <= hospital.last_minute // DAY)
    unplanned = np.flatnonzero((events.setting == UNPLANNED_STAY) & ~events.is_cancelled)
    following = np.searchsorted(unplanned, np.arange(len(events)), "right")
    has_following = following < len(unplanned)
    then = unplanned[np.minimum(following, max(len(unplanned) - 1, 0))] if len(unplanned) else np.arange(len(events))
    is_soon = (
        has_following & (events.patient[then] == events.patient) & (events.admitted[then] // DAY <= out_day + window)
    )
    return is_index_stay, is_index_stay & has_following & is_soon


def _anomaly_factors(hospital: Hospital, rng: np.random.Generator, status: Ints) -> Floats:
    """1, but for the planted anomalies: log-uniform between the two limits."""
    planted = hospital.constants["planted"]
    finished = np.flatnonzero(status == FINISHED)
    count = min(round(planted["anomaly_share"] * len(status)), len(finished))
    low, high = planted["anomaly_factor"]
    factor = np.ones(len(status))
    factor[rng.choice(finished, count, replace=False)] = low * (high / low) ** rng.random(count)
    return factor


def _records(
    hospital: Hospital,
    population: Population,
    rng: np.random.Generator,
    events: Events,
    status: Ints,
    cost: Floats,
) -> Records:
    count, end = len(events), events.admitted + events.minutes
    is_finished = status == FINISHED
    updated = np.where(is_finished, end + rng.integers(60, 3 * DAY, count), events.admitted + 30)
    pressure = 105 + 0.35 * events.age + 10 * population.has[events.patient, HYPERTENSION]
    systolic = np.clip(pressure + 12 * rng.standard_normal(count), 80, 210).astype(np.int64)
    diastolic = np.clip(0.6 * systolic + 3 + 6 * rng.standard_normal(count), 40, systolic - 10).astype(np.int64)
    systolic[(rng.random(count) < 0.04) | (status == CANCELLED)] = NOTHING
    return Records(
        number=np.arange(1, count + 1),
        patient=events.patient,
        encounter_class=hospital.class_of_setting[events.setting],
        status=status,
        age=events.age,
        department=events.department,
        diagnosis=events.diagnosis,
        admitted=events.admitted,
        discharged=np.where(is_finished, end, NOTHING),
        disposition=np.where(is_finished, events.disposition, NOTHING),
        admission_type=hospital.admission_type.draw(rng, events.setting),
        systolic=systolic,
        diastolic=diastolic,
        cents=np.rint(cost * 100).astype(np.int64),
        updated=np.minimum(updated, hospital.last_minute),
    )
