"""What a step reports: figures only, never a row's value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline.checks import CheckResult
from mediflow_assets.pipeline.quarantine_rate import DeliveryOutcome


@dataclass(frozen=True)
class StepResult:
    """One table after one step: whether anything was written, its size, its checks, and figures of the work."""

    contract: TableContract
    rows: int
    version: int
    is_unchanged: bool = False
    checks: list[CheckResult] = field(default_factory=list)
    figures: Mapping[str, int | str] = field(default_factory=dict)
    delivery_outcomes: Sequence[DeliveryOutcome] = ()
    """How the deliveries fared that were validated."""

    @property
    def has_failed(self) -> bool:
        """Whether a blocking check does not hold."""
        return any(not check.passed and check.severity == "error" for check in self.checks)
