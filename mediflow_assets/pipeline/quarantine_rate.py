"""How much of a delivery a Silver table refuses: a feed that is misread refuses nearly all, and should stop the run.

Only what this run validated for the first time counts. What a run before has settled, or people have discarded, is not
held against a delivery again, also where all of Bronze is validated again.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from mediflow_assets.contracts import bronze
from mediflow_assets.contracts.shares import Shares
from mediflow_assets.contracts.table import Severity, TableContract
from mediflow_assets.pipeline import rebuild
from mediflow_assets.pipeline.checks import QUARANTINE_RATE, CheckResult
from mediflow_assets.pipeline.delivery_results import DeliveryResult
from mediflow_assets.pipeline.pending import Pending
from mediflow_assets.storage.delta import Lake

_LEDGER = ["delivery_id", "records", "rejects", "received_at"]


@dataclass(frozen=True)
class DeliveryOutcome:
    """One delivery at one table in this run. Records that wait for their patient are not refused."""

    delivery: str
    records: int
    accepted: int
    waiting: int
    rejects: int
    share: float
    """Of the delivery that was refused: rejects, and of the rest what the table quarantined."""
    is_first: bool = True
    """Whether no run before has settled the delivery: only then is it held against it."""

    @property
    def quarantined(self) -> int:
        """Records that no wait will bring in."""
        return self.records - self.accepted - self.waiting

    @property
    def refused(self) -> int:
        """Records that are nowhere but in quarantine and among the rejects."""
        return self.quarantined + self.rejects


def delivery_outcomes(
    lake: Lake, target: TableContract, work: Pending, delivery_results: Iterable[DeliveryResult]
) -> list[DeliveryOutcome]:
    """How each delivery fared that this run validated."""
    ledger = {row["delivery_id"]: row for row in lake.read(bronze.DELIVERIES, _LEDGER).to_pylist()}
    judged_before = rebuild.validated_through(lake, target)
    by_delivery = {result.delivery: result for result in delivery_results}
    return [
        replace(
            _delivery_outcome(by_delivery.get(delivery) or DeliveryResult(delivery, 0, 0, 0), ledger.get(delivery, {})),
            is_first=_is_first(delivery, ledger, work, judged_before),
        )
        for delivery in work.new
    ]


def check(delivery_outcomes: Iterable[DeliveryOutcome], shares: Shares, like: CheckResult) -> CheckResult:
    """The worst of them: `failing` counts the refused records of all deliveries above the limit."""
    delivery_outcomes = [each for each in delivery_outcomes if each.is_first]
    failed = [each for each in delivery_outcomes if each.share > shares.fail and _size(each) >= shares.least_records]
    broken = failed or [each for each in delivery_outcomes if each.share > shares.warn]
    severity = Severity.ERROR if failed or not broken else Severity.WARN
    failing = sum(each.refused for each in broken)
    return replace(like, name=QUARANTINE_RATE, severity=severity, passed=not broken, failing=failing)


def _size(each: DeliveryOutcome) -> int:
    return each.records + each.rejects


def _is_first(delivery: str, ledger: dict[str, Any], work: Pending, judged_before: dt.datetime | None) -> bool:
    if judged_before is None:
        return True
    if delivery in work.offset_ranges:
        # validated from its first message on: it was validated before
        return work.offset_ranges[delivery][0] >= 0
    return delivery not in ledger or ledger[delivery]["received_at"] > judged_before


def _delivery_outcome(result: DeliveryResult, row: dict[str, Any]) -> DeliveryOutcome:
    rejects, delivered = row.get("rejects", 0), row.get("records", 0)
    refused = result.records - result.accepted - result.waiting
    rejected = rejects / delivered if delivered else 0.0
    # of a source of several kinds each table validates its own, so its share is one of what it was given
    share = rejected + (1 - rejected) * (refused / result.records if result.records else 0.0)
    return DeliveryOutcome(result.delivery, result.records, result.accepted, result.waiting, rejects, share)
