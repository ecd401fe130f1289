"""A Claim, or an ExplanationOfBenefit, as the texts of Silver's claims: https://hl7.org/fhir/R4/claim.html and
explanationofbenefit.html."""

from decimal import Decimal

from mediflow_assets.contracts import clinical as c
from mediflow_assets.transforms.fhir import codings, never_was, references
from mediflow_assets.transforms.fhir.elements import Element, one, several, text
from mediflow_assets.transforms.fhir.periods import begin_and_end

COLUMNS = (
    "patient", "encounter", "kind", "type", "status", never_was.COLUMN, "begin", "total", "paid", "currency", "answers",
)  # fmt: skip
_TYPES = {each: each for each in c.CLAIM_TYPES}
_USES = dict.fromkeys(("none", "", "complete", "other"), c.CLAIM) | {
    "proposed": "preauthorization",
    "exploratory": "predetermination",
}
"""What STU3 says of the use of a claim, and no word at all, as R4 says it."""
_BILLED, _PAID = "submitted", "benefit"


def read(claim: Element) -> dict[str, str | None]:
    """What a claim, or what came back of one, tells, by column: amounts of one currency."""
    is_claim = claim.get("resourceType") == "Claim"
    answered = references.id_of(claim.get("claim"), "Claim")
    use = _USES.get(str(claim.get("use")).lower(), text(claim.get("use")))
    begin, _ = begin_and_end(claim, "billable", "created")
    total = (
        one(claim.get("total")) or _of_lines(claim)
        if is_claim
        else _of_category(claim, _BILLED) or one(claim.get("totalCost"))
    )
    paid = {} if is_claim else one(one(claim.get("payment")).get("amount")) or _of_category(claim, _PAID)
    paid = paid or ({} if is_claim else one(claim.get("totalBenefit")))
    # a Money of STU3 is a Quantity, its currency a code
    currencies = {text(each.get("currency")) or text(each.get("code")) for each in (total, paid)} - {None}
    return {
        "patient": references.who(claim.get("patient"), "Patient"),
        "encounter": _encounter(claim),
        "kind": use if use != c.CLAIM or is_claim else c.BENEFIT,
        "type": codings.word_of(_TYPES, claim.get("type")),
        "status": text(claim.get("status")),
        **never_was.said(claim),
        "begin": begin,
        "total": text(total.get("value")),
        "paid": text(paid.get("value")),
        "currency": " ".join(sorted(each for each in currencies if each)) or None,
        "answers": None if is_claim or answered is None else f"Claim/{answered}",
    }


def _of_category(benefit: Element, wanted: str) -> Element:
    """The total of a category, as an amount."""
    for total in several(benefit.get("total")):
        if any(each.get("code") == wanted for each in several(one(total.get("category")).get("coding"))):
            return one(total.get("amount"))
    return {}


def _of_lines(claim: Element) -> Element:
    """The sum of the lines, where each tells its amount, of one currency."""
    amounts = [one(item.get("net")) for item in several(claim.get("item"))]
    values = [each.get("value") for each in amounts]
    numbers = [each for each in values if isinstance(each, int | Decimal)]
    currencies = {text(each.get("currency")) or text(each.get("code")) for each in amounts}
    if not numbers or len(numbers) < len(amounts) or len(currencies) > 1:
        return {}
    return {"value": sum(map(Decimal, numbers)), "currency": currencies.pop()}


def _encounter(claim: Element) -> str | None:
    """The encounter that all lines name, which name one; none where they are of several."""
    named = {
        references.who(reference, "Encounter")
        for item in several(claim.get("item"))
        for reference in several(item.get("encounter"))
    }
    return named.pop() if len(named) == 1 else None
