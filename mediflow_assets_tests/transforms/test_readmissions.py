"""Readmission: the next inpatient stay of the same patient, by days from discharge."""

import datetime as dt

import pytest

from mediflow_assets.contracts import gold
from mediflow_assets.transforms.readmissions import readmissions

FIRST = {"encounter_id": "A", "admitted_at": "2024-01-01T10:00", "discharged_at": "2024-01-05T11:00"}


def stay(key, admitted, discharged=None, **more):
    return {"encounter_id": key, "admitted_at": admitted, "discharged_at": discharged} | more


@pytest.fixture
def label(encounters):
    """Days to readmission and label of each stay."""

    def _label(*rows):
        for row in rows:
            for name in ("admitted_at", "discharged_at"):
                if isinstance(row.get(name), str):
                    row[name] = dt.datetime.fromisoformat(row[name]).replace(tzinfo=dt.UTC)
        made = readmissions(encounters(*rows))
        assert set(made.columns) == set(gold.READMISSIONS.column_names)
        return {r["encounter_key"]: (r["days_to_readmission"], r["is_readmitted"]) for r in made.collect()}

    return _label


NEXT = {
    "on the day of discharge": (stay("B", "2024-01-05T23:00"), (0, True)),
    "the day after": (stay("B", "2024-01-06T01:00"), (1, True)),
    "on the thirtieth day": (stay("B", "2024-02-04T23:59"), (30, True)),
    "on the day after that": (stay("B", "2024-02-05T00:00"), (31, False)),
    "before the discharge": (stay("B", "2024-01-03T00:00"), (0, True)),
    "of another patient": (stay("B", "2024-01-06", patient_id="P2"), (None, False)),
    "that was cancelled": (stay("B", "2024-01-06", status="cancelled"), (None, False)),
    "that is only planned": (stay("B", "2024-01-06", status="planned"), (None, False)),
    "that is no stay": (stay("B", "2024-01-06", encounter_class="emergency"), (None, False)),
    "earlier": (stay("B", "2023-12-01"), (None, False)),
}


@pytest.mark.parametrize("case", NEXT)
def test_a_next_stay(label, case):
    following, wanted = NEXT[case]
    assert label(dict(FIRST), dict(following))["A"] == wanted


def test_each_stay_is_followed_by_the_next_only(label):
    rows = [
        stay("A", "2024-01-01", "2024-01-05"),
        stay("B", "2024-01-20", "2024-01-21"),
        stay("C", "2024-06-01", "2024-06-02"),
    ]
    assert label(*reversed(rows)) == {"A": (15, True), "B": (132, False), "C": (None, False)}


def test_only_stays_that_ended_are_at_risk(label):
    assert label(stay("A", "2024-01-01"), stay("B", "2024-01-02", "2024-01-03")) == {"B": (None, False)}


def test_stays_of_the_same_moment_are_paired_by_their_keys(label):
    twins = [stay("A", "2024-01-01", "2024-01-02"), stay("B", "2024-01-01", "2024-01-02")]
    assert label(*twins) == label(*reversed(twins)) == {"A": (0, True), "B": (None, False)}


def test_many_patients_do_not_mix(label):
    rows = [stay(f"{n}-{k}", f"2024-0{k}-01", f"2024-0{k}-02", patient_id=f"P{n}") for n in range(150) for k in (1, 2)]
    found = label(*rows)
    assert {found[f"{n}-1"] for n in range(150)} == {(30, True)}
    assert {found[f"{n}-2"] for n in range(150)} == {(None, False)}
