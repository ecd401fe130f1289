"""Deliveries of a made-up hospital: versions in any order, columns that come and go, two systems with the same ids.

Everything is drawn from one seed. Shares no code with the product, not even its generator of sample hospitals.
"""

import csv
import datetime as dt
import io
import json
import random
from typing import Any

from mediflow_assets_tests.end_to_end.reading import Delivery

BEGIN = dt.datetime(2024, 3, 1, 12, tzinfo=dt.UTC)
OPTIONAL = ("name", "birth_date", "gender", "zip", "discharge_date")
"""Columns of flat files that a delivery may lack; in those it has, a cell may be empty."""
EMPTY = ("", "", "N/A", "NULL", " ")


def received(day: int) -> dt.datetime:
    """When what was delivered on that day was received."""
    return BEGIN + dt.timedelta(days=120 + day)


def flat(random_: random.Random, people: int, deliveries: int) -> list[Delivery]:
    """Flat files with local times, a stay's versions over several of them, delivered in no order of their versions."""
    stays = [_stay(random_, f"MR{person:04d}", visit) for person in range(people) for visit in range(3)]
    rows: list[list[dict[str, str]]] = [[] for _ in range(deliveries)]
    for stay in stays:
        for version in range(random_.randint(1, 4)):
            # one delivery brings one version of a stay at most: which of two lines is meant is another question
            where = random_.randrange(deliveries)
            if not any(row["encounter_id"] == stay["encounter_id"] for row in rows[where]):
                rows[where].append(_version(random_, stay, version))
    made = []
    for number, records in enumerate(rows):
        absent = set(random_.sample(OPTIONAL, random_.randint(0, 3)))
        shown = [{name: cell for name, cell in record.items() if name not in absent} for record in records]
        made.append(Delivery(f"flat{number}.csv", _text(shown), received(number)))
    return made


def _stay(random_: random.Random, patient: str, visit: int) -> dict[str, str]:
    # an hour to midnight and one after it, where a day of UTC is not the day of the house
    admitted = dt.datetime(2024, 3, 1 + random_.randrange(20), random_.choice((0, 8, 22, 23)), random_.randrange(60))
    admitted += dt.timedelta(days=25 * visit)
    out = admitted + dt.timedelta(hours=random_.choice((1, 2, 3, 26, 100)))
    return {
        "patient_id": patient,
        "encounter_id": f"{patient}-{visit}",
        "department": random_.choice(("CARDIOLOGY", "ONCOLOGY", "SURGERY")),
        "diagnosis_code": random_.choice(("I21.4", "C50.9", "K35.80")),
        "admission_date": admitted.isoformat(),
        "discharge_date": out.isoformat(),
        "cost": f"{random_.randrange(100, 900_000) / 100:.2f}",
    }


def _version(random_: random.Random, stay: dict[str, str], version: int) -> dict[str, str]:
    updated = dt.datetime(2024, 6, 1) + dt.timedelta(hours=version * 5, minutes=random_.randrange(290))
    row = stay | {
        "name": f"Name {random_.randrange(50)}",
        "birth_date": f"19{random_.randrange(30, 99)}-0{random_.randrange(1, 9)}-1{random_.randrange(9)}",
        "gender": random_.choice(("F", "female", "M")),
        "zip": f"{random_.randrange(1000, 99999):05d}",
        "cost": f"{random_.randrange(100, 900_000) / 100:.2f}",
        "updated_at": updated.isoformat(),
    }
    return {
        name: random_.choice(EMPTY) if name in OPTIONAL and random_.random() < 0.3 else cell
        for name, cell in row.items()
    }


def synthea(random_: random.Random, people: int) -> tuple[list[Delivery], list[Delivery]]:
    """Synthea's two files under the ids that the flat files use for other people, delivered twice with changes."""
    patients, encounters = [], []
    for number in range(2):
        someone = [
            {
                "Id": f"MR{person:04d}",
                "BIRTHDATE": f"20{random_.randrange(10, 20)}-03-01",
                "ADDRESS": "1 Elm Street",
                "FIRST": "Syn",
                "LAST": f"Thea{random_.randrange(99)}",
                "GENDER": random_.choice("FM"),
            }
            for person in range(people)
            if number == 0 or random_.random() < 0.5
        ]
        visits = [
            {
                "Id": f"MR{person:04d}-0",
                "START": "2024-05-01T02:30:00Z",
                "STOP": random_.choice(("2024-05-01T04:30:00Z", "2024-05-03T04:30:00Z")),
                "PATIENT": f"MR{person:04d}",
                "ENCOUNTERCLASS": "inpatient",
                "CODE": "183452005",
                "DESCRIPTION": "Admission",
                "TOTAL_CLAIM_COST": f"{random_.randrange(1, 9999)}.00",
                "BASE_ENCOUNTER_COST": "1.00",
            }
            for person in range(people)
            if number == 0 or random_.random() < 0.5
        ]
        patients.append(Delivery(f"patients{number}.csv", _text(someone), received(30 + number)))
        encounters.append(Delivery(f"encounters{number}.csv", _text(visits), received(40 + number)))
    return patients, encounters


def fhir(random_: random.Random, people: int, deliveries: int) -> list[Delivery]:
    """NDJSON, the versions of a resource over several exports, the older ones often delivered later."""
    lines: list[list[dict[str, Any]]] = [[] for _ in range(deliveries)]
    for person in range(people):
        id_ = f"mr{person:04d}"
        for resource in (_patient(random_, id_), _encounter(random_, id_)):
            for version, where in enumerate(random_.sample(range(deliveries), random_.randint(1, deliveries))):
                updated = dt.datetime(2024, 6, 1, tzinfo=dt.UTC) + dt.timedelta(
                    days=version, minutes=random_.randrange(60)
                )
                changed = resource | {"meta": {"versionId": str(version + 1), "lastUpdated": updated.isoformat()}}
                if "birthDate" in changed and random_.random() < 0.3:
                    del changed["birthDate"]
                lines[where].append(changed)
    return [
        Delivery(f"export{number}.ndjson", "\n".join(map(json.dumps, resources)) + "\n", received(50 + number))
        for number, resources in enumerate(lines)
    ]


def _patient(random_: random.Random, id_: str) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "id": id_,
        "name": [{"family": f"Fhir{random_.randrange(99)}"}],
        "gender": random_.choice(("female", "male")),
        "birthDate": f"19{random_.randrange(40, 99)}-07-09",
        "address": [{"postalCode": f"{random_.randrange(1000, 99999):05d}"}],
    }


def _encounter(random_: random.Random, id_: str) -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "id": f"{id_}-0",
        "status": random_.choice(("finished", "finished", "entered-in-error")),
        "class": {"code": "IMP"},
        "subject": {"reference": f"Patient/{id_}"},
        "period": {"start": "2024-05-01T22:30:00-04:00", "end": "2024-05-04T09:00:00-04:00"},
    }


def _text(rows: list[dict[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
