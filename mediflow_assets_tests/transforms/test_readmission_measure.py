"""Readmission as the published measure has it, for any stays of any patients, with times of day and without."""

import datetime as dt
from dataclasses import replace

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from mediflow_assets.transforms.readmissions import WINDOW_DAYS, episodes
from mediflow_assets_tests.transforms.hospital_wide_readmission import Stay, outcomes

BEGIN = dt.date(2024, 1, 1)
DAYS = st.one_of(st.integers(0, 12), st.integers(0, 90))
CODES = st.sampled_from([None, "I50.9", "I50.9", "J18.9", "F33.1", "Z44.001", "C50.911", "Z51.11", "O80"])
WAYS = st.sampled_from([None, "home", "transferred", "transferred", "against_advice", "expired"])
TYPES = st.sampled_from([None, "urgent", "elective"])
HOURS = st.integers(0, 23)
STATUSES = st.sampled_from(["finished", "in-progress", "unknown"])
SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("encounter_key", "patient_key", "department", "diagnosis_code", "gender")]
    + [("age_at_admission", pa.int32()), ("discharge_disposition", pa.string()), ("admission_type", pa.string())]
    + [("status", pa.string())]
    + [(name, pa.timestamp("us", "UTC")) for name in ("admitted_at", "discharged_at")]
    + [(name, pa.date32()) for name in ("admitted_on", "discharged_on", "_data_end", "_died_on")]
)


@st.composite
def hospitals(draw):
    """Patients with stays told to the hour, and the day each died."""
    patients = {}
    for who in range(draw(st.integers(1, 3))):
        stays = []
        for number in range(draw(st.integers(0, 6))):
            began = BEGIN + dt.timedelta(days=draw(DAYS))
            ended = draw(st.one_of(st.none(), st.integers(0, 9), st.integers(0, 9)))
            from_hour, until_hour = draw(HOURS), draw(HOURS)
            stays.append(
                Stay(
                    f"{who}-{number}",
                    began,
                    None if ended is None else began + dt.timedelta(days=ended),
                    draw(CODES),
                    draw(WAYS),
                    draw(TYPES),
                    draw(STATUSES),
                    from_hour,
                    # nobody goes before he has come
                    None if ended is None else max(until_hour, 0 if ended else from_hour),
                )
            )
        died = draw(st.one_of(st.none(), DAYS))
        patients[f"P{who}"] = (stays, None if died is None else BEGIN + dt.timedelta(days=died))
    return patients, BEGIN + dt.timedelta(days=draw(st.integers(60, 150)))


def rows_of(patients, last_day):
    def at(day, hour):
        return None if day is None or hour is None else dt.datetime.combine(day, dt.time(hour), dt.UTC)

    return [
        {
            "encounter_key": stay.key, "patient_key": who, "department": "CARDIOLOGY", "gender": "F",
            "diagnosis_code": stay.diagnosis, "discharge_disposition": stay.way, "admission_type": stay.type,
            "status": stay.status,
            "admitted_at": at(stay.admitted, stay.from_hour), "discharged_at": at(stay.discharged, stay.until_hour),
            "admitted_on": stay.admitted, "discharged_on": stay.discharged, "_data_end": last_day, "_died_on": died,
        }
        for who, (stays, died) in patients.items()
        for stay in stays
    ]  # fmt: skip


def found_in(rows):
    made = episodes(pa.Table.from_pylist(rows, SCHEMA)).to_pylist()
    return {row["encounter_key"]: (row["excluded_because"], row["days_to_readmission"], _label(row)) for row in made}


def _label(row):
    days = row["days_to_readmission"]
    return None if row["excluded_because"] else days is not None and days <= WINDOW_DAYS


@given(hospitals(), st.randoms(use_true_random=False))
def test_episodes_are_those_of_the_published_rules(hospital, random):
    patients, last_day = hospital
    days_alone = {
        who: ([replace(stay, from_hour=None, until_hour=None) for stay in stays], died)
        for who, (stays, died) in patients.items()
    }
    for told in (patients, days_alone) if any(stays for stays, _ in patients.values()) else ():
        wanted = {}
        for stays, died in told.values():
            wanted |= outcomes(stays, last_day, died)
        rows = rows_of(told, last_day)
        random.shuffle(rows)
        assert found_in(rows) == wanted
