"""Silver of messages that an older release read otherwise: it is validated again from Bronze, once."""

import pyarrow.compute as pc

from mediflow_assets.contracts import bronze, hl7, silver
from mediflow_assets.contracts.events import DELIVERY_PREFIX, hl7_of
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline import rebuild
from mediflow_assets.storage.delta import Lake

_NOTE = "hl7_reading"


def ask_if_older(lake: Lake, contract: TableContract) -> None:
    """Have the table validate everything again if it has validated HL7 messages as they were read before."""
    if contract.name not in hl7.SOURCE.by_target or lake.property_of(contract, _NOTE) == hl7.READING:
        return
    if has_validated(lake, contract):
        rebuild.ask(lake, contract)
    lake.set_properties(contract, **{_NOTE: hl7.READING})


def has_validated(lake: Lake, contract: TableContract) -> bool:
    """Whether the table has validated HL7 messages."""
    mine = lake.read(bronze.DELIVERIES, ["delivery_id"], pc.field("source").isin([hl7.SOURCE.name]))
    of_files = set(mine["delivery_id"].to_pylist())
    rows = lake.read(silver.PROCESSED, ["_delivery_id"], pc.field("target_table").isin([contract.name]))
    of_topic = f"{DELIVERY_PREFIX}{hl7_of('')}"
    return any(each in of_files or each.startswith(of_topic) for each in rows["_delivery_id"].to_pylist())
