"""Who is one person: from all that was ever stated of merges to the patient under whom each merged one counts.

Pure functions over statements; nothing of Silver's rows is changed by a merge, so that undoing one leaves no trace.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mediflow_assets.contracts.merges import MERGING, SEPARATING, WHOLE

Person = tuple[str, str]
"""A patient: the namespace of an id, and the id."""
Order = tuple[Any, ...]
"""Time of a statement, then what settles ties."""
Record = tuple[str, int]
"""The delivery that a statement stands in, and the record."""


@dataclass(frozen=True)
class Statement:
    """What a record says of two patients. `kind` is one of `contracts.merges.KINDS`."""

    survivor: Person
    merged: Person
    kind: str
    order: Order
    record: Record
    source: str = ""
    version: int | None = None
    """Which version of the merged patient says so, as the source counts."""
    tells_time: bool = True


class Effect(StrEnum):
    """What a statement does as things stand."""

    IN_FORCE = "in force"
    WAITING = "waiting for a patient"
    UNDONE = "undone"
    OVERRULED = "overruled"
    """The patient was merged into somebody else later."""
    CYCLE = "closes a cycle"
    """The patients were merged in a circle: the survivor of its latest statement stays."""
    APART = "kept apart"
    UNDOING = "undoing"


def standing(statements: Iterable[Statement]) -> dict[tuple[Person, Person], Statement]:
    """The merges that stand, by merged patient and survivor: of two patients their latest statement counts.

    A record that tells all links of a patient takes the place of the earlier ones of that patient and source.
    """
    ordered = sorted(statements, key=lambda each: each.order)
    whole = {each.record: (each.source, each.merged) for each in ordered if each.kind == WHOLE}
    newest = _newest([each for each in ordered if each.kind == WHOLE])
    found: dict[tuple[Person, Person], Statement] = {}
    for each in ordered:
        if each.record in whole and newest[whole[each.record]] != each.record:
            continue
        if each.survivor == each.merged:
            # two records of one system that bear one record number
            continue
        if each.kind in MERGING:
            found[each.merged, each.survivor] = each
        elif each.kind in SEPARATING:
            # whichever of the two was said to survive
            found.pop((each.merged, each.survivor), None)
            found.pop((each.survivor, each.merged), None)
    return found


def _newest(wholes: Iterable[Statement]) -> dict[tuple[str, Person], Record]:
    """The newest version that tells all links of a patient: by its time, and by its number where one tells no time or
    those are equal."""
    versions: dict[tuple[str, Person], list[Statement]] = {}
    for each in wholes:
        versions.setdefault((each.source, each.merged), []).append(each)
    return {of: max(told, key=_place(told)).record for of, told in versions.items()}


def _place(versions: Collection[Statement]) -> Callable[[Statement], Order]:
    by_number = all(each.version is not None for each in versions) and not all(each.tells_time for each in versions)

    def place(each: Statement) -> Order:
        number = (each.version is not None, each.version or 0)
        return (*number, each.order) if by_number else (each.order[0], *number, each.order)

    return place


def links(statements: Iterable[Statement], known: Collection[Person]) -> dict[Person, Statement]:
    """Of each merged patient the latest merge that stands, both patients being known, without the cycles."""
    chosen: dict[Person, Statement] = {}
    for each in standing(statements).values():
        if each.merged in known and each.survivor in known:
            latest = chosen.get(each.merged)
            chosen[each.merged] = each if latest is None or latest.order < each.order else latest
    for cycle in _cycles(chosen):
        del chosen[max((chosen[person] for person in cycle), key=lambda each: each.order).survivor]
    return chosen


def survivors(chosen: Mapping[Person, Statement]) -> dict[Person, Person]:
    """Under whom each merged patient counts, through all chains."""
    return {person: _last(chosen, person) for person in chosen}


def effects(statements: Collection[Statement], known: Collection[Person]) -> dict[Statement, Effect]:
    """What each statement does."""
    stand, chosen = standing(statements), links(statements, known)
    return {each: _effect(each, stand, chosen, known) for each in statements if each.kind != WHOLE}


def _effect(
    each: Statement,
    stand: Mapping[tuple[Person, Person], Statement],
    chosen: Mapping[Person, Statement],
    known: Collection[Person],
) -> Effect:
    if each.kind not in MERGING:
        return Effect.UNDOING if each.kind in SEPARATING else Effect.APART
    if stand.get((each.merged, each.survivor)) != each:
        return Effect.UNDONE
    if each.merged not in known or each.survivor not in known:
        return Effect.WAITING
    if each.merged not in chosen:
        return Effect.CYCLE
    return Effect.IN_FORCE if chosen[each.merged] == each else Effect.OVERRULED


def _last(chosen: Mapping[Person, Statement], person: Person) -> Person:
    while person in chosen:
        person = chosen[person].survivor
    return person


def _cycles(chosen: Mapping[Person, Statement]) -> list[list[Person]]:
    """The circles that the links form. Each patient has one link at most, so that no two of them meet."""
    cycles, seen = [], set()
    for start in chosen:
        path: dict[Person, None] = {}
        person = start
        while person in chosen and person not in seen:
            seen.add(person)
            path[person] = None
            person = chosen[person].survivor
        if person in path:
            way = list(path)
            cycles.append(way[way.index(person) :])
    return cycles
