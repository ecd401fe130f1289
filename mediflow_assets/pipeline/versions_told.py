"""What a run's deliveries were to a Silver table, checked: all accepted records are told of, and few contradict."""

from collections.abc import Iterable
from dataclasses import replace

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.table import Severity, TableContract
from mediflow_assets.contracts.versions import MOST_CONFLICTS
from mediflow_assets.pipeline.checks import CONFLICTS, VERSIONS, CheckResult
from mediflow_assets.pipeline.delivery_results import DeliveryResult
from mediflow_assets.transforms.fold import CONFLICTING, NEW


def check(
    contract: TableContract, results: Iterable[DeliveryResult], new: Iterable[str], like: CheckResult
) -> list[CheckResult]:
    """Whether the outcomes of each new delivery are as many as its accepted records, and whether many conflict."""
    if contract.name not in silver.VERSIONS:
        return []
    new = frozenset(new)
    mine = [result for result in results if result.delivery in new]
    untold = sum(result.untold for result in mine)
    conflicts = sum(result.outcomes.get(CONFLICTING, 0) for result in mine if _contradicts(result))
    return [
        replace(like, name=VERSIONS, severity=Severity.ERROR, passed=untold == 0, failing=untold),
        replace(like, name=CONFLICTS, severity=Severity.WARN, passed=conflicts == 0, failing=conflicts),
    ]


def _contradicts(result: DeliveryResult) -> bool:
    touching = sum(result.outcomes.values()) - result.outcomes.get(NEW, 0)
    return result.outcomes.get(CONFLICTING, 0) > MOST_CONFLICTS * touching
