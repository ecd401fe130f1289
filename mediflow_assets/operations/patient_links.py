"""Merging patients by hand, undoing it, and the history of all merges. What people state is a delivery as any other."""

import csv
import datetime as dt
import io
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from mediflow_assets.contracts.merges import MERGING
from mediflow_assets.errors import NothingToDo, SettingsInvalid
from mediflow_assets.ingest.inbox import Delivery, Inbox
from mediflow_assets.pipeline.merge_graph import Effect, Person
from mediflow_assets.pipeline.merged import Stated, stated_in
from mediflow_assets.secrets.secret_files import write_closed
from mediflow_assets.storage.delta import Lake

STANDING = (Effect.IN_FORCE, Effect.WAITING, Effect.OVERRULED, Effect.CYCLE)


@dataclass(frozen=True)
class Asked:
    """Two patients, what is to be stated of them, and why, as a code."""

    survivor: Person
    merged: Person
    action: str
    reason_code: str

    def __post_init__(self) -> None:
        ids = [person[1] for person in (self.survivor, self.merged)]
        if not all(ids):
            raise NothingToDo("Two ids are needed: of the patient who stays, and of the one who is merged.")
        if self.reason_code.lower() in (each.lower() for each in ids):
            raise SettingsInvalid("The reason names a patient: it stays in the audit log for good.")


def state(inbox: Inbox, lake: Lake, asked: Asked, at: dt.datetime) -> tuple[Delivery, int]:
    """Put a statement into the inbox; returns the delivery, and how many of the two patients are known by now.

    Raises NothingToDo where it would change nothing.
    """
    stated = stated_in(lake, (asked.survivor, asked.merged))
    _refuse_idle(stated, asked)
    inbox.ready.mkdir(parents=True, exist_ok=True)
    file = inbox.scratch("merge")
    try:
        write_closed(file, _text(asked, at).encode())
        delivery, _ = inbox.receive(file, at, "merges.csv")
    finally:
        file.unlink(missing_ok=True)
    return delivery, len({stated.spelled(each) for each in (asked.survivor, asked.merged)} & set(stated.known))


def history(lake: Lake, ids: Collection[str] = ()) -> list[dict[str, Any]]:
    """What was ever stated of merges, oldest first, and what each statement does; of some patients or of all."""
    wanted = {each.strip().upper() for each in ids} - {""}
    told = sorted(stated_in(lake).effects().items(), key=lambda item: item[0].order)
    return [
        {
            "survivor": each.survivor[1],
            "survivor_namespace": each.survivor[0],
            "merged": each.merged[1],
            "merged_namespace": each.merged[0],
            "kind": each.kind,
            "stated_at": each.order[0],
            "source": each.source,
            "effect": str(effect),
        }
        for each, effect in told
        if not wanted or wanted & {each.survivor[1].upper(), each.merged[1].upper()}
    ]


def _refuse_idle(stated: Stated, asked: Asked) -> None:
    survivor, merged = stated.spelled(asked.survivor), stated.spelled(asked.merged)
    if survivor == merged:
        raise NothingToDo("Both ids are of the same patient.")
    did = [
        (each, effect)
        for each, effect in stated.effects().items()
        if each.kind in MERGING and {each.survivor, each.merged} == {survivor, merged}
    ]
    if asked.action == "unmerge" and not any(effect in STANDING for _, effect in did):
        raise NothingToDo(
            "No merge of these two stands. 'mediflow patients history' shows which do; one that has just been "
            "given does after the next run."
        )
    if asked.action == "merge" and any(effect is Effect.IN_FORCE and each.merged == merged for each, effect in did):
        raise NothingToDo("These two are merged already.")


def _text(asked: Asked, at: dt.datetime) -> str:
    row = {
        "surviving_patient_id": asked.survivor[1],
        "surviving_namespace": asked.survivor[0],
        "merged_patient_id": asked.merged[1],
        "merged_namespace": asked.merged[0],
        "merged_at": at.isoformat(),
        "action": asked.action,
        "reason": asked.reason_code,
    }
    text = io.StringIO()
    writer = csv.DictWriter(text, row, lineterminator="\n")
    writer.writeheader()
    writer.writerow(row)
    return text.getvalue()
