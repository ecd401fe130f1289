"""What a hospital's own books say after days of messages, and what the tables say of the same."""

import datetime as dt

from mediflow_assets.contracts import links, silver
from mediflow_assets.contracts.clinical import ENCOUNTER_LOCATIONS

CLASS = {"I": "inpatient", "O": "outpatient", "E": "emergency"}


def utc(at):
    return at and at.replace(tzinfo=dt.UTC)


def by_the_books(hospital):
    """What the hospital's own books say of its stays, diagnoses, patients and merges."""
    # of somebody who was deleted and of whom nothing else was told there is nothing
    told = {m.split("~")[2].split("^")[0] for m in hospital.messages if "ADT^A29" not in m}
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
    places = {
        (s.number, ward, str(bed), utc(at), utc(until))
        for s in hospital.stays.values()
        for (ward, bed, at), until in zip(s.path, [*(at for *_, at in s.path), s.discharged][1:], strict=True)
    }
    return stays, codes, people, set(hospital.merged.items()), places


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
    places = {
        (r["encounter_id"], r["department"], r["room"], r["entered_at"], r["left_at"])
        for r in house.rows(ENCOUNTER_LOCATIONS)
        if r["is_stretch"]
    }
    return stays, codes, people, merged, places


def differences(found, wanted):
    """What stands in the tables only, and in the books only."""
    both = [[set(each.items() if isinstance(each, dict) else each) for each in side] for side in (found, wanted)]
    return [("tables", f - w, "books", w - f) for f, w in zip(*both, strict=True) if f != w]
