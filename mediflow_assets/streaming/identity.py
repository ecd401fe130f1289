"""Which topic a name stands for: one that was deleted and made again counts its offsets from the begin again.

The broker gives each topic an id when it is made (KIP-516). The table that lands a topic keeps it, so that another
topic under the old name is known for one, however many messages it has.
"""

from mediflow_assets.contracts.events import ENCOUNTER_EVENTS, STREAM_ALERTS
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.errors import OffsetsLost
from mediflow_assets.storage.delta import Lake
from mediflow_assets.streaming.broker import Broker
from mediflow_assets.streaming.ranges import Bounds

_IDS = "topic_ids"
_SETTING = {ENCOUNTER_EVENTS.name: "MEDIFLOW_TOPIC", STREAM_ALERTS.name: "MEDIFLOW_ALERTS_TOPIC"}


def bounds_of(lake: Lake, broker: Broker, topic: str, contract: TableContract = ENCOUNTER_EVENTS) -> dict[int, Bounds]:
    """Per partition what the broker has of the topic. Raises BrokerUnreachable, and OffsetsLost if it is another topic
    than the one that was landed under this name."""
    known, found = (lake.property_of(contract, _IDS) or {}).get(topic), broker.topic_id(topic)
    if known and found and known != found:
        raise OffsetsLost(
            f"{topic} was deleted and made again since it was landed: its offsets begin again, and would be taken for "
            "those that are known. Nothing of it is landed until the new one has another name: make it under that, "
            f"send its messages there, and set {_SETTING[contract.name]} to it."
        )
    return broker.bounds(topic)


def know(lake: Lake, broker: Broker, topic: str, contract: TableContract = ENCOUNTER_EVENTS) -> None:
    """Note the topic's id before the first message of it is landed. A broker older than 2.8 gives none."""
    known = lake.property_of(contract, _IDS) or {}
    if topic not in known and (found := broker.topic_id(topic)):
        lake.set_properties(contract, **{_IDS: known | {topic: found}})
