"""Tables that have the header of a known source and are something else, or would be read as something else."""

import csv
import re

from mediflow_assets.contracts.merges import ACTIONS
from mediflow_assets.errors import DeliveryNotRead, DeliveryRefused

_OF_HL7 = re.compile(r"(adt[\^_])?a(18|24|34|35|36|37|39|40|41|42)(\^.*)?")
"""Events of HL7 that merge, link or part patients."""


def refuse_allergies(head: bytes, columns: tuple[str | None, ...], delimiter: str) -> None:
    """Refuses allergies.csv of older Synthea releases, whose header is that of conditions.csv.

    There each description names an allergy ("Allergy to peanuts", "Latex allergy"); among conditions those
    are rare. Only the first records are looked at.
    """
    description = columns.index("description")
    texts = [row[description].casefold() for row in _records(head, delimiter) if len(row) > description]
    if texts and all("allergy" in text for text in texts):
        raise DeliveryNotRead("holds allergies without reactions, which MediFlow does not read, and not conditions.")


def refuse_unread_actions(head: bytes, columns: tuple[str | None, ...], delimiter: str) -> None:
    """Refuses merges that say what was done in a column of an unknown name: an undoing would be taken for a merge."""
    if "action" in columns:
        return
    for record in _records(head, delimiter):
        for place, (name, cell) in enumerate(zip(columns, record, strict=False), start=1):
            if name is None and _is_action(cell):
                raise DeliveryRefused(
                    f"column {place} says what was done (merge or unmerge), and its header is not known. Rename it to "
                    "action, so that an undoing is not taken for a merge."
                )


def _is_action(cell: str) -> bool:
    text = cell.strip().lower()
    return text.replace("-", "") in ACTIONS or _OF_HL7.fullmatch(text) is not None


def _records(head: bytes, delimiter: str) -> list[list[str]]:
    """The first records below the header; none where they cannot be read."""
    lines = head.decode(errors="replace").split("\n")[1:]
    try:
        return list(csv.reader(lines[:-1] or lines, delimiter=delimiter))
    except csv.Error:
        return []
