"""Rows and resources of which odd cases are made, each sound as it is."""

import random
from typing import Any

from mediflow_assets.synthetic.odd import Says

PATIENTS, ENCOUNTERS, CONDITIONS = "silver/patients", "silver/encounters", "silver/conditions"
Row = dict[str, str]


def visit(id_: str, chance: random.Random, **changed: str) -> Row:
    """A stay of four days as a flat row."""
    row = {
        "patient_id": f"ODD{id_}",
        "encounter_id": f"ODDE{id_}",
        "encounter_class": "inpatient",
        "name": f"Odd Person {id_}",
        "birth_date": f"19{chance.randrange(30, 99)}-0{chance.randrange(1, 10)}-1{chance.randrange(10)}",
        "gender": chance.choice("FM"),
        "department": "CARDIOLOGY",
        "diagnosis_code": "I50.9",
        "admission_date": "2024-03-01",
        "discharge_date": "2024-03-05",
        "cost": f"{chance.randrange(10_000, 900_000) / 100:.2f}",
        "updated_at": "2024-03-06T08:00:00",
    }
    return row | changed


def without(row: Row, *names: str) -> Row:
    """A row without some columns."""
    return {name: cell for name, cell in row.items() if name not in names}


def patient(id_: str, updated: str = "2024-03-06T08:00:00Z", **more: Any) -> dict[str, Any]:
    """A FHIR Patient."""
    return {"resourceType": "Patient", "id": f"ODD{id_}", "meta": {"lastUpdated": updated}, **more}


def stay(id_: str, **more: Any) -> dict[str, Any]:
    """A FHIR Encounter of four days."""
    return {
        "resourceType": "Encounter",
        "id": f"ODDE{id_}",
        "meta": {"lastUpdated": "2024-03-06T08:00:00Z"},
        "status": "finished",
        "class": {"code": "IMP"},
        "subject": {"reference": f"Patient/ODD{id_}"},
        "period": {"start": "2024-03-01T15:00:00Z", "end": "2024-03-05T15:00:00Z"},
        **more,
    }


def condition(id_: str, of: str, code: str, updated: str = "2024-03-06T08:00:00Z", **more: Any) -> dict[str, Any]:
    """A FHIR Condition of a patient."""
    return {
        "resourceType": "Condition",
        "id": id_,
        "meta": {"lastUpdated": updated},
        "subject": {"reference": f"Patient/ODD{of}"},
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": code}]},
        "onsetDateTime": "2024-01-10",
        **more,
    }


def shown(table: str, rows: int = 1, **has: str | None) -> Says:
    """So many rows of a table have these values."""
    return Says(table, has, rows)
