"""What happened in the home whose lake `format-N.tar.gz` keeps: told again, it makes a fresh home to compare with.

Whatever it calls exists in every version since format 1, for `make_home.py` runs it by the code of an older one.
"""

import csv
import datetime as dt
import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mediflow_assets.sources.feeds import Feeds
from mediflow_assets.sources.systems import System

SECRET = bytes(range(32))
"""The key of the pseudonyms: both homes give each patient the same."""
FIRST = dt.datetime(2024, 7, 1, 12, tzinfo=dt.UTC)
SECOND = FIRST + dt.timedelta(days=1)
TOPIC = "encounter-events"


def _csv(defaults: dict[str, str], *rows: dict[str, str]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(defaults), lineterminator="\n")
    writer.writeheader()
    writer.writerows(defaults | row for row in rows)
    return text.getvalue()


_ADMISSION = {
    "patient_id": "P-1001",
    "encounter_id": "E-1",
    "encounter_class": "inpatient",
    "name": "Ada Example",
    "birth_date": "1960-05-01",
    "gender": "F",
    "department": "CARDIOLOGY",
    "diagnosis_code": "I21.4",
    "admission_date": "2024-01-10",
    "discharge_date": "2024-01-15",
    "discharge_disposition": "home",
    "cost": "1000.00",
    "payer": "Medicare",
    "zip": "02139",
    "updated_at": "",
    "ward": "4b",
}
_BAD = [
    {"encounter_id": "E-90", "cost": "much"},
    {"encounter_id": "E-91", "cost": "?", "patient_id": "P-1002"},
    {"encounter_id": "E-92", "discharge_date": "2023-01-01"},
]
"""One that stays open, one that is discarded, one that is corrected."""
FEEDS = Feeds(systems={"admissions": System(values={"cost": {"?": "?"}})})
"""When the older lakes were made, a `?` was something that is given."""
_MANY = [
    {
        "patient_id": f"P-{2000 + n % 14}",
        "encounter_id": f"E-{100 + n}",
        "cost": f"{900 + 10 * n}.00",
        "admission_date": f"2024-0{1 + n % 5}-1{n % 9}",
        "discharge_date": f"2024-0{1 + n % 5}-2{n % 9}",
        "gender": "MF"[n % 2],
        "birth_date": f"19{30 + n}-03-0{1 + n % 9}",
    }
    for n in range(40)
]
ADMISSIONS = _csv(_ADMISSION, {}, {"encounter_id": "E-2", "patient_id": "P-1002"}, *_BAD, *_MANY) + 'P-1,"broken\n'
DISCARDED = 4
"""The record of the admissions that people gave up."""
_NEWER = {"cost": "1234.50", "updated_at": "2024-06-01"}
_CORRECTION = {
    "_delivery_id": hashlib.sha256(ADMISSIONS.encode()).hexdigest(),
    "_record_number": "5",
    "discharge_date": "2024-01-20",
}
_SYNTHEA = {
    "patients.csv": _csv({"Id": "syn-1", "BIRTHDATE": "1950-05-01", "DEATHDATE": "", "FIRST": "Bo", "LAST": "Sample",
                          "GENDER": "M", "ADDRESS": "1 Main Street", "ZIP": "02139"}, {}),
    "encounters.csv": _csv(
        {"Id": "syn-e1", "START": "2024-02-10T09:00:00Z", "STOP": "2024-02-15T10:00:00Z", "PATIENT": "syn-1",
         "ENCOUNTERCLASS": "inpatient", "CODE": "183452005", "DESCRIPTION": "Emergency",
         "BASE_ENCOUNTER_COST": "100.00", "TOTAL_CLAIM_COST": "1000.00", "REASONCODE": "22298006",
         "REASONDESCRIPTION": "Myocardial infarction"},
        {}, {"Id": "syn-e2", "PATIENT": "syn-later"}),
    "conditions.csv": _csv({"START": "2024-02-10", "STOP": "2024-03-10", "PATIENT": "syn-1", "ENCOUNTER": "syn-e1",
                            "CODE": "22298006", "DESCRIPTION": "Myocardial infarction"}, {}),
}  # fmt: skip
_FHIR = "".join(
    json.dumps(resource) + "\n"
    for resource in (
        {"resourceType": "Patient", "id": "fhir-1", "gender": "female", "birthDate": "1970-01-01"},
        {
            "resourceType": "Encounter",
            "id": "fhir-e1",
            "status": "finished",
            "class": {"code": "IMP"},
            "subject": {"reference": "Patient/fhir-1"},
            "period": {"start": "2024-03-02", "end": "2024-03-04"},
        },
    )
)
ROUNDS = (
    (FIRST, {"admissions.csv": ADMISSIONS, "resources.ndjson": _FHIR, **_SYNTHEA}),
    (SECOND, {"newer.csv": _csv(_ADMISSION, _NEWER), "corrections.csv": _csv(_CORRECTION, {})}),
)
_EVENT = {
    "event_id": "EV1",
    "event_type": "admit",
    "occurred_at": "2024-01-10T09:00:00Z",
    "patient_id": "P-3001",
    "encounter_id": "EV-E1",
    "encounter_class": "inpatient",
    "birth_date": "1960-05-01",
    "gender": "F",
    "department": "CARDIOLOGY",
    "diagnosis_code": "I21.4",
    "admission_date": "2024-01-10",
    "cost": 1000.5,
}
EVENTS = (_EVENT, _EVENT | {"event_id": "EV2", "patient_id": "P-3002", "encounter_id": "EV-E2", "cost": "none"})


def tell(lake: Any, inbox: Any, lock: Path, scratch: Path, run: Callable[[], None]) -> None:
    """Deliveries and events in two rounds, a run after each; then a record is given up, and no run knows of it yet."""
    from mediflow_assets.pipeline.discard import discard

    for number, (received_at, files) in enumerate(ROUNDS):
        for name, text in files.items():
            scratch.mkdir(parents=True, exist_ok=True)
            (scratch / name).write_text(text, encoding="utf-8")
            inbox.receive(scratch / name, received_at)
        if number:
            _land_events(lake)
        run()
    discard(lake, lock, hashlib.sha256(ADMISSIONS.encode()).hexdigest(), DISCARDED, "nobody will mend it")


def _land_events(lake: Any) -> None:
    from mediflow_assets.ingest.tombstones import Tombstones
    from mediflow_assets.streaming.event_landing import land
    from mediflow_assets.streaming.rows import rows_of

    at = int(SECOND.timestamp() * 1000)
    messages = [(n, at, None, json.dumps(event).encode()) for n, event in enumerate(EVENTS)]
    land(lake, TOPIC, [rows_of(TOPIC, 0, messages)], {0: len(EVENTS) - 1}, Tombstones())
