"""Days of ADT messages end in the tables that the hospital's own books say, in whatever order they come."""

import datetime as dt
import random

import pytest

from mediflow_assets.contracts import links, silver
from mediflow_assets_tests.house import RECEIVED
from mediflow_assets_tests.sources.adt_days import House as Hospital

CLASS = {"I": "inpatient", "O": "outpatient", "E": "emergency"}


def utc(at):
    return at and at.replace(tzinfo=dt.UTC)


def by_the_books(hospital):
    """What the hospital's own books say of its stays, diagnoses, patients and merges."""
    # of somebody who was deleted and of whom nothing else was told there is nothing
    told = {n for n in hospital.people for m in hospital.messages if f"~{n}^" in m and "ADT^A29" not in m}
    stays = {
        s.number: (
            s.patient, CLASS[s.visit_class], s.status, s.ward, utc(s.admitted), utc(s.discharged), s.disposition,
            s.codes[0] if s.codes else None,
        )
        for s in hospital.stays.values()
    }  # fmt: skip
    codes = {(s.number, code, n) for s in hospital.stays.values() for n, code in enumerate(s.codes, start=1)}
    people = {p.number: (p.family, p.given, p.born[:4], p.gender, p.phone, p.died, p.is_deleted)
              for p in hospital.people.values() if p.number in told}  # fmt: skip
    return stays, codes, people, set(hospital.merged.items())


def in_the_tables(house):
    """The same of the tables."""
    stays = {
        r["encounter_id"]: (
            r["patient_id"], r["encounter_class"], r["status"], r["department"], r["admitted_at"], r["discharged_at"],
            r["discharge_disposition"], r["diagnosis_code"],
        )
        for r in house.rows(silver.ENCOUNTERS)
    }  # fmt: skip
    codes = {(r["encounter_id"], r["code"], r["diagnosis_rank"]) for r in house.rows(silver.CONDITIONS)}
    people = {
        r["patient_id"]: (
            r["family_name"], r["given_name"], str(r["birth_date"].year), r["gender"], r["phone"],
            r["death_date"] and r["death_date"].strftime("%Y%m%d"), r["is_ended"],
        )
        for r in house.rows(silver.PATIENTS)
    }  # fmt: skip
    merged = {(r["merged_id"], r["survivor_id"]) for r in house.rows(links.MERGED_PATIENTS)}
    return stays, codes, people, merged


def differences(found, wanted):
    """What stands in the tables only, and in the books only."""
    both = [[set(each.items() if isinstance(each, dict) else each) for each in side] for side in (found, wanted)]
    return [("tables", f - w, "books", w - f) for f, w in zip(*both, strict=True) if f != w]


def shuffled(messages, seed):
    """The messages in another order, some of them twice, in several files."""
    chance = random.Random(seed)
    sent = [*messages, *chance.sample(messages, len(messages) // 5)]
    chance.shuffle(sent)
    return ["\r".join(sent[start : start + 80]) for start in range(0, len(sent), 80)]


@pytest.mark.parametrize(("seed", "tells_begin"), [(1, 1.0), (2, 0.3)])
def test_days_of_messages_end_in_what_the_hospital_says(house, seed, tells_begin):
    hospital = Hospital(seed, tells_begin).days(250)
    house.deliver("\r".join(hospital.messages))
    assert not any(made.has_failed for made in house.make_silver())
    assert house.reasons(silver.ENCOUNTERS) == {}
    assert differences(in_the_tables(house), by_the_books(hospital)) == []
    house.assert_balanced()


def test_messages_in_any_order_and_any_number_of_times_end_in_the_same(house):
    hospital = Hospital(3, tells_begin=0.5).days(200)
    for hour, text in enumerate(shuffled(hospital.messages, 3)):
        house.deliver(text, RECEIVED + dt.timedelta(hours=hour))
        house.make_silver()
    assert differences(in_the_tables(house), by_the_books(hospital)) == []
