"""Whose pseudonym it is: every id of Silver is pseudonymised again and compared. No second copy of ids is kept."""

import hmac
import re
from dataclasses import dataclass

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.identifiers import MRN, canonical
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.errors import NothingToDo, SettingsInvalid
from mediflow_assets.pipeline.change import require_key
from mediflow_assets.secrets.pseudonym_key import PseudonymKey
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.rewriting import one_of

_PSEUDONYM = re.compile(r"[0-9a-f]{32}\Z")
_NAMES = ("given_name", "family_name", "full_name")
_SHORTEST_NAME = 3


@dataclass(frozen=True)
class Person:
    """A patient, and the encounter if the pseudonym was of one."""

    patient_id: str
    source_system: str
    encounter_id: str | None = None
    id_namespace: str = MRN


def reidentify(lake: Lake, pseudonym: str, reason: str, key: PseudonymKey) -> Person:
    """The patient, or the encounter and its patient, behind a pseudonym of this lake.

    Raises SettingsInvalid if it is none, or if the reason names the patient: it stays in the audit log for good.
    Raises KeyMismatch if Silver is under another key, NothingToDo if it is nobody's.
    """
    wanted = pseudonym.strip().lower()
    if not _PSEUDONYM.match(wanted):
        raise SettingsInvalid("A pseudonym has 32 hex digits.")
    require_key(lake, [silver.PATIENTS, silver.ENCOUNTERS], key.key_id)
    person = _of_patients(lake, wanted, key) or _of_encounters(lake, wanted, key)
    if person is None:
        raise NothingToDo("No patient and no encounter of this lake has that pseudonym under the present key.")
    _refuse_a_name(lake, person, reason)
    return person


def _of_patients(lake: Lake, wanted: str, key: PseudonymKey) -> Person | None:
    table = lake.read(silver.PATIENTS, ["id_namespace", "patient_id", "source_system"])
    for namespace, id_, source in zip(*(column.to_pylist() for column in table.columns), strict=True):
        if hmac.compare_digest(key.pseudonym_of("patient", namespace, id_), wanted):
            return Person(id_, source, id_namespace=namespace)
    return None


def _of_encounters(lake: Lake, wanted: str, key: PseudonymKey) -> Person | None:
    table = lake.open(silver.ENCOUNTERS)
    if table is None:
        return None
    columns = ["id_namespace", "encounter_id", "patient_id", "source_system"]
    for batch in lake.dataset(silver.ENCOUNTERS, table).to_batches(columns=columns):
        for namespace, id_, patient, source in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            if hmac.compare_digest(key.pseudonym_of("encounter", namespace, id_), wanted):
                return Person(patient, source, id_, namespace)
    return None


def _refuse_a_name(lake: Lake, person: Person, reason: str) -> None:
    said = canonical(reason)
    names = [person.patient_id, person.encounter_id or "", *_names(lake, silver.PATIENTS, person)]
    if any(len(name) >= _SHORTEST_NAME and canonical(name) in said for name in names):
        raise SettingsInvalid("The reason names the patient. Say why without: it stays in the audit log for good.")


def _names(lake: Lake, contract: TableContract, person: Person) -> list[str]:
    table = lake.open(contract)
    assert table is not None
    is_theirs = one_of("id_namespace", [person.id_namespace]) & one_of("patient_id", [person.patient_id])
    rows = lake.dataset(contract, table).to_table(columns=list(_NAMES), filter=is_theirs)
    return [name for row in rows.to_pylist() for name in row.values() if name]
