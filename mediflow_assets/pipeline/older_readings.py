"""Silver of records that an older release read otherwise: it is validated again from Bronze, once."""

import pyarrow.compute as pc

from mediflow_assets.contracts import bronze, fhir, hl7, silver
from mediflow_assets.contracts.events import DELIVERY_PREFIX, hl7_of
from mediflow_assets.contracts.source import SourceContract
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline import rebuild
from mediflow_assets.storage.delta import Lake

_READINGS = ((hl7.SOURCE, hl7.READING), (fhir.SOURCE, fhir.READING))


def ask_if_older(lake: Lake, contract: TableContract) -> None:
    """Have the table validate everything again if it has validated messages or resources as they were read before."""
    older = [
        (source, reading)
        for source, reading in _READINGS
        if contract.name in source.by_target and lake.property_of(contract, f"{source.name}_reading") != reading
    ]
    if any(has_validated(lake, contract, source) for source, _ in older):
        rebuild.ask(lake, contract)
    if older:
        lake.set_properties(contract, **{f"{source.name}_reading": reading for source, reading in older})


def has_validated(lake: Lake, contract: TableContract, source: SourceContract = hl7.SOURCE) -> bool:
    """Whether the table has validated records of a source."""
    mine = lake.read(bronze.DELIVERIES, ["delivery_id"], pc.field("source").isin([source.name]))
    of_files = set(mine["delivery_id"].to_pylist())
    rows = lake.read(silver.PROCESSED, ["_delivery_id"], pc.field("target_table").isin([contract.name]))
    of_topic = f"{DELIVERY_PREFIX}{hl7_of('')}"
    known = rows["_delivery_id"].to_pylist()
    return any(each in of_files or (source is hl7.SOURCE and each.startswith(of_topic)) for each in known)
