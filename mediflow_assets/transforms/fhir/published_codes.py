"""Which coding of a CodeableConcept is of a published system: https://hl7.org/fhir/R4/terminologies-systems.html."""

from mediflow_assets.contracts import clinical as c
from mediflow_assets.transforms.fhir.elements import Element, one, several, text

_SYSTEMS = {
    "http://loinc.org": c.LOINC,
    "urn:oid:2.16.840.1.113883.6.1": c.LOINC,
    "http://snomed.info/sct": c.SNOMED,
    "urn:oid:2.16.840.1.113883.6.96": c.SNOMED,
    "http://www.nlm.nih.gov/research/umls/rxnorm": c.RXNORM,
    "urn:oid:2.16.840.1.113883.6.88": c.RXNORM,
    "http://hl7.org/fhir/sid/cvx": c.CVX,
    "urn:oid:2.16.840.1.113883.12.292": c.CVX,
    "http://www.ama-assn.org/go/cpt": c.CPT,
    "urn:oid:2.16.840.1.113883.6.12": c.CPT,
    "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets": c.HCPCS,
    "urn:oid:2.16.840.1.113883.6.285": c.HCPCS,
    "http://www.ada.org/cdt": c.CDT,
    "urn:oid:2.16.840.1.113883.6.13": c.CDT,
    "http://www.cms.gov/Medicare/Coding/ICD10": c.ICD10PCS,
    "http://hl7.org/fhir/sid/icd-10-pcs": c.ICD10PCS,
    "urn:oid:2.16.840.1.113883.6.4": c.ICD10PCS,
}
COLUMNS = ("system", "code", "local_code", "description")


def coded(concept: object, *wanted: str) -> dict[str, str | None]:
    """The first coding of the first wanted system that there is, else of any published one, else the first coding as a
    local code; with the words of the concept, or of the coding."""
    given = one(concept)
    codings = [each for each in several(given.get("coding")) if text(each.get("code"))]
    rank = {system: place for place, system in enumerate(wanted)}
    known = [each for each in codings if _system(each)]
    best = min(known, key=lambda each: rank.get(str(_system(each)), len(rank)), default=None)
    chosen = best or next(iter(codings), None)
    words = text(given.get("text")) or (text(chosen.get("display")) if chosen else None)
    if chosen is None:
        return {"description": words}
    code = text(chosen.get("code"))
    of = {"system": _system(chosen), "code": code} if best else {"local_code": code}
    return {**of, "description": words}


def _system(coding: Element) -> str | None:
    return _SYSTEMS.get(str(coding.get("system")).rstrip("/").replace("https://", "http://"))
