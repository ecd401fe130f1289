"""Resources of other releases of FHIR in the shape of R4, so that each is read one way.

What is called otherwise in R5 (https://hl7.org/fhir/R5/encounter.html), STU3 and DSTU2; R4B is as R4 is.
"""

from mediflow_assets.transforms.fhir.elements import Element, one, several, text


def encounter_as_r4(told: Element) -> Element:
    """An Encounter of any release by the names of R4."""
    named = _renamed(told, {"actualPeriod": "period", "admission": "hospitalization", "patient": "subject"})
    if "reason" in told:
        named |= _reasons(told["reason"])
    if isinstance(told.get("class"), str):
        named["class"] = {"code": told["class"]}
    if isinstance(told.get("serviceType"), list):
        named["serviceType"] = _concepts(told["serviceType"])
    if "diagnosis" in told:
        named["diagnosis"] = [each for entry in several(told["diagnosis"]) for each in _diagnoses(entry)]
    if "location" in told:
        named["location"] = [
            each | _renamed(each, {"form": "physicalType"}) for each in map(dict, several(told["location"]))
        ]
    return {**told, **named} if named else told


def condition_as_r4(told: Element) -> Element:
    """A Condition of any release by the names of R4."""
    older = {
        "assertedDate": "recordedDate",
        "dateRecorded": "recordedDate",
        "context": "encounter",
        "patient": "subject",
    }
    named = _renamed(told, older)
    return {**told, **named} if named else told


def _renamed(told: Element, names: dict[str, str]) -> dict[str, object]:
    return {ours: told[theirs] for theirs, ours in names.items() if theirs in told and ours not in told}


def _reasons(told: object) -> dict[str, object]:
    """Reasons: CodeableConcepts until STU3; in R5 each with values, which are concepts or references."""
    values = [value for each in several(told) for value in (several(each["value"]) if "value" in each else [each])]
    referred = [value["reference"] for value in values if isinstance(value.get("reference"), dict)]
    return {"reasonCode": _concepts(values), "reasonReference": referred}


def _diagnoses(entry: Element) -> list[Element]:
    """One diagnosis for each condition: R5 has several, each a concept or a reference; in STU3 its use is a role."""
    use = entry.get("use", entry.get("role"))
    told: list[Element] = []
    for each in several(entry.get("condition")):
        reference = each.get("reference")
        is_r5 = isinstance(reference, dict) or "concept" in each
        told.append({"condition": (reference or {}) if is_r5 else each, "concept": each.get("concept"), "use": use,
                     "rank": entry.get("rank")})  # fmt: skip
    return told


def _concepts(told: object) -> list[Element]:
    """CodeableConcepts, or those of CodeableReferences."""
    found = [one(each["concept"]) if "concept" in each else each for each in several(told)]
    return [each for each in found if "coding" in each or text(each.get("text"))]
