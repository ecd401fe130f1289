"""What a CodeableConcept says: https://hl7.org/fhir/R4/datatypes.html#CodeableConcept."""

from mediflow_assets.transforms.fhir.elements import NOTHING, Element, several


def first(concept: object) -> Element:
    """The first coding of a concept, or of the first of several."""
    concepts = several(concept)
    return next(iter(several(concepts[0].get("coding"))), NOTHING) if concepts else NOTHING
