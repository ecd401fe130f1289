"""Deliveries of every source, in two parts: the second changes, completes and corrects the first."""

import json
from pathlib import Path
from typing import Any

from mediflow_assets.synthetic import generate
from mediflow_assets_tests.samples import SYNTHEA_CONDITION, SYNTHEA_ENCOUNTER, SYNTHEA_PATIENT, csv_text

ROWS, SEED = 50_000, 7
"""The sample hospital of `mediflow demo`."""


def first(folder: Path) -> list[Path]:
    """Admissions of some years, Synthea's three files (one patient is still to come), and FHIR."""
    found = list(generate(folder / "generated", ROWS, SEED).deliveries)[:-1]
    found.append(_csv(folder, "patients", SYNTHEA_PATIENT, {}, {"Id": "Ü2", "FIRST": "Bö", "ZIP": "99999"}))
    stays = {"Id": "E2", "PATIENT": "ü2"}, {"Id": "E3", "PATIENT": "LATE"}, {"Id": "E4", "TOTAL_CLAIM_COST": "much"}
    found.append(_csv(folder, "encounters", SYNTHEA_ENCOUNTER, {}, *stays))
    found.append(_csv(folder, "conditions", SYNTHEA_CONDITION, {}, {"PATIENT": "Ü2", "ENCOUNTER": "E2"}))
    fhir = folder / "records.ndjson"
    fhir.write_text("".join(json.dumps(resource) + "\n" for resource in RESOURCES) + '{"resourceType": "Encoun\n')
    return [*found, fhir]


def second(folder: Path) -> list[Path]:
    """Updates of admissions; the late patient; a newer version of an encounter."""
    found = list(generate(folder / "generated-again", ROWS, SEED).deliveries)[-1:]
    found.append(_csv(folder, "late", SYNTHEA_PATIENT, {"Id": "LATE", "FIRST": "Li"}))
    found.append(_csv(folder, "newer", SYNTHEA_ENCOUNTER, {"TOTAL_CLAIM_COST": "1234.56"}))
    return found


def _csv(folder: Path, name: str, defaults: dict[str, Any], *rows: dict[str, Any]) -> Path:
    file = folder / f"{name}.csv"
    file.write_text(csv_text(defaults, rows), encoding="utf-8")
    return file


RESOURCES: tuple[dict[str, Any], ...] = (
    {
        "resourceType": "Patient",
        "id": "p1",
        "gender": "female",
        "birthDate": "1950-02-03",
        "name": [{"family": "Ito", "given": ["Aya"]}],
        "address": [{"city": "Boston", "postalCode": "02115"}],
    },
    {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "finished",
        "class": {"code": "IMP"},
        "subject": {"reference": "Patient/p1"},
        "period": {"start": "2020-05-01T08:00:00-04:00", "end": "2020-05-03T10:00:00-04:00"},
        "reasonCode": [{"coding": [{"code": "46177005"}]}],
    },
    {
        "resourceType": "Condition",
        "id": "c1",
        "subject": {"reference": "Patient/p1"},
        "code": {"coding": [{"code": "44054006"}], "text": "Diabetes"},
        "onsetDateTime": "2020-05-01",
    },
)
