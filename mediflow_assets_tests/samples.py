"""A plain record of each CSV source, and CSV text of records that differ from it."""

import csv
import io
from typing import Any

Row = dict[str, Any]

ADMISSION = {
    "patient_id": "P1",
    "encounter_id": "E1",
    "encounter_class": "inpatient",
    "status": "finished",
    "name": "Ada Example",
    "birth_date": "1960-05-01",
    "age": "",
    "gender": "F",
    "department": "CARDIOLOGY",
    "diagnosis_code": "I21.4",
    "admission_date": "2024-01-10",
    "discharge_date": "2024-01-15",
    "discharge_disposition": "home",
    "admission_type": "urgent",
    "blood_pressure": "120/80",
    "cost": "1000.00",
    "payer": "Medicare",
    "zip": "02139",
    "updated_at": "",
}
MERGE = {"surviving_patient_id": "P1", "merged_patient_id": "P2", "merged_at": "", "action": ""}
SYNTHEA_PATIENT = {
    "Id": "P1",
    "BIRTHDATE": "1960-05-01",
    "DEATHDATE": "",
    "FIRST": "Ada",
    "LAST": "Example",
    "GENDER": "F",
    "ADDRESS": "1 Main Street",
    "ZIP": "02139",
}
SYNTHEA_ENCOUNTER = {
    "Id": "E1",
    "START": "2024-01-10T09:00:00Z",
    "STOP": "2024-01-15T10:00:00Z",
    "PATIENT": "P1",
    "ENCOUNTERCLASS": "inpatient",
    "CODE": "183452005",
    "DESCRIPTION": "Emergency hospital admission",
    "BASE_ENCOUNTER_COST": "100.00",
    "TOTAL_CLAIM_COST": "1000.00",
    "REASONCODE": "22298006",
    "REASONDESCRIPTION": "Myocardial infarction",
}
SYNTHEA_CONDITION = {
    "START": "2024-01-10",
    "STOP": "2024-02-10",
    "PATIENT": "P1",
    "ENCOUNTER": "E1",
    "CODE": "22298006",
    "DESCRIPTION": "Myocardial infarction",
}


def csv_text(defaults: Row, rows: tuple[Row, ...]) -> str:
    """CSV of the rows, each laid over the defaults; columns that no default has are added."""
    names = list(dict.fromkeys([*defaults, *(name for row in rows for name in row)]))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(defaults | row for row in rows)
    return text.getvalue()
