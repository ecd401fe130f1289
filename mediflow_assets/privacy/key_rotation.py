"""A new pseudonym key for the whole home: Silver named again, Gold and masked rebuilt from it, logs mapped.

What a killed change left is taken up where it was: a table of Silver whose commit carries the change is done, the
keys' own files say which key stands where, and mapping a log again changes nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from mediflow_assets.contracts import TABLES, erasure, silver
from mediflow_assets.contracts.events import STREAM_ALERTS
from mediflow_assets.contracts.identifiers import NAMESPACE, PSEUDONYMS
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.errors import ErasureUnfinished
from mediflow_assets.ingest.event_lease import events_asked_for
from mediflow_assets.pipeline import change as state
from mediflow_assets.privacy.erasure.journal import Journal
from mediflow_assets.privacy.subject_rows import rename_subjects
from mediflow_assets.secrets import key_change
from mediflow_assets.secrets.key_change import KeyChange, Phase
from mediflow_assets.secrets.pseudonym_key import PseudonymKey
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.lease import lake_lease, lock_of
from mediflow_assets.storage.purge import purge, remove_staged
from mediflow_assets.storage.rewriting import rewrite

Names = dict[str, dict[str, str]]
"""Per key column: old name → new name."""


@dataclass(frozen=True)
class Rotated:
    """Which key took which one's place, and how many logged rows bear new names."""

    old_id: str
    new_id: str
    logged: int


def rotate(
    root: Path,
    lake: Lake,
    database_url: str,
    rebuild: Callable[[], None],
    tell: Callable[[str], None],
    wait_seconds: float = 0,
) -> Rotated:
    """Change the key, or finish a change that was begun. `rebuild` makes the computed tables again, under a lease of
    its own. Raises ErasureUnfinished while an erasure is: it goes by names under the present key."""
    secrets, lock = root / "secrets", lock_of(root, database_url)
    # a service that is at work is under the old key: it gives the table up, and comes back under the new one
    with lake_lease(lock, "keys rotate", wait_seconds), events_asked_for(root, "keys rotate"):
        if Journal(root).read() is not None:
            raise ErasureUnfinished("An erasure was cut short. Run 'mediflow erase --resume' to finish it first.")
        if key_change.unfinished(secrets) is None:
            state.require_key(lake, _keyed(), PseudonymKey.load(secrets).key_id)
        change = key_change.begin(secrets)
        old, new = key_change.keys_of(secrets, change)
        if change.phase is Phase.BEGUN:
            for contract in (*silver.VALIDATED, *silver.VERSIONS.values()):
                tell(contract.name)
                _name_anew(lake, contract, new, change)
            change = key_change.swap(secrets, change)
        # alerts are added to, never made again: no run may append to names of the old key
        if lake.property_of(STREAM_ALERTS, state.KEY_ID) not in (None, new.key_id):
            _map(lake, STREAM_ALERTS, _names(lake, old, new), change)
    tell("computed tables")
    rebuild()
    with lake_lease(lock, "keys rotate", wait_seconds):
        tell("logs and old versions")
        names = _names(lake, old, new)
        for contract in _keyed():
            if lake.property_of(contract, state.KEY_ID) not in (None, new.key_id):
                _map(lake, contract, names, change)
        logged = rename_subjects(database_url, names)
        for contract in TABLES.values():
            purge(lake, contract)
        remove_staged(lake)
        key_change.end(secrets)
    return Rotated(change.old_id, change.new_id, logged)


def _keyed() -> list[TableContract]:
    """The tables that name people by pseudonyms."""
    return [table for table in TABLES.values() if set(erasure.SUBJECT_KEYS) & set(table.column_names)]


def _name_anew(lake: Lake, contract: TableContract, key: PseudonymKey, change: KeyChange) -> None:
    """Compute the keys of a table from its ids."""

    def renamed(batch: pa.RecordBatch) -> pa.RecordBatch:
        for column, (domain, of) in PSEUDONYMS.items():
            if column in batch.schema.names and of in batch.schema.names:
                ids = [*zip(*(batch.column(name).to_pylist() for name in (NAMESPACE, of)), strict=True)]
                known = {each: each[1] and key.pseudonym_of(domain, *each) for each in set(ids)}
                batch = _with(batch, column, pa.array([known[each] for each in ids], pa.string()))
        return batch

    if lake.open(contract) is not None:
        with state.under_key(lake, contract, key.key_id):
            rewrite(lake, contract, renamed, change.transaction)


def _map(lake: Lake, contract: TableContract, names: Names, change: KeyChange) -> None:
    """Put new names for old ones in a table that is not made again from Silver."""

    def mapped(batch: pa.RecordBatch) -> pa.RecordBatch:
        for column in names.keys() & set(batch.schema.names):
            batch = _with(batch, column, _looked_up(batch.column(column), names[column]))
        return batch

    with state.under_key(lake, contract, change.new_id):
        rewrite(lake, contract, mapped, change.transaction)


def _names(lake: Lake, old: PseudonymKey, new: PseudonymKey) -> Names:
    names: Names = {}
    for column, contract in (("patient_key", silver.PATIENTS), ("encounter_key", silver.ENCOUNTERS)):
        domain, of = PSEUDONYMS[column]
        table = lake.read(contract, [NAMESPACE, of])
        ids = zip(table[NAMESPACE].to_pylist(), table[of].to_pylist(), strict=True)
        names[column] = {old.pseudonym_of(domain, *each): new.pseudonym_of(domain, *each) for each in ids}
    return names


def _looked_up(values: pa.Array, known: Mapping[str, str]) -> pa.Array:
    """For each value what is known for it; where nothing is, the value itself."""
    dictionary = values.dictionary_encode() if not pa.types.is_dictionary(values.type) else values
    words: Iterable[str | None] = dictionary.dictionary.to_pylist()
    spelled = pa.array([known.get(word or "", word) for word in words], pa.string())
    return spelled.take(dictionary.indices)


def _with(batch: pa.RecordBatch, column: str, values: pa.Array) -> pa.RecordBatch:
    at = batch.schema.get_field_index(column)
    return batch.set_column(at, batch.schema.field(at), values)
