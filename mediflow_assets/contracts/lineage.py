"""Column lineage, from the contracts: which columns a column comes from, and whether something is masked on the way."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mediflow_assets.contracts.masks import Verb
from mediflow_assets.contracts.table import Column, Privacy, TableContract


@dataclass(frozen=True)
class Step:
    """One source of a column, and what is done to its values. `verb` is the mask verb, where one is applied."""

    table: str
    column: str
    verb: Verb | None
    is_identity: bool
    is_masking: bool


def steps_of(table: TableContract, column: Column, tables: Mapping[str, TableContract]) -> Iterator[Step]:
    """The direct sources of a column."""
    for source in column.derived_from:
        name, _, of = source.rpartition(".")
        upstream = tables[name].by_name[of] if name in tables and of in tables[name].by_name else None
        yield _step(table, column, name, of, upstream)


def _step(table: TableContract, column: Column, name: str, of: str, upstream: Column | None) -> Step:
    is_copy = table.key[0] == "masked" and table.key[1] == name.partition("/")[2]
    verb = upstream.mask.verb if is_copy and upstream else None
    is_named = (
        column.privacy is Privacy.PSEUDONYM and upstream is not None and upstream.privacy is not Privacy.PSEUDONYM
    )
    cells = table.small_cells
    is_blanked = (
        table.key[0] == "masked" and cells is not None and column.name in (cells.people, *cells.measures, *cells.counts)
    )
    is_masking = is_named or is_blanked or (verb is not None and verb is not Verb.KEEP)
    is_same = upstream is not None and column.name == of and column.type is upstream.type
    return Step(name, of, verb, is_same and not is_masking, is_masking)


def origins(column: Column, tables: Mapping[str, TableContract]) -> frozenset[str]:
    """Every column upstream of one, however far, as `zone/table.column`."""
    found: set[str] = set()
    waiting = list(column.derived_from)
    while waiting:
        source = waiting.pop()
        if source not in found:
            found.add(source)
            name, _, of = source.rpartition(".")
            if name in tables and of in tables[name].by_name:
                waiting.extend(tables[name].by_name[of].derived_from)
    return frozenset(found)
