"""An Observation as the texts of Silver's observations: https://hl7.org/fhir/R4/observation.html."""

import re

from mediflow_assets.contracts import clinical as c
from mediflow_assets.contracts.units import UNITS
from mediflow_assets.transforms.fhir import never_was, published_codes, references
from mediflow_assets.transforms.fhir.elements import Element, one, several, text
from mediflow_assets.transforms.fhir.periods import begin_and_end

COLUMNS = (
    "patient",
    "encounter",
    "category",
    *published_codes.COLUMNS,
    "value",
    "unit",
    "components",
    "part_texts",
    "status",
    never_was.COLUMN,
    "begin",
)
_NUMBER = re.compile(r"-?[0-9]+([.][0-9]+)?\Z")
_KEPT_IN_BRONZE = ("valueSampledData", "valueAttachment", "valueReference")
"""Values that Silver says only to be there."""
_PLAIN = ("valueString", "valueInteger", "valueBoolean", "valueDateTime", "valueTime")


def read(observation: Element) -> dict[str, str | None]:
    """What an Observation tells, by column; `value` is a number, `<` or the like before one, or words."""
    begin, _ = begin_and_end(observation, "effective", "issued")
    return {
        "patient": references.who(observation.get("subject"), "Patient"),
        "encounter": references.who(observation.get("encounter") or observation.get("context"), "Encounter"),
        "category": _category(observation.get("category")),
        **published_codes.coded(observation.get("code"), c.LOINC, c.SNOMED),
        **_value(observation),
        **_parts(observation.get("component")),
        "status": text(observation.get("status")),
        **never_was.said(observation),
        "begin": begin,
    }


def _category(concepts: object) -> str | None:
    codes = [text(each.get("code")) for concept in several(concepts) for each in several(concept.get("coding"))]
    return next((code for code in codes if code in c.CATEGORIES), next(iter(codes), None))


def _value(told: Element) -> dict[str, str | None]:
    quantity = one(told.get("valueQuantity"))
    if (number := text(quantity.get("value"))) is not None:
        sign = text(quantity.get("comparator")) or ""
        return {"value": f"{sign}{number}", "unit": text(quantity.get("code")) or text(quantity.get("unit"))}
    if (range_ := one(told.get("valueRange"))) or (range_ := one(told.get("valuePeriod"))):
        bounds = (range_.get("low", range_.get("start")), range_.get("high", range_.get("end")))
        return {"value": " to ".join(_quantity(each) for each in bounds)}
    if ratio := one(told.get("valueRatio")):
        return {"value": " / ".join(_quantity(ratio.get(each)) for each in ("numerator", "denominator"))}
    if concept := one(told.get("valueCodeableConcept")):
        said = published_codes.coded(concept, c.LOINC, c.SNOMED)
        return {"value": said.get("description") or said.get("code") or said.get("local_code")}
    if name := next((each for each in _KEPT_IN_BRONZE if told.get(each)), None):
        return {"value": f"[{name.removeprefix('value')}]"}
    plain_value = next((told[name] for name in _PLAIN if told.get(name) is not None), None)
    return {"value": str(plain_value).lower() if isinstance(plain_value, bool) else text(plain_value)}


def _quantity(told: object) -> str:
    """A bound of a range, or a part of a ratio, as words."""
    found = one(told)
    said = (text(found.get(name)) or "" for name in ("comparator", "value", "code"))
    return " ".join(each for each in said if each) if found else text(told) or "?"


def _parts(parts: object) -> dict[str, str | None]:
    """Each part whose code and number are told, as `8480-6=120 mm[Hg]`, and what other parts say, as words."""
    numbers, texts = [], []
    for part in several(parts):
        concept, value = published_codes.coded(part.get("code"), c.LOINC), _value(part)
        found = _NUMBER.match(value["value"] or "")
        unit = value.get("unit")
        if concept.get("code") and found and (unit is None or unit in UNITS):
            numbers.append(f"{concept['code']}={value['value']} {unit or ''}".rstrip())
        elif value["value"]:
            name = concept.get("code") or concept.get("local_code") or concept.get("description")
            texts.append(f"{name}: {value['value']} {unit or ''}".rstrip())
    return {"components": ";".join(numbers) or None, "part_texts": "; ".join(texts) or None}
