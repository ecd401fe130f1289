"""An Encounter as the texts of Silver's encounters: https://hl7.org/fhir/R4/encounter.html."""

from mediflow_assets.transforms.fhir import codings, references
from mediflow_assets.transforms.fhir.elements import Element, one, text

COLUMNS = (
    "patient",
    "start",
    "stop",
    "encounterclass",
    "status",
    "reasoncode",
    "reasondescription",
    "disposition",
    "total_claim_cost",
    "base_encounter_cost",
    "extra",
)
"""FHIR's encounters carry no cost; the columns stand for those of Synthea's."""


def read(encounter: Element) -> dict[str, str | None]:
    """What an Encounter tells, by column."""
    period, reason = one(encounter.get("period")), codings.first(encounter.get("reasonCode"))
    ended = codings.first(one(encounter.get("hospitalization")).get("dischargeDisposition"))
    return {
        "patient": references.id_of(encounter.get("subject"), "Patient"),
        "start": text(period.get("start")),
        "stop": text(period.get("end")),
        "encounterclass": text(one(encounter.get("class")).get("code")),
        "status": text(encounter.get("status")),
        "reasoncode": text(reason.get("code")),
        "reasondescription": text(reason.get("display")),
        "disposition": text(ended.get("code")),
    }
