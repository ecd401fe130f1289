"""What a Patient says of who else is the same person: https://hl7.org/fhir/R4/patient.html#Patient.link."""

import json

from mediflow_assets.transforms.fhir.elements import Element, several

COLUMNS = ("active", "links")


def read(patient: Element) -> dict[str, str | None]:
    """Whether it says that it is active, and its links as JSON."""
    links = patient.get("link")
    return {
        "active": "true" if patient.get("active") is True else None,
        "links": None if links is None else json.dumps(several(links), default=str),
    }
