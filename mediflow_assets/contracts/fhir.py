"""FHIR R4 resources: whole, each of a type, which says what becomes of it."""

import json
import re

from mediflow_assets.contracts.identifiers import FHIR
from mediflow_assets.contracts.source import (
    ALLERGIES,
    CLAIMS,
    CONDITIONS,
    ENCOUNTERS,
    LINKS,
    MEDICATIONS,
    OBSERVATIONS,
    PATIENTS,
    PROCEDURES,
    SourceContract,
    Target,
    bronze_table,
    delivered,
)
from mediflow_assets.contracts.table import Privacy as P

READING = 4
"""Raised when resources are read otherwise than before: Silver of older ones is then validated again."""
_VERSION = "(?:/_history(?:/[^/]*)?)?/?$"
ID_OF_REFERENCE = f"^(?:[^?]*?[/:|])?([^?/:|#]+){_VERSION}"
"""`Patient/1`, `Patient/1/_history/2` and `urn:uuid:1` all name 1; `#1` is nobody's, and a condition names no id."""
TYPE_OF_REFERENCE = rf"(?:^|/)([A-Z][A-Za-z]+)(?:\?|/[^/?]+{_VERSION})"
"""Of which type it is, where a reference says so."""
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)


def with_whole_characters(raw: bytes) -> bytes:
    """JSON in which the sign for an unknown character stands for each half of one, as a text that was cut has: it is
    no text, and would keep what stands beside it out."""
    # one search for all is faster than one for each
    if b"\\u" not in raw or (b"\\ud" not in raw and b"\\uD" not in raw):
        return raw
    return _ESCAPE.sub(lambda found: rb"\ufffd" if found[1] else found[0], raw)


def as_named(resource: str, known_as: str | None) -> str:
    """A resource whose references name what its Bundle calls by a URN by the id of that.

    `known_as` is JSON of each such URN, and what it stands for, as in `Patient/p1`.
    """
    for urn, address in (json.loads(known_as) if known_as else {}).items():
        resource = resource.replace(f'"{urn}"', f'"{address}"')
    return resource


FHIR_RESOURCES = bronze_table(
    "fhir_resources",
    "FHIR R4 resources, byte for byte, of NDJSON files and Bundles.",
    delivered(
        {
            "resource_type": P.TECHNICAL,
            "resource_id": P.RECORD_NUMBER,
            "full_url": P.URL,
            "resource": P.OTHER_ID,
            "last_modified": P.DATE,
            "etag": P.TECHNICAL,
            "known_as": P.OTHER_ID,
        }
    ),
)


_OF_ENTRIES = {"updated_at": "resource last_modified", "version_number": "resource etag"}


def _read(columns: str) -> dict[str, str]:
    """Every column of Silver comes out of the resource's JSON, or, of its version, from its entry."""
    return {name: _OF_ENTRIES.get(name, "resource") for name in columns.split()}


def _clinical(told: str) -> dict[str, str]:
    thing, *columns = told.split()
    coded = () if thing == "claim" else ("code", "text")
    names = (f"{thing}_id", "patient_id", "encounter_id", *columns, *coded, "status", "updated_at", "version_number")
    return _read(" ".join(names))


MEDICATION_TYPES = (
    "MedicationRequest",
    "MedicationAdministration",
    "MedicationDispense",
    "MedicationStatement",
    "Immunization",
)
CLAIM_TYPES = ("Claim", "ExplanationOfBenefit")

SOURCE = SourceContract(
    "fhir",
    FHIR_RESOURCES,
    "mediflow_assets.sources.fhir:FHIR",
    namespace=FHIR,
    keeps_case=True,
    text="resource",
    kind="resource_type",
    record="resource_id",
    targets=(
        Target(
            PATIENTS,
            _read(
                "patient_id given_name family_name full_name birth_date gender marital_status address city state zip "
                "race ethnicity phone email ssn drivers_license passport death_date is_deceased updated_at "
                "version_number is_ended"
            ),
            "Patient",
        ),
        Target(
            ENCOUNTERS,
            _read(
                "encounter_id patient_id encounter_class admission_type status department diagnosis_code "
                "diagnosis_text admitted_at discharged_at discharge_disposition age_at_admission updated_at "
                "version_number named_conditions named_places extra"
            ),
            "Encounter",
        ),
        Target(
            CONDITIONS,
            _read("condition_id patient_id encounter_id code text onset_date resolved_date updated_at version_number"),
            "Condition",
        ),
        Target(
            OBSERVATIONS,
            _clinical("observation category comparator unit value value_text components observed_at"),
            "Observation",
        ),
        Target(PROCEDURES, _clinical("procedure performed_at ended_at"), "Procedure"),
        Target(MEDICATIONS, _clinical("medication kind named_medication started_at ended_at"), MEDICATION_TYPES),
        Target(
            ALLERGIES,
            _clinical("allergy kind category criticality severity reactions noted_at ended_at"),
            "AllergyIntolerance",
        ),
        Target(CLAIMS, _clinical("claim kind claim_type answered_claim_id served_at total_usd paid_usd"), CLAIM_TYPES),
        Target(LINKS, _read("survivor_id merged_id kind updated_at claimed_at version_number"), "Patient"),
    ),
)
