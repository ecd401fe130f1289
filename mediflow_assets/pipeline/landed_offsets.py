"""How far a topic is landed: told by the table's own commits, and by nothing else.

Each commit of a landing carries, per partition, the last offset it reached (a Delta `txn` action), so that a commit
and its progress are one, and what is erased or refused changes neither.
"""

from collections.abc import Mapping

import pyarrow as pa
from deltalake import Transaction

from mediflow_assets.contracts.events import ENCOUNTER_EVENTS, delivery_of
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.storage.delta import Lake

TOPICS = "topics"


def landed_through(lake: Lake, topic: str, contract: TableContract = ENCOUNTER_EVENTS) -> dict[int, int]:
    """Per partition that was ever looked at its last offset landed, -1 for none."""
    table = lake.seen(contract)
    found: dict[int, int] = {}
    while table is not None:
        through = table.transaction_version(delivery_of(topic, len(found)))
        if through is None:
            break
        found[len(found)] = int(through)
    return found


def deliveries(lake: Lake, contract: TableContract = ENCOUNTER_EVENTS) -> dict[str, int]:
    """Every partition of every topic that has records in Bronze, with its last offset landed."""
    return {
        delivery_of(topic, partition): through
        for topic in lake.property_of(contract, TOPICS) or ()
        for partition, through in landed_through(lake, topic, contract).items()
        if through >= 0
    }


def append(
    lake: Lake,
    contract: TableContract,
    rows: pa.Table | pa.RecordBatchReader,
    topic: str,
    through: Mapping[int, int],
) -> None:
    """Append rows in one commit that carries how far each partition of the topic is landed with it.

    A partition that `through` leaves out below its highest is told as it was.
    """
    known = landed_through(lake, topic, contract)
    highest = max([*through, *known], default=-1)
    marks = [Transaction(delivery_of(topic, n), max(through.get(n, -1), known.get(n, -1))) for n in range(highest + 1)]
    lake.append(contract, rows, marks=marks)


def know_topic(lake: Lake, topic: str, contract: TableContract = ENCOUNTER_EVENTS) -> None:
    """Note the topic in the table, once: by it a partition's records are found without the broker."""
    topics = lake.property_of(contract, TOPICS) or []
    if topic not in topics:
        lake.set_properties(contract, **{TOPICS: [*topics, topic]})
