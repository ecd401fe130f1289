"""The declared lineage is the real one: a change of one Silver column changes declared columns only."""

import datetime as dt
from collections import Counter

import pytest

from mediflow_assets.contracts import TABLES, gold, masked, silver
from mediflow_assets.contracts.lineage import origins
from mediflow_assets.contracts.vitals import VITALS_LATEST
from mediflow_assets.pipeline import gold as steps

N = 48
DAY = dt.timedelta(days=1)
CODES = ("I21.4", "C50.9", "J18.9")


def stays():
    start = dt.datetime(2023, 1, 5, 9, tzinfo=dt.UTC)
    return [
        {
            "id_namespace": "mrn",
            "encounter_id": f"E{n}",
            "patient_id": f"P{n % 12}",
            "encounter_class": ("inpatient", "emergency", "wellness")[n % 3],
            "admission_type": ("urgent", "emergency")[n % 2],
            "department": ("CARDIOLOGY", "ONCOLOGY")[n % 4 // 2],
            "admitting_diagnosis_code": CODES[n % 3],
            "diagnosis_code": CODES[(n + n // 12) % 3],
            "diagnosis_system": "icd10",
            "diagnosis_rank": 1,
            "diagnosis_text": f"text {n}",
            "admitted_at": start + DAY * (n * 9),
            "discharged_at": start + DAY * (n * 9 + 2 + n % 3),
            "admitted_on": (start + DAY * (n * 9)).date(),
            "discharged_on": (start + DAY * (n * 9 + 2 + n % 3)).date(),
            "discharge_disposition": "home",
            "length_of_stay_days": 2 + n % 3,
            "age_at_admission": 40 + n % 12,
            "gender": "FM"[n % 2],
            "zip": "02139",
            "systolic_mmhg": 120 + n,
            "diastolic_mmhg": 70 + n,
            "cost_usd": 100 + 7 * n if n % 10 else 90_000,
            "payer": "Medicare",
            "extra": "{}",
            "admitting_diagnosis_at": start,
            "source_system": "admissions",
            "status": "finished",
            "claimed_at": start,
            "version_number": n,
            "birth_date": start.date(),
            "listed_codes": None,
            "named_conditions": None,
            "named_places": None,
            "derived": "",
            "is_shifted": None,
            "cleared": None,
        }
        for n in range(N)
    ]


def renamed(*pairs):
    names = dict(pairs)
    return lambda value: names.get(value, value)


CHANGES = {
    "id_namespace": lambda _: "fhir",
    "encounter_key": lambda v: f"x{v}",
    "patient_key": lambda v: f"x{v}",
    "encounter_id": lambda v: f"x{v}",
    "patient_id": lambda v: f"x{v}",
    "source_system": lambda v: "synthea",
    "encounter_class": renamed(("wellness", "hospice")),
    "admission_type": renamed(("urgent", "trauma")),
    "department": renamed(("CARDIOLOGY", "AAA")),
    "admitting_diagnosis_code": renamed(("I21.4", "A00")),
    "diagnosis_code": renamed(("J18.9", "J99")),
    "diagnosis_system": lambda v: "snomed",
    "diagnosis_rank": lambda v: v + 1,
    "diagnosis_text": lambda v: v + "!",
    "listed_codes": lambda v: "icd10:I10 icd10:E11.9",
    "named_conditions": lambda v: "1 DD c1",
    "named_places": lambda v: "Location/l1",
    "admitted_at": lambda v: v - DAY if v.day > 1 else v,
    "discharged_at": lambda v: v + DAY,
    "admitted_on": lambda v: v - DAY if v.day > 1 else v,
    "discharged_on": lambda v: v + DAY,
    "discharge_disposition": renamed(("home", "hospice")),
    "length_of_stay_days": lambda v: v + 1,
    "age_at_admission": lambda v: v + 1,
    "gender": renamed(("F", "O")),
    "zip": lambda v: "10001",
    "systolic_mmhg": lambda v: v + 1,
    "diastolic_mmhg": lambda v: v + 1,
    "cost_usd": lambda v: v + 13,
    "payer": lambda v: "Other",
    "extra": lambda v: '{"a": 1}',
    "admitting_diagnosis_at": lambda v: v + DAY,
    "claimed_at": lambda v: v + DAY,
    "version_number": lambda v: v + 1,
    "birth_date": lambda v: v + DAY,
    "derived": lambda v: "zip",
    "is_shifted": lambda v: True,
    "cleared": lambda v: " zip ",
}
"""Per column a change that keeps apart what was apart: which rows are taken and how they are grouped stays the same."""
UNCHANGED = {"status", "updated_at", "_delivery_id", "_record_number", "_ingested_at"}
"""`status` says which rows count; the others are the record's provenance."""
BUILDS = [r for r in (*steps.GOLD, *steps.MASKED) if r.inputs[0] in (silver.ENCOUNTERS,) and not r.is_of_people]


def computed(frame, rows):
    """Every table over these encounters: per column, how often each value stands in it (of a key: which do)."""
    frames = {silver.ENCOUNTERS.name: frame(silver.ENCOUNTERS, *rows), silver.PATIENTS.name: frame(silver.PATIENTS, {})}
    frames[silver.CONDITIONS.name] = frame(silver.CONDITIONS, {"code": "I50.9"})
    found = {}
    for build in BUILDS:
        made = build.transform(*(frames[table.name] for table in build.inputs))
        frames[build.contract.name] = made
        table = made.toArrow()
        for name in build.contract.column_names:
            values = Counter(map(str, table[name].to_pylist()))
            # how many rows there are is not what the columns of the key tell, only which
            is_key = name in build.contract.primary_key
            found[build.contract.name, name] = set(values) if is_key else values
    return found


@pytest.fixture(scope="module")
def rows():
    built = stays()
    return [row | {"patient_key": row["patient_id"], "encounter_key": row["encounter_id"]} for row in built]


def test_every_column_of_silvers_encounters_is_changed_once():
    assert set(CHANGES) | UNCHANGED == set(silver.ENCOUNTERS.column_names)
    assert {r.contract for r in BUILDS} >= set(gold.TABLES) - {
        gold.READMISSIONS,
        VITALS_LATEST,
    } and masked.COST_PEERS in {r.contract for r in BUILDS}


@pytest.mark.slow
def test_only_declared_columns_change(frame, rows):
    before = computed(frame, rows)
    undeclared = []
    for column, change in CHANGES.items():
        after = computed(frame, [row | {column: change(row[column])} for row in rows])
        changed = {place for place in before if before[place] != after[place]}
        for table, name in sorted(changed):
            # which cells are blanked is told by the counts beside it
            if name != "is_suppressed" and f"silver/encounters.{column}" not in origins(
                TABLES[table].by_name[name], TABLES
            ):
                undeclared.append(f"{table}.{name} <- {column}")
    assert undeclared == [], "\n".join(undeclared)
