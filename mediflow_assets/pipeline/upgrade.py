"""Carrying a lake forward that an older MediFlow wrote: formats step by step, and columns as the contracts say now.

What a run may do by itself loses nothing: columns are added, Silver is validated again from Bronze, Gold and masked
tables are made again by their steps. What rewrites rows that stand nowhere else is left to `mediflow upgrade`.
"""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mediflow_assets.contracts import TABLES, events, hl7, silver
from mediflow_assets.contracts.origin import MADE_WHOLE, VALIDATED
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.errors import UpgradeNeeded
from mediflow_assets.ingest.event_lease import events_asked_for
from mediflow_assets.pipeline import rebuild
from mediflow_assets.storage.delta import FORMAT, FORMAT_NOTE, Lake, format_of
from mediflow_assets.storage.difference import Difference, difference
from mediflow_assets.storage.recasting import recast


@dataclass(frozen=True)
class FormatStep:
    """From one format to the next: what it does, in words, and the doing of it. Done again, it changes nothing more."""

    says: str
    do: Callable[[Lake], None]


def _judge_silver_anew(lake: Lake) -> None:
    for contract in silver.VALIDATED:
        if lake.seen(contract) is not None:
            rebuild.ask(lake, contract)


def _leave_as_it_is(_: Lake) -> None:
    """A merge or maintenance divides what has outgrown one part."""


STEPS: Mapping[int, FormatStep] = {
    1: FormatStep("Silver is validated again from Bronze, by the rules of this release", _judge_silver_anew),
    2: FormatStep("Silver is validated again from Bronze, each id in the namespace of its system", _judge_silver_anew),
    3: FormatStep("large tables may lie in parts by month, which no older release can write", _leave_as_it_is),
}
"""By the format that a step begins with."""


@dataclass(frozen=True)
class Task:
    """What is to be done for one table, or for the lake; a run does it by itself unless `needs_asking`."""

    place: str
    says: str
    needs_asking: bool = False


def plan(lake: Lake) -> list[Task]:
    """What would carry the lake forward; nothing where it is as this MediFlow writes it."""
    tables = {contract: table for contract in TABLES.values() if (table := lake.seen(contract)) is not None}
    steps = [
        Task("the lake", f"format {number} to {number + 1}: {STEPS[number].says}")
        for number in range(min(map(format_of, tables.values()), default=FORMAT), FORMAT)
    ]
    tasks = (_task(contract, difference(table, contract)) for contract, table in tables.items())
    return steps + [task for task in tasks if task]


def _task(contract: TableContract, differs: Difference) -> Task | None:
    if not differs:
        return None
    if contract.name in MADE_WHOLE:
        return Task(contract.name, f"{differs}: made again")
    if contract.name in VALIDATED:
        return Task(contract.name, f"{differs}: validated again from Bronze")
    is_kept = _keeps_beyond(contract)
    if differs.changed or (differs.beyond and not is_kept):
        dropped = "" if is_kept or not differs.beyond else ", what is beyond the contract is dropped"
        return Task(contract.name, f"{differs}: every row is rewritten{dropped}", needs_asking=True)
    return Task(contract.name, f"{differs}: added, empty in old rows") if differs.lacking else None


def _keeps_beyond(contract: TableContract) -> bool:
    """Bronze is what arrived: a column that its contract gave up stays stored, and is not read."""
    return contract.key[0] == "bronze"


def carry_forward(lake: Lake, home: Path, is_asked: bool = False) -> list[Task]:
    """Do what a run may do by itself, or all with `is_asked`; returns what it was. The caller holds the lake lease.

    Raises UpgradeNeeded where rows would have to be rewritten that stand nowhere else.
    """
    tasks = plan(lake)
    needed = [task for task in tasks if task.needs_asking and not is_asked]
    if needed:
        told = ". ".join(f"{task.place} {task.says}" for task in needed)
        raise UpgradeNeeded(f"{told}. Run 'mediflow upgrade', which shows all that it will do and asks first.")
    if not tasks:
        return []
    # the service writes events and alerts meanwhile, and a change of their columns would fail it
    with _events(lake, home):
        for contract in TABLES.values():
            _carry(lake, contract)
        for number in sorted(STEPS):
            _to_next_format(lake, number)
    return tasks


def _events(lake: Lake, home: Path) -> contextlib.AbstractContextManager[None]:
    """Hold the tables of the service, if one of them is to be changed: any other task needs no pause of it."""
    has_older = any(
        _is_older(lake, contract) for contract in (events.ENCOUNTER_EVENTS, hl7.HL7_EVENTS, events.STREAM_ALERTS)
    )
    return events_asked_for(home, "upgrade") if has_older else contextlib.nullcontext()


def _is_older(lake: Lake, contract: TableContract) -> bool:
    table = lake.seen(contract)
    return table is not None and (format_of(table) < FORMAT or bool(difference(table, contract)))


def _carry(lake: Lake, contract: TableContract) -> None:
    task = _task(contract, lake.difference(contract))
    if task is None or contract.name in MADE_WHOLE:
        return
    if contract.name in VALIDATED:
        rebuild.ask(lake, contract)
    elif task.needs_asking:
        recast(lake, contract, _keeps_beyond(contract))
    else:
        lake.widened(contract)


def _to_next_format(lake: Lake, number: int) -> None:
    """Take the step if a table is of this format. The tables are told last: a step that was cut short is done again."""
    opened = ((contract, lake.seen(contract)) for contract in TABLES.values())
    older = [contract for contract, table in opened if table is not None and format_of(table) == number]
    if older:
        STEPS[number].do(lake)
        for contract in older:
            lake.set_properties(contract, **{FORMAT_NOTE: number + 1})
