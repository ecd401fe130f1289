"""An AllergyIntolerance as the texts of Silver's allergies: https://hl7.org/fhir/R4/allergyintolerance.html."""

from mediflow_assets.contracts import clinical as c
from mediflow_assets.transforms.fhir import codings, never_was, published_codes, references
from mediflow_assets.transforms.fhir.elements import Element, first_text, several, text
from mediflow_assets.transforms.fhir.periods import begin_and_end

COLUMNS = (
    "patient",
    "encounter",
    "kind",
    "category",
    "criticality",
    *published_codes.COLUMNS,
    "severity",
    "reactions",
    "status",
    never_was.COLUMN,
    "begin",
    "end",
)
_NONE = ("refuted", "entered-in-error")
_DSTU2 = {"CRITL": "low", "CRITH": "high", "CRITU": "unable-to-assess"}


def read(allergy: Element) -> dict[str, str | None]:
    """What an AllergyIntolerance tells, by column; in DSTU2 its code is a substance, and its status one only."""
    begin, end = begin_and_end(allergy, "onset", "recordedDate", "recorded", "assertedDate")
    reactions = several(allergy.get("reaction"))
    shown = (codings.words(each) for reaction in reactions for each in _manifestations(reaction))
    criticality = text(allergy.get("criticality"))
    verified = {*_said(allergy.get("verificationStatus")), text(allergy.get("status"))}
    return {
        "patient": references.who(allergy.get("patient"), "Patient"),
        "encounter": references.who(allergy.get("encounter"), "Encounter"),
        "kind": next((each for each in _said(allergy.get("type")) if each in c.ALLERGY_KINDS), None),
        "category": first_text(allergy.get("category")),
        "criticality": _DSTU2.get(str(criticality), criticality),
        **published_codes.coded(allergy.get("code") or allergy.get("substance"), c.SNOMED, c.RXNORM),
        "severity": _worst(reactions),
        "reactions": "; ".join(dict.fromkeys(filter(None, shown))) or None,
        "status": next(iter(_said(allergy.get("clinicalStatus"))), text(allergy.get("status"))),
        never_was.COLUMN: "true" if verified & {*_NONE} else None,
        "begin": begin,
        "end": end,
    }


def _said(told: object) -> list[str]:
    """The codes of a concept; in older releases the code itself."""
    return [each for each in (text(told), *(coding.code for coding in codings.codings(told))) if each]


def _manifestations(reaction: Element) -> list[Element]:
    """The concepts of a reaction; R5 has them, or references, within others."""
    return [each.get("concept") or each for each in several(reaction.get("manifestation"))]


def _worst(reactions: list[Element]) -> str | None:
    told = [str(each.get("severity")) for each in reactions]
    return next((each for each in c.SEVERITIES[::-1] if each in told), None)
