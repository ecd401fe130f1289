"""How much of a delivery may be refused. Standard library only."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shares:
    """Which share of a delivery may be refused before the check warns, and before it fails. It fails only from so many
    records on: of a delivery of three one is a third."""

    warn: float = 1.0
    fail: float = 1.0
    least_records: int = 20
