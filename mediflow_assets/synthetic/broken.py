"""Planted broken records: each is a good record of an encounter of its own, with exactly one thing wrong."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from mediflow_assets.synthetic.hospital import FINISHED, Hospital, Ints
from mediflow_assets.synthetic.records import HEADER, Records, Wording

REJECTS: dict[str, Callable[[list[str]], bytes]] = {
    "too_few_fields": lambda fields: _line(fields[:11]),
    "too_many_fields": lambda fields: _line([*fields, "see remarks", ""]),
    "unbalanced_quote": lambda fields: _line([*fields[:8], '"' + fields[8], *fields[9:]]),
    "bad_utf8": lambda fields: _line([*fields[:4], "?", *fields[5:]]).replace(b"?", b"Jos\xe9 M\xfcller\xff"),
    "empty_record": lambda _: b"\n",
}
"""Records that cannot be split into fields, and how they are made of good ones."""

QUARANTINE: dict[str, tuple[dict[str, str], ...]] = {
    "patient_id_missing": ({"patient_id": ""},),
    "admitted_at_missing": ({"admission_date": ""},),
    "admitted_at_unreadable": ({"admission_date": "2024-13-01T10:00:00Z"}, {"admission_date": "soon"}),
    # without a birth date, by which the patient would be a thousand years old
    "admitted_in_future": ({"admission_date": "2999-01-01T08:00:00Z", "birth_date": "", "discharge_date": ""},),
    "discharged_at_unreadable": ({"discharge_date": "2024-02-30T10:00:00Z"}, {"discharge_date": "in May"}),
    "discharged_before_admission": ({"discharge_date": "2001-01-01T08:00:00Z"},),
    "age_unreadable": ({"age": "forty-two", "birth_date": ""}, {"age": "4x", "birth_date": ""}),
    "age_out_of_range": (
        {"age": "150", "birth_date": ""},
        {"age": "250", "birth_date": ""},
        {"age": "-3", "birth_date": ""},
    ),
    "birth_date_unreadable": ({"birth_date": "1975-02-30"}, {"birth_date": "in May"}),
    "gender_unknown": ({"gender": "Q"}, {"gender": "7"}),
    "diagnosis_malformed": ({"diagnosis_code": "12345"}, {"diagnosis_code": "E1"}, {"diagnosis_code": "?E11"}),
    "blood_pressure_unreadable": ({"blood_pressure": "high"}, {"blood_pressure": "120/"}),
    "blood_pressure_implausible": ({"blood_pressure": "80/120"}, {"blood_pressure": "420/90"}),
    "cost_unreadable": ({"cost": "12.3.4"}, {"cost": "free of charge"}),
    "cost_negative": ({"cost": "-120.00"}, {"cost": "-0.01"}),
    "encounter_class_unknown": ({"encounter_class": "teleport"},),
    "status_unknown": ({"status": "perhaps"},),
    "updated_at_unreadable": ({"updated_at": "2025-02-30T00:00:00Z"}, {"updated_at": "yesterday"}),
}
"""Records that can be split but not accepted: by reason, what stands in which field."""

KINDS = (*REJECTS, *QUARANTINE)


@dataclass(frozen=True)
class Broken:
    """Broken records, one entry per record."""

    kinds: list[str]
    lines: list[bytes]
    admitted: Ints  # minutes: decides the file

    def __len__(self) -> int:
        return len(self.kinds)


def verdict(kind: str) -> str:
    """Where a record of this kind must end up: `rejects` or `quarantine`."""
    return "rejects" if kind in REJECTS else "quarantine"


def plant_broken(hospital: Hospital, rng: np.random.Generator, records: Records, wording: Wording) -> Broken:
    """About one broken record in a hundred good ones; at least one of each kind from 1,000 encounters on."""
    finished = np.flatnonzero(records.status == FINISHED)
    count = round(hospital.constants["planted"]["broken_share"] * len(records)) if len(finished) else 0
    count = max(count, len(KINDS)) if len(records) >= 1000 else count
    models = records.take(np.sort(rng.choice(finished, count)))
    # older than every good version, or it would be the newest word on its patient
    models = replace(models, number=len(records) + 1 + np.arange(count), updated=models.admitted)
    columns = [column.fill_null("").to_pylist() for column in wording.fields(models)]
    kinds = [KINDS[index] for index in rng.permutation(np.arange(count) % len(KINDS))]
    variants = rng.integers(0, 6, count).tolist()
    lines = [
        _broken(list(fields), kind, variant)
        for fields, kind, variant in zip(zip(*columns, strict=True), kinds, variants, strict=True)
    ]
    return Broken(kinds, lines, models.admitted)


def _broken(fields: list[str], kind: str, variant: int) -> bytes:
    if kind in REJECTS:
        return REJECTS[kind](fields)
    changes = QUARANTINE[kind][variant % len(QUARANTINE[kind])]
    return _line([changes.get(name, value) for name, value in zip(HEADER, fields, strict=True)])


def _line(fields: list[str]) -> bytes:
    return (",".join(fields) + "\n").encode()
