"""Tables that have the header of a known source and are something else."""

import csv

from mediflow_assets.errors import DeliveryRefused


def refuse_allergies(head: bytes, columns: tuple[str | None, ...], delimiter: str) -> None:
    """Refuses allergies.csv of older Synthea releases, whose header is that of conditions.csv.

    There each description names an allergy ("Allergy to peanuts", "Latex allergy"); among conditions those
    are rare. Only the first records are looked at.
    """
    description = columns.index("description")
    lines = head.decode(errors="replace").split("\n")[1:]
    try:
        rows = list(csv.reader(lines[:-1] or lines, delimiter=delimiter))
    except csv.Error:
        return
    texts = [row[description].casefold() for row in rows if len(row) > description]
    if texts and all("allergy" in text for text in texts):
        raise DeliveryRefused("holds allergies, not conditions. MediFlow does not read Synthea's allergies.csv.")
