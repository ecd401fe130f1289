"""Stays in a unit, as registries of intensive care tell them: they are the stays of a file that tells of no others."""

from collections.abc import Iterator

from mediflow_assets.sources.drafting.choosing import Table, in_order
from mediflow_assets.sources.drafting.draft import CHECK, Column, Draft
from mediflow_assets.sources.drafting.header_words import concepts
from mediflow_assets.sources.grains import ENCOUNTER_GRAIN

_ENDS = {"admission_date": "admission", "discharge_date": "discharge"}
_MAY_MEAN = {"department", "date", "time", "at", "to", "source", "start", "end", "deduct", "location"}
"""What such a header means besides admission or discharge: `Date of Discharge from Unit`."""
_IN_ORDER = 0.9


def stays_in_units(table: Table, draft: Draft) -> None:
    """Where no date of a stay is known, those of one unit are: when people came into it and left it."""
    if draft.grain != ENCOUNTER_GRAIN or _ENDS.keys() & draft.columns.keys():
        return
    found = {ours: list(_of_unit(table, draft, concept)) for ours, concept in _ENDS.items()}
    if any(len(each) != 1 for each in found.values()):
        return
    begin, end = found["admission_date"][0], found["discharge_date"][0]
    if in_order(table.profiles[begin], table.profiles[end]) >= _IN_ORDER:
        for ours, header in zip(_ENDS, (begin, end), strict=True):
            draft.columns[ours] = Column((header,), f"of a stay in a unit; {CHECK}")


def _of_unit(table: Table, draft: Draft, concept: str) -> Iterator[str]:
    taken = {header for column in draft.columns.values() for header in column.headers}
    for header in table.header:
        meant = concepts(header)[0]
        is_called = {concept, "department"} <= meant and not meant - _MAY_MEAN - {concept}
        if header not in taken and is_called and table.profiles[header].dates:
            yield header
