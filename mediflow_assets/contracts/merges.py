"""Merges: which patients are one person, and which of them were taken for one wrongly."""

from collections.abc import Mapping

from mediflow_assets.contracts.identifiers import MRN
from mediflow_assets.contracts.source import EXTRA, LINKS, SourceContract, Target, bronze_table, delivered
from mediflow_assets.contracts.table import Privacy as P

WHOLE = "itself"
"""Stands beside the links of a record that tells all links of a patient, and alone where there are none."""
MERGING = ("merge", "replaced-by", "replaces")
SEPARATING = ("unmerge",)
APART = ("seealso", "refer")
"""FHIR's: another record of the same person, or a better one. They are kept, and nobody is merged."""
UNREAD = "unread"
"""Stands for the links of a record that name nobody in a way that is known here."""
KINDS = (*MERGING, *SEPARATING, *APART, WHOLE, UNREAD)

ACTIONS: Mapping[str, str] = {
    **dict.fromkeys(("merge", "merged", "link", "a40", "adt^a40", "adt^a40^adt_a39"), "merge"),
    **dict.fromkeys(
        ("unmerge", "unmerged", "unlink", "split", "separate", "undo", "a37", "adt^a37", "adt^a37^adt_a37"), "unmerge"
    ),
}
"""How deliveries say what was done."""

MERGES = bronze_table(
    "merges",
    "Merges of patients and their undoing, one record each.",
    (
        *delivered(
            {
                "surviving_patient_id": P.RECORD_NUMBER,
                "surviving_namespace": P.TECHNICAL,
                "merged_patient_id": P.RECORD_NUMBER,
                "merged_namespace": P.TECHNICAL,
                "merged_at": P.DATE,
                "action": P.TECHNICAL,
                "reason": P.OTHER_ID,
            }
        ),
        EXTRA,
    ),
)

SOURCE = SourceContract(
    "merges",
    MERGES,
    "mediflow_assets.sources.merges:MERGES",
    namespace=MRN,
    targets=(
        Target(
            LINKS,
            {
                "survivor_namespace": "surviving_namespace",
                "survivor_id": "surviving_patient_id",
                "merged_namespace": "merged_namespace",
                "merged_id": "merged_patient_id",
                "kind": "action",
                "updated_at": "merged_at",
                "claimed_at": "merged_at",
            },
        ),
    ),
)
