"""What a run's deliveries were to a Silver table, checked: all accepted records are told of, and few contradict."""

from collections.abc import Iterable
from dataclasses import replace

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.table import Severity, TableContract
from mediflow_assets.contracts.versions import OUTCOMES, contradicts
from mediflow_assets.pipeline.checks import CONFLICTS, VERSIONS, CheckResult
from mediflow_assets.pipeline.delivery_results import DeliveryResult
from mediflow_assets.pipeline.folding import Outcomes
from mediflow_assets.pipeline.pending import Pending
from mediflow_assets.transforms.fold import CONFLICTING, SAME


def check(
    contract: TableContract, results: Iterable[DeliveryResult], new: Iterable[str], like: CheckResult
) -> list[CheckResult]:
    """Whether the outcomes of each new delivery are as many as its accepted records, and whether many conflict."""
    if contract.name not in silver.VERSIONS:
        return []
    new = frozenset(new)
    mine = [result for result in results if result.delivery in new]
    untold = sum(result.untold for result in mine)
    conflicts = sum(result.outcomes.get(CONFLICTING, 0) for result in mine if contradicts(_counts(result)))
    return [
        replace(like, name=VERSIONS, severity=Severity.ERROR, passed=untold == 0, failing=untold),
        replace(like, name=CONFLICTS, severity=Severity.WARN, passed=conflicts == 0, failing=conflicts),
    ]


def told(result: DeliveryResult, outcomes: Outcomes, work: Pending) -> DeliveryResult:
    """The result with what its records were to the table; of a partition what was sent again is the same, and so is
    what says nothing of its encounter."""
    counts = outcomes.get(result.delivery, {})
    if result.delivery in work.offset_ranges or result.delivery in work.of_parts:
        counts = counts | {SAME: counts.get(SAME, 0) + result.accepted - sum(counts.values())}
    return replace(result, outcomes=counts)


def _counts(result: DeliveryResult) -> dict[str, int]:
    return {outcome: result.outcomes.get(outcome, 0) for outcome in OUTCOMES}
