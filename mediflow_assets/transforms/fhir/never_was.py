"""Whether a resource says of what it tells that it never took place, or was told in error.

By its status, and as releases before R4 said it: https://hl7.org/fhir/STU3/medicationadministration.html (`notGiven`),
procedure.html (`notDone`), medicationstatement.html (`taken`; `unk` is no answer); R4 of a request `doNotPerform`.
"""

from mediflow_assets.transforms.fhir.elements import Element, text

COLUMN = "never_was"
_STATUSES = ("entered-in-error", "not-done", "not-taken", "cancelled", "declined")
_FLAGS = ("notGiven", "wasNotGiven", "notDone", "notPerformed", "wasNotTaken", "doNotPerform")
_NOT_TAKEN = ("n", "na")


def said(resource: Element, *statuses: str) -> dict[str, str | None]:
    """Column `never_was`: whether it says so, by these statuses as well."""
    status = (text(resource.get("status")) or "").lower()
    is_none = status in (*_STATUSES, *statuses) or any(resource.get(flag) is True for flag in _FLAGS)
    return {COLUMN: "true" if is_none or resource.get("taken") in _NOT_TAKEN else None}
