"""Whom or what a Reference names: https://hl7.org/fhir/R4/references.html."""

import re

from mediflow_assets.contracts import fhir
from mediflow_assets.transforms.fhir.elements import one, text

_ID, _TYPE = re.compile(fhir.ID_OF_REFERENCE), re.compile(fhir.TYPE_OF_REFERENCE)


def id_of(reference: object, kind: str) -> str | None:
    """The id of the resource that a Reference names; None where it says that this is of another type."""
    said = text(one(reference).get("reference"))
    if said is None:
        return None
    named, type_ = _ID.search(said), _TYPE.search(said)
    return named[1] if named and (not type_ or type_[1] == kind) else None
