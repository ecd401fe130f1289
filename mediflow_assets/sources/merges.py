"""Merges: which patients are one person, told by a record linkage or by hand."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pyarrow as pa

from mediflow_assets.contracts import merges
from mediflow_assets.contracts.identifiers import MRN
from mediflow_assets.contracts.source import LINKS
from mediflow_assets.sources.forms import Form
from mediflow_assets.sources.lookalikes import refuse_unread_actions
from mediflow_assets.sources.people import Named, lists
from mediflow_assets.sources.source import Source

if TYPE_CHECKING:
    from mediflow_assets.sources.source import Transform

_PATIENTS = ("surviving_patient_id", "merged_patient_id")
_NAMESPACES = ("surviving_namespace", "merged_namespace")
_ALIASES: Mapping[str, tuple[str, ...]] = {
    "surviving_patient_id": (
        *("Survivor", "Survivor ID", "Surviving ID", "Surviving MRN", "Survivor MRN", "Surviving Patient"),
        *("Kept Patient ID", "Kept MRN", "Target Patient ID", "Target MRN", "Master Patient ID", "New MRN"),
    ),
    "merged_patient_id": (
        *("Merged", "Merged ID", "Merged MRN", "Merged Patient", "Retired Patient ID", "Retired MRN"),
        *("Duplicate Patient ID", "Duplicate MRN", "Source MRN", "Prior MRN", "Old MRN", "Non Surviving MRN"),
    ),
    "surviving_namespace": ("Survivor Namespace", "Surviving System"),
    "merged_namespace": ("Merged System",),
    "merged_at": ("Merge Date", "Merge Time", "Merged On", "Effective At", "Updated At"),
    "action": (
        *("Merge Action", "Event", "Event Type", "Event Code", "Event Type Code", "Trigger Event", "Trigger", "EVN-1"),
        *("Message Type", "MSH-9", "MSH-9.2", "Operation", "Merge Type"),
    ),
    "reason": ("Merge Reason",),
}


def _transforms() -> "Mapping[str, Transform]":
    from mediflow_assets.transforms import patient_links

    return {LINKS: patient_links.from_merges}


def _people(records: pa.RecordBatch) -> Named:
    """Both patients of a merge."""
    columns = zip(*(records.column(name).to_pylist() for name in (*_PATIENTS, *_NAMESPACES)), strict=True)
    both = (((one, of_one), (other, of_other)) for one, other, of_one, of_other in columns)
    named = [[f"{(of or MRN).strip().lower()}|{id_}" for id_, of in pair if id_] for pair in both]
    nobody = lists([()] * records.num_rows)
    return Named(lists(named), nobody, nobody)


FORM = Form(
    merges.SOURCE, required=_PATIENTS, distinctive=_PATIENTS, aliases=_ALIASES, refuse_lookalike=refuse_unread_actions
)
MERGES = Source(merges.SOURCE, _transforms, FORM, people=_people, says_namespaces=True)
