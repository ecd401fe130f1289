"""In step with change: a table whose inputs' versions and code are what they were is left as it is."""

import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from mediflow_assets.contracts.table import TableContract
from mediflow_assets.errors import KeyMismatch
from mediflow_assets.pipeline.code import code_version
from mediflow_assets.storage.delta import Lake

INPUTS = "inputs"
KEY_ID = "key_id"
CHANGING = "changing"
"""In place of a key's id: rows of one key are being replaced by rows of another."""


State = dict[str, int | str]


def state_of(lake: Lake, inputs: Sequence[TableContract], key_id: str, made_by: str) -> State:
    """The versions of a table's inputs, of the module that makes it and of the key: what its content depends on."""
    return {contract.name: lake.version(contract) for contract in inputs} | {
        "code": code_version(made_by),
        "key": key_id,
    }


def is_unchanged(lake: Lake, contract: TableContract, state: State) -> bool:
    """Whether the table was last made, checks passed, from just this state, with the columns of its contract."""
    return bool(lake.property_of(contract, INPUTS) == state and not lake.difference(contract))


def but(note: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """What a note says besides these."""
    return {name: value for name, value in note.items() if name not in names}


def require_key(lake: Lake, contracts_: Sequence[TableContract], key_id: str) -> None:
    """Raise KeyMismatch where a table's pseudonyms were made under another key than this one."""
    for contract in contracts_:
        if lake.property_of(contract, KEY_ID) not in (None, key_id):
            raise KeyMismatch(
                f"{contract.name} was pseudonymised under another key. Put that key back into the secrets folder, "
                "or make the table again if the key was changed by 'mediflow keys rotate'."
            )


def hold_key(lake: Lake, contract: TableContract, key_id: str) -> None:
    """Note the key of a table before the first row is written under it; raise KeyMismatch if it has another."""
    require_key(lake, [contract], key_id)
    if lake.property_of(contract, KEY_ID) is None:
        lake.set_properties(contract, **{KEY_ID: key_id})


@contextlib.contextmanager
def under_key(lake: Lake, contract: TableContract, key_id: str) -> Iterator[None]:
    """Write a table whole under this key. While another key's rows are replaced it is under neither: a process killed
    in between leaves a table that no join takes."""
    if lake.property_of(contract, KEY_ID) not in (None, key_id):
        lake.set_properties(contract, **{KEY_ID: CHANGING})
    yield
    if lake.property_of(contract, KEY_ID) != key_id:
        lake.set_properties(contract, **{KEY_ID: key_id})
