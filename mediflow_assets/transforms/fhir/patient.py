"""A Patient as the texts of Silver's patients: https://hl7.org/fhir/R4/patient.html."""

from mediflow_assets.transforms.fhir import codings, people
from mediflow_assets.transforms.fhir.elements import Element, first_text, text

COLUMNS = (
    "birthdate",
    "deathdate",
    "is_deceased",
    "first",
    "last",
    "full",
    "gender",
    "race",
    "ethnicity",
    "marital",
    "address",
    "city",
    "state",
    "zip",
    "phone",
    "email",
    "ssn",
    "drivers",
    "passport",
)
_US = "urn:oid:2.16.840.1.113883.4."
"""HL7's register of identifiers that authorities of the United States give."""


def read(patient: Element) -> dict[str, str | None]:
    """What a Patient tells, by column."""
    name, address = people.name(patient), people.address(patient)
    died = text(patient.get("deceasedDateTime"))
    return {
        "birthdate": text(patient.get("birthDate")),
        "deathdate": died,
        "is_deceased": _is_deceased(patient, died),
        "first": first_text(name.get("given")),
        "last": first_text(name.get("family")),
        "full": text(name.get("text")),
        "gender": text(patient.get("gender")),
        "race": people.us_core(patient, "race"),
        "ethnicity": people.us_core(patient, "ethnicity"),
        "marital": codings.first_code(patient.get("maritalStatus")),
        "address": _street(address.get("line")),
        "city": text(address.get("city")),
        "state": text(address.get("state")),
        "zip": text(address.get("postalCode")),
        "phone": people.telecom(patient, "phone"),
        "email": people.telecom(patient, "email"),
        "ssn": people.identifier(patient, "SS", "http://hl7.org/fhir/sid/us-ssn", f"{_US}1"),
        "drivers": people.identifier(patient, "DL", f"{_US}3."),
        "passport": people.identifier(patient, "PPN", "http://hl7.org/fhir/sid/passport-"),
    }


def _is_deceased(patient: Element, died: str | None) -> str | None:
    told = patient.get("deceasedBoolean")
    return "true" if died or told is True else "false" if told is False else None


def _street(lines: object) -> str | None:
    given = [text(each) for each in lines] if isinstance(lines, list) else [text(lines)]
    return ", ".join(filter(None, given)) or None
