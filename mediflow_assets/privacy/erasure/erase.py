"""Erasing patients, in an order in which a process killed at any moment leaves what the next one can finish.

First, under the lake lease: what waits in the inbox is landed; what goes is planned and put on disk; tombstones are
set; rows are removed. Then everything that is computed is made again. Last, under the lease again: old versions and
files go, and the home is searched.
"""

import datetime as dt
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.identifiers import canonical
from mediflow_assets.errors import ContractViolated, ErasureUnfinished, NothingToDo, SettingsInvalid
from mediflow_assets.ingest.event_lease import events_asked_for
from mediflow_assets.ingest.landing import land_all
from mediflow_assets.ingest.tombstones import Name, Tombstones
from mediflow_assets.pipeline.change import require_key
from mediflow_assets.privacy.erasure.cleansing import cleanse
from mediflow_assets.privacy.erasure.journal import Erasure, Journal, Phase
from mediflow_assets.privacy.erasure.planning import plan
from mediflow_assets.privacy.erasure.premises import Premises
from mediflow_assets.privacy.erasure.proof import Proof, prove, put_down
from mediflow_assets.privacy.erasure.removal import remove
from mediflow_assets.privacy.erasure.subjects import Subjects, find_subjects, subjects_of
from mediflow_assets.privacy.erasure.trained import trained_on
from mediflow_assets.storage.lease import lake_lease
from mediflow_assets.streaming.message_spool import SPOOL, hand_in

HOLDER = "erase"
_TIMES = 3
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Request:
    """Whom to erase, and why. `is_unknown_ok`: those of whom nothing is found are refused in future all the same."""

    ids: tuple[str, ...]
    reason_code: str
    ticket: str
    actor: str
    is_unknown_ok: bool = False
    namespace: str | None = None
    """Whose ids these are; not needed where each stands for one patient only."""
    people: frozenset[Name] = frozenset()
    """The patients themselves, where it is known whose each id is."""


def begin(place: Premises, request: Request, wait_seconds: float = 0) -> Erasure:
    """Plan the erasure and put the plan on disk; from then on it has to be finished.

    Raises ErasureUnfinished if another one has to be finished first, NothingToDo if an id is of nobody known,
    NamespaceNeeded if one is of several.
    """
    journal, ids = Journal(place.root), _ids(request)
    with lake_lease(place.lock, HOLDER, wait_seconds), events_asked_for(place.root, HOLDER):
        if journal.read() is not None:
            raise ErasureUnfinished("An erasure was cut short. Run 'mediflow erase --resume' to finish it first.")
        require_key(place.lake, [silver.PATIENTS, silver.ENCOUNTERS], place.key.key_id)
        tombstones = Tombstones.load(place.root)
        _take_in(place, tombstones)
        subjects = _subjects(place, request, ids)
        _refuse_unknown(request, ids, subjects, tombstones)
        asked = Erasure(
            secrets.token_hex(8),
            request.reason_code,
            request.ticket,
            request.actor,
            dt.datetime.now(dt.UTC).isoformat(),
            _with_others(ids, subjects),
            plan(place.lake, subjects),
        )
        return journal.write(asked)


def finish(place: Premises, rebuild: Callable[[], None], tell: Tell, wait_seconds: float = 0) -> Proof:
    """Do what is left to do of the unfinished erasure. `rebuild` makes the computed tables again, and holds the lease.

    Raises NothingToDo where there is none, ContractViolated if something of the patients was found at the end: the
    erasure then stays unfinished, and can be tried again.
    """
    journal = Journal(place.root)
    with lake_lease(place.lock, HOLDER, wait_seconds), events_asked_for(place.root, HOLDER):
        asked = _unfinished(journal)
        if asked.phase is Phase.PLANNED:
            Tombstones.add(place.root, asked.plan.people or asked.ids, asked.erasure_id)
            tell("rows")
            remove(place.lake, asked, asked.plan)
            asked = journal.write(asked, phase=Phase.REMOVED)
    if asked.phase is Phase.REMOVED:
        tell("computed tables")
        rebuild()
        asked = journal.write(asked, phase=Phase.REBUILT)
    with lake_lease(place.lock, HOLDER, wait_seconds), events_asked_for(place.root, HOLDER):
        _take_in(place, Tombstones.load(place.root))
        tell("old versions and files")
        cleanse(place, asked.plan)
        tell("search")
        proof = _proof(place, asked)
        if proof.hits:
            where = ", ".join(f"{name} ({hits})" for name, hits in sorted(proof.places.items()))
            raise ContractViolated(
                f"erasure {asked.erasure_id}: {proof.hits} places still name the patients, in {where}. "
                "Remove what stands there, then run 'mediflow erase --resume'."
            )
        put_down(place, proof)
        journal.remove()
    return proof


def _proof(place: Premises, asked: Erasure) -> Proof:
    """The proof, once more where messages about the patients were sent just now: they are refused as they land."""
    models = trained_on(place.lake, asked.plan.first_seen_at)
    for _ in range(_TIMES):
        proof = prove(place, asked, models)
        if set(proof.places) != {f"{place.inbox.folder.name}/{SPOOL}"}:
            break
        _take_in(place, Tombstones.load(place.root))
    return proof


def _unfinished(journal: Journal) -> Erasure:
    asked = journal.read()
    if asked is None:
        raise NothingToDo("There is no erasure to finish.")
    return asked


def _ids(request: Request) -> tuple[str, ...]:
    ids = tuple(dict.fromkeys(each.strip() for each in request.ids if each.strip()))
    if not ids:
        raise NothingToDo("No patient's id was given: they are asked for, piped in, or read with --ids-file.")
    told = f"{request.reason_code} {request.ticket}".lower()
    if any(each.lower() in told.split() for each in ids):
        raise SettingsInvalid("The reason or the ticket names a patient: both stay in the audit log for good.")
    return ids


def _subjects(place: Premises, request: Request, ids: tuple[str, ...]) -> Subjects:
    feeds = place.inbox.feeds
    if not request.people:
        return find_subjects(place.lake, ids, place.key, feeds, request.namespace)
    return subjects_of(place.lake, {canonical(each): request.people for each in ids}, place.key, feeds)


def _with_others(ids: tuple[str, ...], subjects: Subjects) -> tuple[str, ...]:
    """The ids that were asked for, and those of all who are one person with one of them."""
    asked = set(map(canonical, ids))
    return (*ids, *sorted({id_ for _, id_ in subjects.people if canonical(id_) not in asked}))


def _refuse_unknown(request: Request, ids: tuple[str, ...], subjects: Subjects, tombstones: Tombstones) -> None:
    places = [str(n) for n, each in enumerate(ids, start=1) if canonical(each) not in subjects.found]
    before = [str(n) for n, each in enumerate(ids, start=1) if str(n) in places and tombstones.refuses(each)]
    unknown = [each for each in places if each not in before]
    if unknown and not request.is_unknown_ok:
        raise NothingToDo(
            f"{len(unknown)} of the ids are known nowhere (number {', '.join(unknown[:10])}). Nothing was erased. "
            "With --unknown-too they are refused in future all the same."
        )
    if len(before) == len(ids):
        raise NothingToDo("These patients were erased before, and nothing of them has come since.")


def _take_in(place: Premises, tombstones: Tombstones) -> None:
    """Land what waits, of HL7 that was sent what is not a delivery yet as well: what is in a table can be searched and
    counted by record."""
    hand_in(place.inbox.folder)
    place.inbox.take_in()
    land_all(place.lake, place.inbox, tombstones)
