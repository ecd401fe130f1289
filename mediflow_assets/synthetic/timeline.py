"""Patients' encounters in order of time, simulated in rounds: each round is every patient's next encounter.

An unplanned stay within 30 days of leaving alive happens if and only if it was drawn with the probability
of `readmission_probability`: other stays that would begin in that time become visits.
"""

from dataclasses import dataclass, fields

import numpy as np

from mediflow_assets.synthetic.ages import Calendar
from mediflow_assets.synthetic.hospital import (
    CAUSE_OF_SETTING,
    DAY,
    EMERGENCY,
    OUTPATIENT,
    PEOPLE,
    PLANNED_STAY,
    UNPLANNED_STAY,
    URGENTCARE,
    Flags,
    Floats,
    Hospital,
    Ints,
)
from mediflow_assets.synthetic.outcomes import draw_minutes, log_stay_days, readmission_probability
from mediflow_assets.synthetic.population import Population

NEVER = 2**40
MOST_REMEMBERED = 5  # stays and emergency visits; more than these add nothing to the risk


@dataclass
class Events:
    """Encounters, one entry of each array per encounter."""

    patient: Ints
    setting: Ints
    diagnosis: Ints
    department: Ints
    age: Ints  # completed years at admission
    conditions: Ints  # chronic conditions recorded here up to and including this encounter
    admitted: Ints  # minutes
    minutes: Ints
    disposition: Ints
    is_cancelled: Flags
    p_readmission: Floats  # NaN for all but stays that end with the patient alive

    def __len__(self) -> int:
        return len(self.patient)

    def take(self, chosen: Ints | Flags) -> "Events":
        """The encounters of these indexes, or where these flags are set."""
        return Events(*(getattr(self, field.name)[chosen] for field in fields(self)))


def joined(parts: list[Events]) -> Events:
    """All encounters of several parts, in their order."""
    return Events(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Events)))


@dataclass
class Memory:
    """What the simulation remembers of each patient who may still come."""

    patient: Ints
    free_at: Ints  # end of the last encounter
    left_alive_at: Ints  # end of the last stay
    returns_at: Ints  # a readmission that was drawn and has not happened yet
    last_diagnosis: Ints  # of the last stay
    recorded: Flags  # chronic conditions seen here
    stays: Ints  # when the latest ones began
    emergencies: Ints

    def keep(self, chosen: Flags) -> None:
        """Forget the other patients."""
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name)[chosen])


class Timeline:
    """Simulates the encounters of a population."""

    def __init__(self, hospital: Hospital, population: Population, rng: np.random.Generator) -> None:
        """Nobody has come yet."""
        self._hospital, self._population, self._rng = hospital, population, rng
        self._calendar = Calendar(hospital)
        count = len(population)
        self._memory = Memory(
            patient=np.arange(count),
            free_at=np.full(count, hospital.first_minute),
            left_alive_at=np.full(count, -NEVER),
            returns_at=np.full(count, NEVER),
            last_diagnosis=np.zeros(count, np.int64),
            recorded=np.zeros(population.has.shape, np.bool_),
            stays=np.full((count, MOST_REMEMBERED), -NEVER),
            emergencies=np.full((count, MOST_REMEMBERED), -NEVER),
        )

    def simulate(self) -> Events:
        """Every encounter that begins within the window, by patient and then by time."""
        rounds = []
        while len(self._memory.patient):
            rounds.append(self._next_round())
        events = joined(rounds)
        return events.take(np.lexsort((events.admitted, events.patient)))

    def _next_round(self) -> Events:
        admitted, setting, is_return = self._arrivals()
        arrives = admitted <= self._hospital.last_minute
        self._memory.keep(arrives)
        admitted, setting, is_return = admitted[arrives], setting[arrives], is_return[arrives]
        events = self._encounters(admitted, setting, is_return)
        self._remember(events)
        return events

    def _arrivals(self) -> tuple[Ints, Ints, Flags]:
        """When each patient comes next, to which setting, and whether as the readmission that was drawn."""
        memory, rng = self._memory, self._rng
        mean = self._population.minutes_between[memory.patient]
        at = memory.free_at + 60 + (rng.standard_exponential(len(mean)) * mean).astype(np.int64)
        setting = self._hospital.setting.draw(rng, self._population.has[memory.patient].sum(axis=1))
        window = (self._hospital.constants["readmission"]["within_days"] + 2) * DAY
        setting[(setting <= PLANNED_STAY) & (at < memory.left_alive_at + window)] = OUTPATIENT
        is_scheduled = (setting == PLANNED_STAY) | (setting >= URGENTCARE)
        working_hours = (at // DAY + 1) * DAY + rng.integers(8 * 60, 17 * 60, len(at))
        at = np.where(is_scheduled, working_hours, at)
        is_return = memory.returns_at < at + DAY
        return (
            np.where(is_return, memory.returns_at, at),
            np.where(is_return, UNPLANNED_STAY, setting),
            is_return,
        )

    def _encounters(self, admitted: Ints, setting: Ints, is_return: Flags) -> Events:
        hospital, memory, rng = self._hospital, self._memory, self._rng
        age = self._calendar.completed_years(self._population.birth[memory.patient], admitted // DAY)
        people = self._people(memory.patient, age)
        diagnosis = self._diagnoses(setting, people, is_return)
        is_cancelled = (setting >= OUTPATIENT) & (
            rng.random(len(setting)) < hospital.constants["arrivals"]["cancelled_share"]
        )
        for bit, code in enumerate(hospital.conditions):
            memory.recorded[:, bit] |= (diagnosis == code) & ~is_cancelled
        conditions = memory.recorded.sum(axis=1)
        is_stay = setting <= PLANNED_STAY
        stay = draw_minutes(hospital, rng, log_stay_days(hospital, diagnosis, age, conditions, setting))
        hours = hospital.visit_hours[setting] * np.exp(0.4 * rng.standard_normal(len(setting)))
        disposition = np.where(is_stay, hospital.disposition.draw(rng, people), 0)
        events = Events(
            patient=memory.patient,
            setting=setting,
            diagnosis=diagnosis,
            department=self._departments(setting, diagnosis, people),
            age=age,
            conditions=conditions,
            admitted=admitted,
            minutes=np.where(is_stay, stay, np.clip(hours * 60, 10, DAY - 120).astype(np.int64)),
            disposition=disposition,
            is_cancelled=is_cancelled,
            p_readmission=np.full(len(setting), np.nan),
        )
        ends_alive = is_stay & (disposition != hospital.dispositions.index("expired"))
        events.p_readmission[ends_alive] = self._probability(events)[ends_alive]
        return events

    def _people(self, patient: Ints, age: Ints) -> Ints:
        is_woman = self._population.gender[patient] == self._population.genders.index("F")
        people = np.where(age < 18, PEOPLE.index("child"), PEOPLE.index("adult"))
        people[is_woman & (age >= 18) & (age < 45)] = PEOPLE.index("mother")
        people[age >= 65] = PEOPLE.index("senior")
        return people

    def _diagnoses(self, setting: Ints, people: Ints, is_return: Flags) -> Ints:
        hospital, rng, memory = self._hospital, self._rng, self._memory
        cause = CAUSE_OF_SETTING[setting]
        diagnosis = hospital.diagnosis.draw(rng, cause * len(PEOPLE) + people)
        share = hospital.constants["conditions"]["share"]
        shares = np.array([share["stay"], 0.0, share["emergency"], share["visit"], share["wellness"]])
        has = self._population.has[memory.patient]
        is_chronic = (rng.random(len(setting)) < shares[cause]) & has.any(axis=1)
        # the highest of as many random numbers: a fair choice among the conditions that the patient has
        chosen = np.argmax(np.where(has, rng.random(has.shape, dtype=np.float32), -1.0), axis=1)
        diagnosis = np.where(is_chronic, np.array(hospital.conditions)[chosen], diagnosis)
        is_same = is_return & (rng.random(len(setting)) < hospital.constants["stay"]["readmission_same_diagnosis"])
        return np.where(is_same, memory.last_diagnosis, diagnosis)

    def _departments(self, setting: Ints, diagnosis: Ints, people: Ints) -> Ints:
        hospital, rule = self._hospital, self._hospital.constants["departments"]
        department = hospital.diagnosis_department[diagnosis]
        to_children = (people == PEOPLE.index("child")) & (self._rng.random(len(setting)) < rule["children_share"])
        department[to_children] = hospital.departments.index(rule["children"])
        department[setting == EMERGENCY] = hospital.departments.index(rule["emergencies"])
        return department

    def _probability(self, events: Events) -> Floats:
        year_ago = (events.admitted - 365 * DAY)[:, None]
        return readmission_probability(
            self._hospital,
            events.diagnosis,
            events.age,
            events.minutes,
            (self._memory.stays >= year_ago).sum(axis=1),
            (self._memory.emergencies >= year_ago).sum(axis=1),
            events.conditions,
        )

    def _remember(self, events: Events) -> None:
        memory, rng, model = self._memory, self._rng, self._hospital.constants["readmission"]
        end = events.admitted + events.minutes
        is_stay = events.setting <= PLANNED_STAY
        left_alive = ~np.isnan(events.p_readmission)
        returns = left_alive & (rng.random(len(end)) < np.where(left_alive, events.p_readmission, 0.0))
        # between 1 and 29.5 days, sooner more often than later
        days = 1 + (model["within_days"] - 1.5) * rng.random(len(end)) ** 1.5
        memory.returns_at[is_stay] = NEVER
        memory.returns_at[returns] = end[returns] + (days[returns] * DAY).astype(np.int64)
        memory.left_alive_at[left_alive] = end[left_alive]
        memory.last_diagnosis[is_stay] = events.diagnosis[is_stay]
        memory.free_at = end
        for times, now in ((memory.stays, is_stay), (memory.emergencies, events.setting == EMERGENCY)):
            times[now] = np.column_stack((events.admitted[now], times[now][:, :-1]))
        memory.keep(left_alive | ~is_stay)
