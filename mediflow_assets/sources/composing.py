"""The cells of a file as Bronze's columns, whatever the file's format: named, composed, and the others as JSON."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.contracts import bronze
from mediflow_assets.contracts.blanks import BLANKS
from mediflow_assets.contracts.code_systems import UNREAD
from mediflow_assets.sources.delivery import Composed, Recognised
from mediflow_assets.sources.forms import JSON_COLUMNS
from mediflow_assets.sources.json_cells import json_objects

_OF_STAYS, _CODES = "admissions", "diagnosis_code"


def bronze_columns(what: Recognised, cells: Sequence[pa.Array], records: int) -> dict[str, pa.Array]:
    """The columns that Bronze stores, made of a file's, which come in the order of its header.

    Cells that others are composed of stand in `extra` as they came.
    """
    columns = list(zip(what.header, what.columns, cells, strict=True))
    named = {name: cell for _, name, cell in columns if name}
    ids = bronze.SOURCES[what.source].identifiers
    named |= {each.column: composed(each, cells, records, each.column in ids) for each in what.composed}
    if what.source == _OF_STAYS:
        named |= {c.column: _in_its_place(c, cells, named[c.column]) for c in what.composed if c.column == _CODES}
    if what.clears:
        ids = bronze.SOURCES[what.source].identifiers
        named = {name: cell if name in ids else pc.fill_null(cell, "") for name, cell in named.items()}
    others = {header: cell for header, name, cell in columns if name is None}
    empty = pa.nulls(records, pa.string())
    return {
        name: json_objects(others, records) if name in JSON_COLUMNS else named.get(name, empty)
        for name in bronze.SOURCES[what.source].filled
    }


def composed(how: Composed, cells: Sequence[pa.Array], records: int, is_id: bool = False) -> pa.Array:
    """One column made of others: joined, or the first that is given; else the constant, if there is one.

    An id is joined of all its parts, or none: half of one may be somebody else's.
    """
    parts = [cells[place] for place in how.places]
    if len(parts) == 1 and how.value is None:
        return parts[0]
    if not parts:
        return pa.repeat(pa.scalar(how.value, pa.string()), records)
    given = [_given(part, how) for part in parts]
    if how.is_difference:
        return _difference(given[0], given[1], how.between)
    if how.between is None:
        made = pc.coalesce(*given)
    else:
        made = pc.binary_join_element_wise(*given, how.between) if is_id else _joined(given, how.between)
    return made if how.value is None else pc.fill_null(made, how.value)


def _in_its_place(how: Composed, cells: Sequence[pa.Array], codes: pa.Array) -> pa.Array:
    """Joined codes of a stay: where the first column has none, those of the others are no principal diagnosis."""
    if how.between is None or len(how.places) == 1:
        return codes
    is_first_missing = pc.is_null(_given(cells[how.places[0]], how))
    return pc.if_else(is_first_missing, pc.binary_join_element_wise(UNREAD, codes, ";"), codes)


def _given(cells: pa.Array, how: Composed) -> pa.Array:
    """Cells, trimmed, that hold something."""
    trimmed = pc.utf8_trim(cells, BLANKS)
    is_nothing = pc.is_in(pc.utf8_upper(trimmed), pa.array(how.nothing, pa.string()))
    return pc.if_else(is_nothing, pa.scalar(None, pa.string()), trimmed)


def _difference(year: pa.Array, age: pa.Array, on: str | None) -> pa.Array:
    """The year less the age, both whole numbers, and the day; where they are none, the two as they are, which no date
    is."""
    are_numbers = pc.and_(*(pc.match_substring_regex(cells, r"^[0-9]{1,4}$") for cells in (year, age)))
    numbers = [pc.cast(pc.if_else(are_numbers, cells, None), pa.int64()) for cells in (year, age)]
    born = pc.cast(pc.subtract(*numbers), pa.string())
    born = born if on is None else pc.binary_join_element_wise(born, on, "-")
    return pc.coalesce(born, pc.binary_join_element_wise(year, age, " less "))


def _joined(cells: list[pa.Array], between: str) -> pa.Array:
    made = cells[0]
    for cell in cells[1:]:
        both = pc.binary_join_element_wise(made, cell, between)
        made = pc.coalesce(both, made, cell)
    return made
