"""The moves of visits that stand in Bronze: a table that was validated without one of them is validated again."""

import hashlib
import json
from collections.abc import Iterator

import pyarrow.compute as pc

from mediflow_assets.contracts import hl7
from mediflow_assets.contracts.clinical import ENCOUNTER_LOCATIONS
from mediflow_assets.contracts.hl7_message import Message
from mediflow_assets.contracts.silver import ENCOUNTERS
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline import rebuild
from mediflow_assets.pipeline.findings import found
from mediflow_assets.pipeline.older_readings import ask_if_older, has_validated
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.storage.delta import Lake
from mediflow_assets.transforms.hl7.moves import EVENTS, Moves, moves_of
from mediflow_assets.transforms.hl7.reading import Authorities

_NOTE, _KEPT = "visit_moves", "visit_moves"
_OF = (ENCOUNTERS, ENCOUNTER_LOCATIONS)
_TOLD_IN = (hl7.HL7_MESSAGES, hl7.HL7_EVENTS)
_NONE = hashlib.sha256(b"[]").hexdigest()


def told(context: RunContext) -> Moves:
    """All moves of visits; read once, as long as no message comes."""
    versions = tuple(map(context.lake.version, _TOLD_IN))
    kept = context.kept.get(_KEPT)
    if kept is None or kept[0] != versions:
        context.kept[_KEPT] = kept = versions, moves_of(map(Message, _messages(context.lake)), _authorities(context))
    moves: Moves = kept[1]
    return moves


def ask_if_read_otherwise(context: RunContext, contract: TableContract) -> None:
    """Have the table validate everything again if there are other moves than it knows, or messages were read otherwise
    before."""
    ask_if_older(context.lake, contract)
    if contract not in _OF:
        return
    read_by = f"{hl7.READING} {_authorities(context)!r}"
    digest = found(context.lake, _NOTE, _TOLD_IN, lambda: _digest(told(context)), read_by)
    known = context.lake.property_of(contract, _NOTE) or _NONE
    if digest != known:
        if has_validated(context.lake, contract):
            rebuild.ask(context.lake, contract)
        context.lake.set_properties(contract, **{_NOTE: digest})


def _authorities(context: RunContext) -> Authorities:
    system = hl7.SOURCE.system
    return Authorities(context.feeds.namespaces[system], dict(sorted(context.feeds.authorities_of(system).items())))


def _messages(lake: Lake) -> Iterator[str]:
    wanted = pc.field("message_type").isin([f"ADT^{event}" for event in EVENTS])
    for contract in _TOLD_IN:
        if (table := lake.seen(contract)) is None:
            continue
        rows = lake.dataset(contract, table)
        # the texts are nearly all that there is to read: of most groups of rows none is wanted
        for group in (each for fragment in rows.get_fragments() for each in fragment.split_by_row_group()):
            if group.scanner(rows.schema, columns=[], filter=wanted).head(1).num_rows:
                yield from group.to_table(rows.schema, columns=["message"], filter=wanted)["message"].to_pylist()


def _digest(moves: Moves) -> str:
    kinds = (
        moves.numbers,
        moves.patients,
        moves.accounts,
        {("account", *of): to for of, to in moves.account_numbers.items()},
    )
    every = sorted(repr(each) for kind in kinds for each in kind.items())
    return hashlib.sha256(json.dumps(every).encode()).hexdigest()
