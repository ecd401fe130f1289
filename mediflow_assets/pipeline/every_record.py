"""Whether each record that arrived was validated: it is accepted, or it is in quarantine."""

from collections.abc import Iterable
from dataclasses import replace

from mediflow_assets.pipeline.checks import EVERY_RECORD_VALIDATED, CheckResult
from mediflow_assets.pipeline.counting import records_by_delivery
from mediflow_assets.pipeline.delivery_results import DeliveryResult
from mediflow_assets.pipeline.pending import Pending
from mediflow_assets.pipeline.quarantine import held_by_delivery
from mediflow_assets.pipeline.silver_tables import SilverTable
from mediflow_assets.storage.delta import Lake


def check(
    lake: Lake, table: SilverTable, work: Pending, delivery_results: Iterable[DeliveryResult], like: CheckResult
) -> CheckResult:
    """Whether each new delivery's records, counted in Bronze, were all accepted or are in quarantine."""
    accepted = {result.delivery: result.accepted for result in delivery_results}
    held = held_by_delivery(lake, table.contract, work.offset_ranges)
    lost = 0
    for source in table.sources:
        deliveries = work.deliveries.get(source.table.name, ())
        offset_ranges = work.offset_ranges.of(deliveries)
        landed = (
            records_by_delivery(lake, source.table, table.contract, offset_ranges, deliveries) if deliveries else {}
        )
        lost += sum(abs(landed.get(d, 0) - accepted.get(d, 0) - held.get(d, 0)) for d in deliveries)
    return replace(like, name=EVERY_RECORD_VALIDATED, passed=lost == 0, failing=lost)
