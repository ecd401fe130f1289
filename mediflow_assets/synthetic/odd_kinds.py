"""The kinds of oddity: of each what is written, and what is right."""

import random
from collections.abc import Mapping
from typing import Any

from mediflow_assets.synthetic.odd import CSV, HISTORY, NDJSON, Case, Kind, Says, Step
from mediflow_assets.synthetic.odd_records import (
    CONDITIONS,
    ENCOUNTERS,
    PATIENTS,
    Row,
    condition,
    patient,
    shown,
    stay,
    visit,
    without,
)

FEEDS = """\
# The deliveries of two odd kinds need what only their senders know.
[feeds.odd_lines]
match = ["Charge line"]
grain = "line"

[feeds.odd_years]
match = ["Short dates"]
date_formats = ["MM/dd/yy"]
two_digit_years = 2039
"""
_PLACEHOLDERS = ("NULL", "N/A", "-", "UNKNOWN", "00000000")
_DAMAGED = ("1.23E+12", "########", "#REF!")


def shared_id(id_: str, chance: random.Random) -> Case:
    """One id in two systems: two people."""
    flat = visit(id_, chance, gender="F")
    fhir = patient(id_, gender="male", birthDate="2001-02-03")
    mrn = {"id_namespace": "mrn", "patient_id": f"ODD{id_}", "gender": "F", "birth_date": flat["birth_date"]}
    other = {"id_namespace": "fhir", "patient_id": f"ODD{id_}", "gender": "M", "birth_date": "2001-02-03"}
    return Case([Step(CSV, [flat]), Step(NDJSON, [fhir])], [Says(PATIENTS, mrn), Says(PATIENTS, other)])


def _refused_ids(written: tuple[str, ...], reason: str, id_: str, chance: random.Random) -> Case:
    row = visit(id_, chance)
    # as many sound ids beside them: a delivery that is refused for the greater part would stop a run
    ids = (*written, *[row["patient_id"]] * len(written))
    rows = [row | {"patient_id": text, "encounter_id": f"{row['encounter_id']}{n}"} for n, text in enumerate(ids)]
    right = [shown(ENCOUNTERS, 0, encounter_id=each["encounter_id"]) for each in rows[: len(written)]]
    right += [shown(ENCOUNTERS, len(written), patient_id=row["patient_id"]), shown(PATIENTS, full_name=row["name"])]
    return Case([Step(CSV, rows)], right, {(0, n): reason for n in range(len(written))})


def placeholder_id(id_: str, chance: random.Random) -> Case:
    """Words for nothing where the patient's id should be: nobody."""
    return _refused_ids(_PLACEHOLDERS, "patient_id_placeholder", id_, chance)


def damaged_id(id_: str, chance: random.Random) -> Case:
    """What a spreadsheet left of ids: nobody."""
    return _refused_ids(_DAMAGED, "patient_id_damaged", id_, chance)


def wrapped_id(id_: str, chance: random.Random) -> Case:
    """Blanks and a spreadsheet's wrappings around an id: one patient, and another of a whole number."""
    zeros, whole = f"00{id_}", f"7{id_}"
    spelled = (f'="{zeros}"', f"'{zeros}", f"\u00a0{zeros}\t", zeros, whole, f"{whole}.0")
    row = visit(id_, chance)
    rows = [row | {"patient_id": text, "encounter_id": f"{row['encounter_id']}{n}"} for n, text in enumerate(spelled)]
    people = [shown(PATIENTS, patient_id=zeros), shown(PATIENTS, patient_id=whole)]
    return Case(
        [Step(CSV, rows)], [*people, shown(ENCOUNTERS, 4, patient_id=zeros), shown(ENCOUNTERS, 2, patient_id=whole)]
    )


def reused_encounter(id_: str, chance: random.Random) -> Case:
    """One encounter id under two patients: it is the first one's."""
    first, second = visit(id_, chance), visit(id_, chance, patient_id=f"ODDX{id_}")
    of_first = shown(ENCOUNTERS, encounter_id=first["encounter_id"], patient_id=first["patient_id"])
    return Case([Step(CSV, [first, second])], [of_first], {(0, 1): "encounter_of_another_patient"})


def visits_without_ids(id_: str, chance: random.Random) -> Case:
    """Two visits of one day without ids of their own: two."""
    hours = (("09:00", "10:00"), ("16:00", "17:30"))
    row = visit(id_, chance, encounter_id="")
    rows = [
        row | {"admission_date": f"2024-03-01T{a}:00", "discharge_date": f"2024-03-01T{b}:00", "cost": f"{100 + n}.00"}
        for n, (a, b) in enumerate(hours)
    ]
    return Case(
        [Step(CSV, rows)],
        [shown(ENCOUNTERS, patient_id=row["patient_id"], cost_usd=row["cost"]) for row in rows],
    )


def charge_lines(id_: str, chance: random.Random) -> Case:
    """Charge lines of one encounter, one of them a credit: the sum, and the first diagnosis."""
    row = visit(id_, chance) | {"Charge line": "1"}
    amounts = [chance.randrange(10_000, 90_000) for _ in range(2)] + [-chance.randrange(100, 9_000)]
    codes = ("I50.9", "E11.9", "I50.9")
    lines = [row | {"cost": f"{cents / 100:.2f}", "diagnosis_code": c} for cents, c in zip(amounts, codes, strict=True)]
    total = f"{sum(amounts) / 100:.2f}"
    right = shown(ENCOUNTERS, encounter_id=row["encounter_id"], cost_usd=total, diagnosis_code="I50.9")
    return Case([Step(CSV, lines)], [right])


def fewer_columns(id_: str, chance: random.Random) -> Case:
    """A later delivery without a patient's columns: what was known of the patient stays."""
    first = visit(id_, chance)
    later = without(visit(f"{id_}9", chance, patient_id=first["patient_id"]), "name", "birth_date", "gender")
    later["updated_at"] = "2024-05-02T08:00:00"
    known = {"full_name": first["name"], "birth_date": first["birth_date"], "gender": first["gender"]}
    of = {"patient_id": first["patient_id"]}
    right = [Says(PATIENTS, of | known), shown(ENCOUNTERS, encounter_id=later["encounter_id"], gender=first["gender"])]
    return Case([Step(CSV, [first]), Step(CSV, [later])], right)


def without_discharge(id_: str, chance: random.Random) -> Case:
    """A later version that has no column for the discharge: the stay stays ended, with the newer cost."""
    first = visit(id_, chance)
    later = without(first, "discharge_date") | {"cost": f"{float(first['cost']) + 1:.2f}"}
    later["updated_at"] = "2024-04-01T08:00:00"
    right = {"discharged_on": "2024-03-05", "status": "finished", "cost_usd": later["cost"]}
    return Case(
        [Step(CSV, [first]), Step(CSV, [later])], [Says(ENCOUNTERS, {"encounter_id": first["encounter_id"]} | right)]
    )


def conflicting(id_: str, chance: random.Random) -> Case:
    """Two versions of equal time that differ: the one that arrived later, and it is told."""
    first = visit(id_, chance)
    later = first | {"cost": f"{float(first['cost']) + 1:.2f}"}
    right = shown(ENCOUNTERS, encounter_id=first["encounter_id"], cost_usd=later["cost"])
    return Case([Step(CSV, [first]), Step(CSV, [later])], [right], told={"conflicting_versions": 1})


def older_export(id_: str, chance: random.Random) -> Case:
    """An older FHIR export that is delivered later: it changes nothing."""
    year = chance.randrange(1930, 1990)
    new = patient(id_, "2024-10-01T00:00:00Z", birthDate=f"{year}-05-06", gender="female")
    old = patient(id_, "2024-01-01T00:00:00Z", birthDate=f"{year + 1}-05-06", gender="female")
    right = shown(PATIENTS, id_namespace="fhir", patient_id=new["id"], birth_date=new["birthDate"])
    return Case([Step(NDJSON, [new]), Step(NDJSON, [old])], [right])


def newest_first(id_: str, chance: random.Random) -> Case:
    """A history whose newest version comes first: that is the one that stands."""
    year = chance.randrange(1930, 1990)
    versions = [patient(id_, f"2024-0{n}-01T00:00:00Z", birthDate=f"{year + n}-05-06") for n in (3, 2, 1)]
    right = shown(PATIENTS, id_namespace="fhir", patient_id=f"ODD{id_}", birth_date=f"{year + 3}-05-06")
    return Case([Step(HISTORY, [{"resource": each, "request": _put(each)} for each in versions])], [right])


def _put(resource: Mapping[str, Any]) -> Row:
    return {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"}


def deleted(id_: str, _: random.Random) -> Case:
    """DELETE entries: the encounter is cancelled, the patient has ended."""
    known = [patient(id_, birthDate="1950-01-01"), stay(id_)]
    at = {"status": "204", "lastModified": "2024-04-01T00:00:00Z"}
    ends = [{"request": _put(each) | {"method": "DELETE"}, "response": at} for each in known]
    right = [
        shown(PATIENTS, id_namespace="fhir", patient_id=f"ODD{id_}", is_ended="True"),
        shown(ENCOUNTERS, encounter_id=f"ODDE{id_}", status="cancelled"),
    ]
    return Case([Step(NDJSON, known), Step(HISTORY, ends)], right)


def refuted(id_: str, _: random.Random) -> Case:
    """Conditions that were refuted or entered in error: none."""
    said = {"I50.9": "confirmed", "C50.9": "refuted", "B20": "entered-in-error"}
    found = [
        condition(f"ODDC{id_}{n}", id_, code, verificationStatus={"coding": [{"code": status}]})
        for n, (code, status) in enumerate(said.items())
    ]
    right = [
        shown(CONDITIONS, int(status == "confirmed"), patient_id=f"ODD{id_}", code=c) for c, status in said.items()
    ]
    return Case([Step(NDJSON, [patient(id_, birthDate="1950-01-01"), *found])], right)


def corrected_condition(id_: str, _: random.Random) -> Case:
    """A condition whose code was corrected: the newer code alone."""
    first = condition(f"ODDC{id_}", id_, "C50.9")
    later = condition(f"ODDC{id_}", id_, "N60.1", "2024-04-01T00:00:00Z")
    right = [shown(CONDITIONS, 0, patient_id=f"ODD{id_}", code="C50.9")]
    right.append(shown(CONDITIONS, patient_id=f"ODD{id_}", code="N60.1"))
    return Case([Step(NDJSON, [patient(id_, birthDate="1950-01-01"), first]), Step(NDJSON, [later])], right)


def partial_date(id_: str, chance: random.Random) -> Case:
    """A birth date that tells the year or the month only: kept so, with the ages that follow from it."""
    year, is_month = chance.randrange(1940, 1990), chance.random() < 0.5
    of, told = {"id_namespace": "fhir", "patient_id": f"ODD{id_}"}, f"{year}-05" if is_month else str(year)
    born = {"birth_date": f"{year}-05-01", "birth_precision": "month"}
    right = born if is_month else {"birth_date": f"{year}-01-01", "birth_precision": "year"}
    # on the first of March nobody of May has had a birthday; of somebody of that year it is not known
    age = str(2024 - year - 1) if is_month else None
    says = [Says(PATIENTS, of | right), Says(ENCOUNTERS, {"encounter_id": f"ODDE{id_}", "age_at_admission": age})]
    return Case([Step(NDJSON, [patient(id_, birthDate=told), stay(id_)])], says)


def short_years(id_: str, chance: random.Random) -> Case:
    """Years of two digits: births are in the past, other dates in the window of their feed."""
    year = chance.randrange(40, 99)
    row = visit(id_, chance, birth_date=f"07/04/{year}", admission_date="03/01/24", discharge_date="03/05/24")
    row |= {"updated_at": "03/06/24", "Short dates": "yes"}
    days = {"encounter_id": row["encounter_id"], "admitted_on": "2024-03-01", "discharged_on": "2024-03-05"}
    born = shown(PATIENTS, patient_id=row["patient_id"], birth_date=f"19{year}-07-04")
    return Case([Step(CSV, [row])], [born, Says(ENCOUNTERS, days)])


def open_stay(id_: str, chance: random.Random) -> Case:
    """A stay of years ago that nobody ended: it is there, without an end, and it is told."""
    row = visit(id_, chance, admission_date="2021-03-01", discharge_date="") | {"status": "in-progress"}
    right = {"encounter_id": row["encounter_id"], "status": "in-progress", "discharged_on": None}
    return Case([Step(CSV, [row])], [Says(ENCOUNTERS, right)], told={"open_stay_doubtful": 1})


def after_death(id_: str, _: random.Random) -> Case:
    """An encounter after its patient's death: it stays, and it is told."""
    dead = patient(id_, birthDate="1950-01-01", deceasedDateTime="2024-02-01")
    right = shown(PATIENTS, id_namespace="fhir", patient_id=f"ODD{id_}", death_date="2024-02-01")
    held = shown(ENCOUNTERS, encounter_id=f"ODDE{id_}", status="finished")
    return Case([Step(NDJSON, [dead, stay(id_)])], [right, held], told={"encounter_after_death": 1})


_ALL: tuple[Kind, ...] = (
    *(shared_id, placeholder_id, damaged_id, wrapped_id, reused_encounter, visits_without_ids, charge_lines),
    *(fewer_columns, without_discharge, conflicting, older_export, newest_first, deleted, refuted),
    *(corrected_condition, partial_date, short_years, open_stay, after_death),
)
KINDS: dict[str, Kind] = {kind.__name__: kind for kind in _ALL}
