"""What every step is given: the lake, the engine, the key, the feeds."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pyspark.sql import DataFrame

from mediflow_assets.contracts import bronze
from mediflow_assets.contracts.omop.choice import Choice
from mediflow_assets.contracts.shares import Shares
from mediflow_assets.contracts.source import LINE_GRAIN
from mediflow_assets.contracts.vocabulary import OPEN_STAY_DAYS
from mediflow_assets.identity.prediction_log import PredictionLog
from mediflow_assets.secrets.pseudonym_key import PseudonymKey
from mediflow_assets.sources import Feed, Feeds
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.tables import Tables
from mediflow_assets.transforms.pseudonyms import hmac_pads_frame


@dataclass(frozen=True)
class RunContext:
    """One run's tools. `run_id` names it in `gold/check_results`."""

    tables: Tables
    key: PseudonymKey
    feeds: Feeds
    run_id: str = "by hand"
    requests: PredictionLog | None = None
    """What the gateway was asked; None where there is none to read."""
    shares: Shares = field(default_factory=Shares)
    """How much of a delivery may be refused; all of it unless settings say otherwise."""
    open_stay_days: int = OPEN_STAY_DAYS
    """How long a stay without an end is taken to last at most."""
    omop: Choice = field(default_factory=Choice)
    """What the hospital chose for its OMOP tables."""
    period: str | None = None
    """The period in which masked tables are published once; None: by every run."""
    kept: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """What several steps of one run need, computed once."""

    @property
    def lake(self) -> Lake:
        """The tables' storage."""
        return self.tables.lake

    @property
    def feeds_delivered(self) -> list[Feed]:
        """The feeds of which there are deliveries: each one more makes the plans longer."""
        named = set(self.lake.read(bronze.DELIVERIES, ["feed"])["feed"].to_pylist())
        return [feed for feed in self.feeds.every if feed.name in named]

    @property
    def have_lines(self) -> bool:
        """Whether records of some delivery are charge lines."""
        return any(feed.grain == LINE_GRAIN for feed in self.feeds_delivered)

    @cached_property
    def hmac_pads(self) -> DataFrame:
        """The key's pads as a one-row frame."""
        return hmac_pads_frame(self.tables.session(), self.key.hmac_pads)
