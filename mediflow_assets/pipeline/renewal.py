"""Baselines of costs stand until they are due: a median hardly moves by one delivery, and all that it judges with it.

They are made again where more than one in twenty encounters has come, gone or changed since, where a month has passed,
where labels, the key or the code are other ones, and where it cannot be told what has changed, as after an erasure.
What they are is told by a version, the same for the same content.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Any

from mediflow_assets.contracts import clinical, gold, silver
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline import change, increment
from mediflow_assets.pipeline.row_changes import differing
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.storage.delta import Lake

STANDING = (gold.COST_BASELINES,)
MOST_CHANGED = 20
"""Baselines are made again where more than one encounter in so many has changed."""
MOST_DAYS = 31
_NOTE = "renewal"
_PRICED = (silver.ENCOUNTERS, clinical.CLAIMS)


def version_of(lake: Lake, contract: TableContract) -> str | None:
    """The version of a table that stands until it is due: twelve hex digits of its content; None before it is made."""
    if lake.seen(contract) is None:
        return None
    rows = sorted(repr(tuple(row.values())) for row in lake.read(contract).to_pylist())
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:12]


def note_of(
    context: RunContext, contract: TableContract, inputs: tuple[TableContract, ...], state: change.State
) -> dict[str, Any]:
    """What is noted with a table that stands until it is due, once it is made."""
    if contract not in STANDING or increment.is_small(context.lake, *_PRICED):
        return {}
    told = increment.shown_by(context, inputs)
    return {_NOTE: told | {"seen": state, "changed": 0, "made_on": _today().isoformat()}}


def stands(
    context: RunContext, contract: TableContract, inputs: tuple[TableContract, ...], state: change.State
) -> bool:
    """Whether a table that stands until it is due is not due yet; what has changed meanwhile is noted with it."""
    lake, note = context.lake, context.lake.property_of(contract, _NOTE)
    if contract not in STANDING or not note:
        return False
    is_due = lake.difference(contract) or _is_old(note)
    if not is_due and note["seen"] == state:
        return True
    is_due = is_due or _is_of_others(context, inputs, state, note)
    changed = None if is_due else _changed(context, note)
    stands_on = changed is not None and changed * MOST_CHANGED <= lake.rows(silver.ENCOUNTERS)
    # taken back before it is made again: what is cut short, or breaks a rule, stands no more
    lake.set_properties(contract, **{_NOTE: note | {"seen": state, "changed": changed} if stands_on else None})
    return stands_on


def forget(lake: Lake) -> None:
    """Have all that stands made again by the next run: what it was made of is erased."""
    for contract in STANDING:
        if lake.seen(contract) is not None and lake.property_of(contract, _NOTE):
            lake.set_properties(contract, **{_NOTE: None})


def _is_old(note: Mapping[str, Any]) -> bool:
    return (_today() - dt.date.fromisoformat(note["made_on"])).days > MOST_DAYS


def _is_of_others(
    context: RunContext, inputs: tuple[TableContract, ...], state: change.State, note: Mapping[str, Any]
) -> bool:
    """Whether labels, the key or the code are other ones than those it was made by."""
    tables = {each.name for each in inputs}
    if change.but(note["seen"], tables) != change.but(state, tables) or increment.is_small(context.lake, *_PRICED):
        return True
    return any(note.get(name) != told for name, told in increment.shown_by(context, inputs).items())


def _changed(context: RunContext, note: Mapping[str, Any]) -> int | None:
    """How many encounters have changed since it was made, twice where twice; None where that cannot be told."""
    changed = int(note["changed"])
    for priced in _PRICED:
        if context.lake.version(priced) == note["seen"][priced.name]:
            continue
        rows = differing(context, priced, note["seen"][priced.name])
        if rows is None:
            return None
        changed += len(rows["encounter_key"].unique())
    return changed


def _today() -> dt.date:
    return dt.datetime.now(dt.UTC).date()
