"""A Patient as the texts of Silver's patients: https://hl7.org/fhir/R4/patient.html."""

from mediflow_assets.transforms.fhir import codings
from mediflow_assets.transforms.fhir.elements import Element, first_text, one, text

COLUMNS = (
    "birthdate",
    "deathdate",
    "first",
    "last",
    "gender",
    "marital",
    "address",
    "city",
    "state",
    "zip",
    "phone",
    "race",
    "ethnicity",
    "ssn",
    "drivers",
    "passport",
)


def read(patient: Element) -> dict[str, str | None]:
    """What a Patient tells, by column."""
    name, address = one(patient.get("name")), one(patient.get("address"))
    return {
        "birthdate": text(patient.get("birthDate")),
        "deathdate": text(patient.get("deceasedDateTime")),
        "first": first_text(name.get("given")),
        "last": text(name.get("family")),
        "gender": text(patient.get("gender")),
        "marital": text(codings.first(patient.get("maritalStatus")).get("code")),
        "address": first_text(address.get("line")),
        "city": text(address.get("city")),
        "state": text(address.get("state")),
        "zip": text(address.get("postalCode")),
        "phone": text(one(patient.get("telecom")).get("value")),
    }
