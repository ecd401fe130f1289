"""Orders, administrations, dispenses and statements of medications, and immunizations, as the texts of Silver's
medications: https://hl7.org/fhir/R4/medicationrequest.html and those beside it, immunization.html."""

from mediflow_assets.contracts import clinical as c
from mediflow_assets.transforms.fhir import never_was, published_codes, references
from mediflow_assets.transforms.fhir.elements import Element, one, text
from mediflow_assets.transforms.fhir.periods import begin_and_end

COLUMNS = (
    "patient",
    "encounter",
    "kind",
    *published_codes.COLUMNS,
    "status",
    never_was.COLUMN,
    "begin",
    "end",
    "named",
)
_KINDS = {
    "MedicationRequest": (c.ORDERED, ("authoredOn",)),
    "MedicationOrder": (c.ORDERED, ("dateWritten",)),
    "MedicationAdministration": (c.GIVEN, ("effective", "occurence", "occurrence")),
    "MedicationDispense": (c.DISPENSED, ("whenHandedOver", "whenPrepared")),
    "MedicationStatement": (c.STATED, ("effective", "dateAsserted")),
    "Immunization": (c.IMMUNIZATION, ("occurrence", "date", "recorded")),
}
"""What each type stands for, and the elements that tell when."""
WANTED = (c.RXNORM, c.CVX, c.SNOMED)
"""Whose code counts, where a medication has several."""
_ENCOUNTER = ("encounter", "context")


def read(medication: Element) -> dict[str, str | None]:
    """What such a resource tells, by column."""
    kind, told = _KINDS.get(str(medication.get("resourceType")), (None, ()))
    begin, end = begin_and_end(medication, *told)
    whose = medication.get("subject") or medication.get("patient")
    concept, reference = _concept(medication), _reference(medication)
    of = next((medication[name] for name in _ENCOUNTER if medication.get(name)), None)
    return {
        "patient": references.who(whose, "Patient"),
        "encounter": references.who(of, "Encounter"),
        "kind": kind,
        **published_codes.coded(concept or {"text": reference.get("display")}, *WANTED),
        "named": None if concept else references.id_of(reference, "Medication"),
        "status": text(medication.get("status")),
        **never_was.said(medication, "draft"),
        "begin": begin,
        "end": end,
    }


def _concept(medication: Element) -> Element:
    """The medication where the resource tells it: by itself, in what it contains, or, in R5, as one of both."""
    if said := one(medication.get("vaccineCode")) or one(medication.get("medicationCodeableConcept")):
        return said
    if said := one(one(medication.get("medication")).get("concept")):
        return said
    return one(references.contained(_reference(medication), medication).get("code"))


def _reference(medication: Element) -> Element:
    return one(medication.get("medicationReference")) or one(one(medication.get("medication")).get("reference"))


def read_medication(medication: Element) -> dict[str, str | None]:
    """The code of a Medication, which others refer to: https://hl7.org/fhir/R4/medication.html."""
    is_none = medication.get("status") == "entered-in-error"
    return {} if is_none else published_codes.coded(medication.get("code"), *WANTED)
