"""Tables that cannot be read: named with the way out, and those that can be computed again put right.

What a table holds decides on the way out: Gold and masked tables are made again by a run, Silver is validated again by
a rebuild, and what stands nowhere else comes out of a backup.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from mediflow_assets.contracts import TABLES, silver
from mediflow_assets.contracts.omop import ZONE
from mediflow_assets.contracts.origin import LOGS, MADE_WHOLE, VALIDATED
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.errors import EngineFailed, TableDamaged
from mediflow_assets.objects import is_remote
from mediflow_assets.pipeline import rebuild
from mediflow_assets.storage.damage import damage
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.storage.purge import DAMAGED, set_damaged_aside

REBUILD = "rebuild"
"""The job that makes computed tables again, whatever stands there."""
_BESIDE = {silver.PROCESSED.name, *(table.name for table in silver.VERSIONS.values())}
_OF_SILVER = VALIDATED | _BESIDE


@dataclass(frozen=True)
class Damaged:
    """A table that cannot be read, what is wrong with it, and whether that shows without reading its files."""

    contract: TableContract
    what: str
    is_plain: bool = True

    def __str__(self) -> str:
        return f"{self.contract.name} is damaged ({self.what}). {self._way_out()}"

    def _way_out(self) -> str:
        name = self.contract.name
        if name in MADE_WHOLE and self.is_plain:
            asked = " --select tag:omop" if self.contract.key[0] == ZONE else ""
            return f"'mediflow run{asked}' makes it again."
        if name in MADE_WHOLE:
            return f"'mediflow run --job {REBUILD} --select {name}' makes it again; then 'mediflow run'."
        if name in _OF_SILVER:
            return f"'mediflow run --job {REBUILD}' judges Silver again from Bronze."
        way = "Its rows stand nowhere else: restore a backup ('mediflow restore'), and deliver again what came since."
        if name in LOGS:
            way += f" Without a backup, 'mediflow run --job {REBUILD}' begins it again, and what it told is lost."
        return way


def damaged_tables(
    lake: Lake, deep: bool = False, tell: Callable[[str, int, int], None] = lambda *_: None
) -> list[Damaged]:
    """The tables that cannot be read; with `deep` every file is read, else only looked for."""
    found = []
    for number, contract in enumerate(TABLES.values(), 1):
        if table := look_at(lake, contract, deep):
            found.append(table)
        tell(contract.name, number, len(TABLES))
    return found


def look_at(lake: Lake, contract: TableContract, deep: bool = False) -> Damaged | None:
    """A table's damage, None where there is none."""
    if what := damage(lake, contract):
        return Damaged(contract, what)
    what = damage(lake, contract, deep=True) if deep else None
    return Damaged(contract, what, is_plain=False) if what else None


def put_right(lake: Lake, makes: frozenset[str], uses: frozenset[str], is_rebuild: bool = False) -> list[str]:
    """Set damaged tables aside that this run makes again; returns their names. The caller holds the lake lease.

    A run is told by the tables it makes, and by those that its steps read or write. Raises TableDamaged where one of
    these is damaged that it does not make again: it would be taken for an empty one.
    """
    mine = made_anew(makes, is_rebuild)
    found = [
        table
        for name, contract in TABLES.items()
        if name in mine | uses and (table := look_at(lake, contract, deep=is_rebuild and name in mine))
    ]
    if others := [table for table in found if table.contract.name not in mine or is_remote(lake.root)]:
        raise TableDamaged(_told(others, lake))
    for table in found:
        set_damaged_aside(lake, table.contract)
    names = [table.contract.name for table in found]
    # a table that is begun again has no rows of what is known as validated; without that list none is known
    for name in sorted(VALIDATED if _BESIDE.intersection(names) else VALIDATED.intersection(names)):
        rebuild.ask(lake, TABLES[name])
    return names


def made_anew(makes: frozenset[str], is_rebuild: bool) -> frozenset[str]:
    """What a run gives all its rows again: a rebuild Silver too, and one of all Silver what is told of it."""
    beside = LOGS | _BESIDE if makes >= VALIDATED else frozenset()
    return makes & MADE_WHOLE | (makes & VALIDATED | beside if is_rebuild else frozenset())


def require_readable(lake: Lake) -> None:
    """Raise TableDamaged where a table's log or files are gone or cut."""
    if found := damaged_tables(lake):
        raise TableDamaged(_told(found, lake))


@contextlib.contextmanager
def naming_damage(lake: Lake, step: str, uses: Iterable[TableContract] = ()) -> Iterator[None]:
    """As `storage_errors`; where the storage fails because tables are damaged, these are named, and the way out.

    Of the tables that the step `uses` every file is read to find that out, of the others only logs and sizes are seen.
    """
    try:
        with storage_errors(step):
            yield
    except EngineFailed as failure:
        if "the disk is full" in str(failure) or not (found := _damage_behind(lake, {table.name for table in uses})):
            raise
        raise TableDamaged(_told(found, lake)) from None


def _damage_behind(lake: Lake, uses: set[str]) -> list[Damaged]:
    """What is damaged as far as that can be seen: the storage may be what fails."""
    try:
        looked = [look_at(lake, contract, deep=name in uses) for name, contract in TABLES.items()]
    except EngineFailed:
        return []
    return [table for table in looked if table]


def _told(found: list[Damaged], lake: Lake) -> str:
    told = " ".join(str(table) for table in found)
    if is_remote(lake.root) and any(table.contract.name in MADE_WHOLE | _OF_SILVER | LOGS for table in found):
        told += f" In an object store move the table's folder away first, to '{DAMAGED}' say."
    return told
