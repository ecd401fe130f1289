"""Orders, administrations, dispenses and statements of medications, and immunizations, as the texts of Silver's
medications: https://hl7.org/fhir/R4/medicationrequest.html and those beside it, immunization.html."""

from mediflow_assets.contracts import clinical as c
from mediflow_assets.transforms.fhir import never_was, published_codes, references
from mediflow_assets.transforms.fhir.elements import Element, one, several, text
from mediflow_assets.transforms.fhir.periods import begin_and_end

COLUMNS = ("patient", "encounter", "kind", *published_codes.COLUMNS, "status", never_was.COLUMN, "begin", "end")
_KINDS = {
    "MedicationRequest": (c.ORDERED, ("authoredOn",)),
    "MedicationOrder": (c.ORDERED, ("dateWritten",)),
    "MedicationAdministration": (c.GIVEN, ("effective", "occurence", "occurrence")),
    "MedicationDispense": (c.DISPENSED, ("whenHandedOver", "whenPrepared")),
    "MedicationStatement": (c.STATED, ("effective", "dateAsserted")),
    "Immunization": (c.IMMUNIZATION, ("occurrence", "date", "recorded")),
}
"""What each type stands for, and the elements that tell when."""
_ENCOUNTER = ("encounter", "context")


def read(medication: Element) -> dict[str, str | None]:
    """What such a resource tells, by column."""
    kind, told = _KINDS.get(str(medication.get("resourceType")), (None, ()))
    begin, end = begin_and_end(medication, *told)
    whose = medication.get("subject") or medication.get("patient")
    of = next((medication[name] for name in _ENCOUNTER if medication.get(name)), None)
    return {
        "patient": references.who(whose, "Patient"),
        "encounter": references.who(of, "Encounter"),
        "kind": kind,
        **published_codes.coded(_concept(medication), c.RXNORM, c.CVX, c.SNOMED),
        "status": text(medication.get("status")),
        **never_was.said(medication, "draft"),
        "begin": begin,
        "end": end,
    }


def _concept(medication: Element) -> Element:
    """The medication where it is told: in the resource, in what it contains, or, in R5, as one of both."""
    if said := one(medication.get("vaccineCode")) or one(medication.get("medicationCodeableConcept")):
        return said
    of_r5 = one(medication.get("medication"))
    if said := one(of_r5.get("concept")):
        return said
    reference = one(medication.get("medicationReference")) or one(of_r5.get("reference"))
    name = (text(reference.get("reference")) or "").removeprefix("#")
    inside = (each for each in several(medication.get("contained")) if each.get("id") == name)
    found = one(next(inside, {}).get("code"))
    return found or {"text": reference.get("display")}
