"""A Procedure as the texts of Silver's procedures: https://hl7.org/fhir/R4/procedure.html."""

from mediflow_assets.contracts import clinical as c
from mediflow_assets.transforms.fhir import never_was, published_codes, references
from mediflow_assets.transforms.fhir.elements import Element, text
from mediflow_assets.transforms.fhir.periods import begin_and_end

COLUMNS = ("patient", "encounter", *published_codes.COLUMNS, "status", never_was.COLUMN, "begin", "end")


def read(procedure: Element) -> dict[str, str | None]:
    """What a Procedure tells, by column; R5 says occurrence where R4 says performed, or just when it was recorded."""
    begin, end = begin_and_end(procedure, "performed", "occurrence", "recorded")
    return {
        "patient": references.who(procedure.get("subject"), "Patient"),
        "encounter": references.who(procedure.get("encounter") or procedure.get("context"), "Encounter"),
        **published_codes.coded(procedure.get("code"), c.SNOMED, c.CPT, c.HCPCS, c.ICD10PCS, c.CDT),
        "status": text(procedure.get("status")),
        **never_was.said(procedure),
        "begin": begin,
        "end": end,
    }
