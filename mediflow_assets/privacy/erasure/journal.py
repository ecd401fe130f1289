"""The journal of an erasure: what is asked, what goes, and how far it has come. It holds ids, so it goes at the end."""

import contextlib
import datetime as dt
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from mediflow_assets.errors import ErasureUnfinished
from mediflow_assets.secrets.secret_files import sync_folder, write_closed

FILE_NAME = "erasure.journal"
Records = Mapping[str, Mapping[str, tuple[int, ...]]]
"""Bronze table → delivery → record numbers."""


class Phase(StrEnum):
    """How far an erasure has come."""

    PLANNED = "planned"
    """It is known what goes; some of it may be gone. No run may write the lake."""
    REMOVED = "removed"
    """Rows are gone and all sums agree; what is computed from them is not made again yet."""
    REBUILT = "rebuilt"
    """Gold and masked tables are made again; old versions, logs and files may still hold them."""


@dataclass(frozen=True)
class Plan:
    """What an erasure takes away. Everything a rerun needs to know of rows that may be gone by then."""

    patients: int
    keys: Mapping[str, tuple[str, ...]]
    """`patient_key` and `encounter_key` → the values whose rows go, in every zone but Bronze."""
    identifiers: tuple[str, ...]
    """What no file may hold afterwards."""
    records: Records
    named: tuple[str, ...]
    """Their ids and those of their encounters. Unknown columns of others' records that hold one are emptied."""
    erased: tuple[tuple[str, str, int], ...]
    """Table, delivery, records: Bronze tables and the Silver tables that had them to validate."""
    validated: tuple[tuple[str, str, int, int], ...]
    """Silver table, delivery, records validated, of these quarantined."""
    first_seen_at: str | None = None
    """When the first of their records came."""
    people: tuple[tuple[str, str], ...] = ()
    """The patients, by namespace and id; none in journals of older releases, to which an id was of one person."""
    persons: tuple[int, ...] = ()
    """Their numbers in the OMOP tables; none in journals of older releases, to which the keys told them."""


@dataclass(frozen=True)
class Erasure:
    """One erasure, as it is asked for."""

    erasure_id: str
    reason_code: str
    ticket: str
    actor: str
    requested_at: str
    ids: tuple[str, ...] = field(repr=False)
    plan: Plan = field(repr=False)
    phase: Phase = Phase.PLANNED

    @property
    def asked(self) -> dt.datetime:
        """When it was asked for."""
        return dt.datetime.fromisoformat(self.requested_at)


class Journal:
    """The one unfinished erasure of a home, if there is one; replaced whole at each step."""

    def __init__(self, home: Path) -> None:
        self.path = home / FILE_NAME

    def read(self) -> Erasure | None:
        """The unfinished erasure."""
        try:
            said = json.loads(self.path.read_bytes())
        except FileNotFoundError:
            return None
        known = {"phase": Phase(said["phase"]), "ids": tuple(said["ids"]), "plan": _plan_of(said["plan"])}
        return Erasure(**said | known)

    def write(self, erasure: Erasure, **changed: Any) -> Erasure:
        """Put it on disk, changed so."""
        erasure = replace(erasure, **changed)
        partial = self.path.with_name(f".{FILE_NAME}.{os.getpid()}")
        with contextlib.suppress(FileNotFoundError):
            partial.unlink()
        write_closed(partial, json.dumps(asdict(erasure)).encode())
        partial.rename(self.path)
        sync_folder(self.path.parent)
        return erasure

    def remove(self) -> None:
        """The erasure is done."""
        for path in (self.path, *self.path.parent.glob(f".{FILE_NAME}.*")):
            path.unlink(missing_ok=True)
        sync_folder(self.path.parent)


def refuse_half_erased(home: Path) -> None:
    """Raise ErasureUnfinished while rows of an erasure that was cut short are half gone: a run would count wrongly."""
    erasure = Journal(home).read()
    if erasure is not None and erasure.phase is Phase.PLANNED:
        raise ErasureUnfinished(
            f"The erasure {erasure.erasure_id} was cut short. Run 'mediflow erase --resume' to finish it."
        )


_OLDER_NAMES = {"needles": "identifiers", "judged": "validated"}
"""What fields were called in journals that an older release left unfinished."""


def _plan_of(said: dict[str, Any]) -> Plan:
    said = {_OLDER_NAMES.get(name, name): value for name, value in said.items()}
    return Plan(
        **said
        | {
            "keys": {name: tuple(values) for name, values in said["keys"].items()},
            "identifiers": tuple(said["identifiers"]),
            "records": _records_of(said["records"]),
            "named": tuple(said["named"]),
            "people": tuple(map(tuple, said.get("people", ()))),
            "persons": tuple(said.get("persons", ())),
            "erased": tuple(map(tuple, said["erased"])),
            "validated": tuple(map(tuple, said["validated"])),
        }
    )


def _records_of(said: dict[str, dict[str, list[int]]]) -> Records:
    return {table: {delivery: tuple(numbers) for delivery, numbers in of.items()} for table, of in said.items()}
