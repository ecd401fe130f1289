"""What a Silver table has validated, put down last: a step that was cut short before finds its deliveries pending."""

from dataclasses import replace

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.contracts.versions import OUTCOMES
from mediflow_assets.pipeline import rebuild
from mediflow_assets.pipeline.delivery_results import DeliveryResult
from mediflow_assets.pipeline.pending import Pending
from mediflow_assets.pipeline.quarantine import held_by_delivery
from mediflow_assets.pipeline.silver_tables import versions_kept_of
from mediflow_assets.storage.delta import Lake


def commit(lake: Lake, contract: TableContract, work: Pending, delivery_results: list[DeliveryResult]) -> None:
    """Append what was validated to `processed`: the records of whole deliveries, and what each accepted one was.

    Of a record that was held and validated again only the latter: it is counted where its delivery is. A discarded one
    is not validated again where its delivery is, and counts as quarantined then as before.
    """
    by_delivery = {result.delivery: result for result in delivery_results}
    discarded = held_by_delivery(lake, contract, work.offset_ranges, ["discarded"])
    nothing = DeliveryResult("", 0, 0, 0, outcomes=dict.fromkeys(OUTCOMES, 0) if versions_kept_of(contract) else {})
    whole = (*work.new, *work.corrections)
    again = [result for result in delivery_results if result.delivery not in whole and result.outcomes]
    rows = [replace(result, records=0, accepted=0).as_processed(contract.name) for result in again]
    for delivery in whole:
        result = replace(by_delivery.get(delivery, nothing), delivery=delivery)
        if delivery in work.offset_ranges:
            result = replace(result, through=work.offset_ranges[delivery][1])
        rows.append(result.as_processed(contract.name, discarded.get(delivery, 0)))
    if rows:
        note = lake.property_of(contract, rebuild.OUTCOMES_NOTE) or {}
        lake.append_rows(silver.PROCESSED, rows, note.get("run") if delivery_results else None)
