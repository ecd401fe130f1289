"""Encounters as events: admissions, updates, discharges, cancellations; with duplicates, late ones and poison."""

import datetime as dt
import heapq
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from mediflow_assets.synthetic.hospital import load_hospital
from mediflow_assets.synthetic.poison import KINDS, poison

GOOD, DUPLICATE, LATE, DISORDERED = "good", "duplicate", "late", "out of order"
BAD = "bad: "
"""Before the kind of a poison message."""
_ENCOUNTERS_PER_PATIENT = 3
_BEHIND, _FAR_BEHIND = (1, 40), (400, 4_000)
"""By how many messages one that is out of order or repeated, and one that is late, comes after its turn."""
_ANOMALY_SHARE, _ANOMALY_FACTOR = 0.01, 14


@dataclass(frozen=True)
class Sent:
    """A message to send: the key decides its partition, `kind` says what it is there for."""

    key: bytes
    value: bytes | None
    event_id: str
    kind: str = GOOD


@dataclass(frozen=True)
class Shares:
    """Of the messages: how many are poison, sent again, late, or out of order."""

    bad: float = 0.0
    duplicate: float = 0.0
    late: float = 0.0
    disorder: float = 0.0

    @property
    def total(self) -> float:
        """Their sum, which is no more than 1."""
        return self.bad + self.duplicate + self.late + self.disorder


def messages(count: int, seed: int, until: dt.datetime, shares: Shares | None = None) -> Iterator[Sent]:
    """`count` messages, the same for the same seed: everything in them happened in the 60 days before `until`."""
    rng, wanted = random.Random(seed), shares or Shares()
    later: list[tuple[int, str, Sent]] = []
    plain = _plain(rng, seed, until)
    bad = made = 0
    while made < count:
        # a topic that ends sooner than a late message's turn gets it at the end
        if later and (later[0][0] <= made or made + len(later) >= count):
            yield heapq.heappop(later)[2]
            made += 1
            continue
        kind = _drawn(rng.random(), wanted)
        if kind == BAD:
            name, what = f"bad-{seed}-{bad}", KINDS[bad % len(KINDS)]
            yield Sent(name.encode(), poison(name, what, until), name, BAD + what)
            bad += 1
            made += 1
            continue
        sent = next(plain)
        if kind != GOOD:
            turn = made + rng.randint(*(_FAR_BEHIND if kind == LATE else _BEHIND))
            heapq.heappush(later, (turn, sent.event_id, replace(sent, kind=kind)))
        if kind in (GOOD, DUPLICATE):
            yield sent
            made += 1


def _drawn(number: float, shares: Shares) -> str:
    """Of which kind the message of a random number is."""
    kinds = ((BAD, shares.bad), (LATE, shares.late), (DISORDERED, shares.disorder), (DUPLICATE, shares.duplicate))
    for kind, share in kinds:
        if number < share:
            return kind
        number -= share
    return GOOD


def _plain(rng: random.Random, seed: int, until: dt.datetime) -> Iterator[Sent]:
    """Events of many encounters at once, each encounter's own in their order."""
    open_: list[Iterator[Sent]] = []
    number = 0
    while True:
        while len(open_) < 30:
            open_.append(_encounter(rng, seed, number, until))
            number += 1
        chosen = rng.randrange(len(open_))
        sent = next(open_[chosen], None)
        if sent is None:
            open_.pop(chosen)
        else:
            yield sent


def _encounter(rng: random.Random, seed: int, number: int, until: dt.datetime) -> Iterator[Sent]:
    record = _record(rng, seed, number, until)
    begun = dt.datetime.fromisoformat(str(record["admission_date"]))
    ended = begun + dt.timedelta(hours=rng.choice((3, 20, 70, 140)))
    steps: list[tuple[str, dt.datetime, dict[str, object]]] = [("admit", begun, {})]
    if rng.random() < 0.3:
        systolic = rng.randint(95, 170)
        between = begun + (ended - begun) * rng.random()
        steps.append(("update", between, {"blood_pressure": f"{systolic}/{systolic - 45}"}))
    if rng.random() < 0.02:
        steps.append(("cancel", begun + dt.timedelta(hours=1), {}))
    else:
        steps.append(("discharge", ended, {"discharge_disposition": "home"}))
    for step, (kind, at, changed) in enumerate(sorted(steps, key=lambda each: each[1])):
        record |= changed
        if kind == "discharge":
            record["discharge_date"] = at.isoformat()
        event_id = f"ev-{seed}-{number}-{step}"
        told = {"event_id": event_id, "event_type": kind, "occurred_at": at.isoformat(), "event_version": 1} | record
        yield Sent(str(record["patient_id"]).encode(), json.dumps(told).encode(), event_id)


def _record(rng: random.Random, seed: int, number: int, until: dt.datetime) -> dict[str, object]:
    hospital = load_hospital()
    patient = number // _ENCOUNTERS_PER_PATIENT
    own = random.Random(f"{seed}-{patient}")
    diagnosis = rng.randrange(len(hospital.codes))
    setting = rng.randrange(len(hospital.setting_cost))
    department = int(hospital.diagnosis_department[diagnosis])
    usual = hospital.setting_cost[setting] * hospital.department_cost[department] * hospital.diagnosis_cost[diagnosis]
    factor = _ANOMALY_FACTOR if rng.random() < _ANOMALY_SHARE else 1
    begun = until - dt.timedelta(days=rng.uniform(7, 60))
    birth = dt.date(1930, 1, 1) + dt.timedelta(days=own.randrange(32_000))
    systolic = rng.randint(100, 165)
    return {
        "patient_id": f"EVP-{seed}-{patient:07d}",
        "encounter_id": f"EVE-{seed}-{number:08d}",
        "encounter_class": hospital.classes[int(hospital.class_of_setting[setting])],
        "birth_date": birth.isoformat(),
        "gender": own.choice("FM"),
        "department": hospital.departments[department],
        "diagnosis_code": hospital.codes[diagnosis],
        "admission_date": begun.replace(microsecond=0).isoformat(),
        "admission_type": rng.choice(("urgent", "elective", "emergency")),
        "blood_pressure": f"{systolic}/{systolic - 45}",
        "cost": round(float(usual) * rng.lognormvariate(0, 0.35) * factor, 2),
        "payer": "Medicare",
        "zip": f"021{own.randrange(10, 99)}",
    }
