"""A hospital's lake and inbox in a folder, with the engine to make its tables."""

import datetime as dt
import shutil
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mediflow_assets.contracts import TABLES, bronze, silver
from mediflow_assets.contracts.omop.choice import Choice
from mediflow_assets.contracts.omop.ids import number_of
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.defs.operational import OPERATIONAL
from mediflow_assets.ingest import landing
from mediflow_assets.ingest.inbox import Inbox
from mediflow_assets.ml import risk_scores
from mediflow_assets.pipeline import damage, gold, merged, operational_tables, rebuild, upgrade
from mediflow_assets.pipeline import silver as silver_steps
from mediflow_assets.pipeline.omop import make as omop_step
from mediflow_assets.pipeline.omop.tables import TABLES as OMOP_TABLES
from mediflow_assets.pipeline.reconciliation import reconcile
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.pipeline.step_result import StepResult
from mediflow_assets.secrets.pseudonym_key import PseudonymKey
from mediflow_assets.sources import Feeds
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.engine import MOST_ROWS_AT_ONCE
from mediflow_assets.storage.tables import Tables
from mediflow_assets.streaming import alerts_table
from mediflow_assets.streaming.status_table import status_table

Row = dict[str, Any]

RECEIVED = dt.datetime(2024, 7, 1, 12, tzinfo=dt.UTC)
KEY = PseudonymKey(bytes(range(32)))
EVERY = frozenset(TABLES)
"""What a run of all tables makes and uses."""


@dataclass(frozen=True)
class House:
    """A hospital's lake and inbox in a folder, with the engine to make its tables."""

    folder: Path
    session: Any = field(repr=False)
    feeds: Feeds = field(default_factory=Feeds)
    key: PseudonymKey = KEY
    omop: Choice = field(default_factory=Choice)
    period: str | None = None
    rows_at_once: int = MOST_ROWS_AT_ONCE

    @property
    def lake(self) -> Lake:
        return Lake(str(self.folder / "lake"))

    @property
    def inbox(self) -> Inbox:
        return Inbox(self.folder / "inbox", self.feeds)

    @property
    def context(self) -> RunContext:
        return RunContext(
            Tables(self.lake, lambda: self.session, self.rows_at_once),
            self.key,
            self.feeds,
            "test",
            omop=self.omop,
            period=self.period,
        )

    def receive(self, text: str | bytes, received_at: dt.datetime = RECEIVED, name: str = "delivery.csv") -> str:
        """Put a file into the inbox; gives the delivery's id."""
        dropped = self.folder / "dropped"
        dropped.mkdir(parents=True, exist_ok=True)
        file = dropped / name
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return self.inbox.receive(file, received_at)[0].delivery_id

    def deliver(self, text: str | bytes, received_at: dt.datetime = RECEIVED, name: str = "delivery.csv") -> str:
        """Put a file into the inbox and land it; gives the delivery's id."""
        delivery_id = self.receive(text, received_at, name)
        self.land()
        return delivery_id

    def land(self) -> list[landing.Landed]:
        """Land what waits in the inbox."""
        return landing.land_all(self.lake, self.inbox)

    def make_silver(self, *tables: silver_steps.SilverTable) -> list[StepResult]:
        """Make the Silver tables in order, all of them unless some are named; with all, who is merged beforehand."""
        made = []
        is_told = bool(tables)
        for table in tables or silver_steps.ALL:
            if table.have_owners and not is_told:
                made.append(merged.make(self.context))
                is_told = True
            made.append(silver_steps.make(self.context, table))
        return made

    def make_gold(self) -> list[StepResult]:
        """Make every Gold and masked table in order."""
        marts = [gold.make(self.context, build) for build in gold.GOLD]
        beside = [alerts_table.make(self.context, "encounter-events", False), risk_scores.make(self.context)]
        return [*marts, *beside, *(gold.make(self.context, build) for build in gold.MASKED)]

    def make_omop(self) -> list[StepResult]:
        """Make every OMOP table in order."""
        return [omop_step.make(self.context, table) for table in OMOP_TABLES]

    def run(self, job: str = "refresh") -> None:
        """What a run does from the inbox on; none of the tables' checks may stop it."""
        damage.put_right(self.lake, EVERY, EVERY, job == damage.REBUILD)
        upgrade.carry_forward(self.lake, self.folder)
        self.land()
        for validated in silver.VALIDATED if job == damage.REBUILD else ():
            rebuild.ask(self.lake, validated)
        made = [*self.make_silver(), *self.make_gold()]
        made += [operational_tables.make(self.context, own) for own in (*OPERATIONAL, status_table("off", {}))]
        assert [each.contract.name for each in made if each.has_failed] == []

    def bring(self, text: str) -> None:
        """Deliver a file and make every table from it; none of their checks may stop it."""
        self.deliver(text)
        assert not any(made.has_failed for made in (*self.make_silver(), *self.make_gold()))

    def rows(self, contract: TableContract, *columns: str) -> list[Row]:
        """A table's rows, in an order that depends on their content only. What is not told is null in Silver, by
        whatever source."""
        found = self.lake.read(contract, list(columns) or None).to_pylist()
        empty = {name for row in found for name, value in row.items() if value == ""}
        assert not empty or contract.key[0] != "silver", f"{contract.name}: empty texts in {', '.join(sorted(empty))}"
        return sorted(found, key=lambda row: [str(value) for value in row.values()])

    def number(self, pseudonym: str) -> int:
        """What stands for a pseudonym in the OMOP tables."""
        return number_of(self.key.of_omop(pseudonym))

    def row(self, contract: TableContract, **wanted: Any) -> Row:
        """The one row with these values."""
        found = [row for row in self.rows(contract) if all(row[name] == value for name, value in wanted.items())]
        assert len(found) == 1, f"{contract.name}: {len(found)} rows with {wanted}"
        return found[0]

    def reasons(self, contract: TableContract) -> dict[tuple[str, int], list[str]]:
        """Why records stand in quarantine before a Silver table, by delivery and record."""
        held = [row for row in self.rows(silver.QUARANTINE) if row["target_table"] == contract.name]
        return {(row["_delivery_id"], row["_record_number"]): row["reasons"] for row in held}

    def everything(self) -> dict[str, list[Row]]:
        """Every Bronze and Silver table, row for row."""
        return {contract.name: self.rows(contract) for contract in (*bronze.TABLES, *silver.TABLES)}

    def copy(self, name: str) -> "House":
        """The same house, as it stands, in a folder beside this one."""
        twin = self.folder.with_name(name)
        shutil.copytree(self.folder, twin)
        return replace(self, folder=twin)

    def with_key(self, secret: bytes) -> "House":
        """The same lake under another pseudonym key."""
        return replace(self, key=PseudonymKey(secret))

    def choosing(self, omop: Choice) -> "House":
        """The same lake with another choice for its OMOP tables."""
        return replace(self, omop=omop)

    def within(self, period: str | None) -> "House":
        """The same lake in a period in which masked tables are published once."""
        return replace(self, period=period)

    def holding(self, rows_at_once: int) -> "House":
        """The same lake, whose steps hold only so many rows at once."""
        return replace(self, rows_at_once=rows_at_once)

    def with_feeds(self, feeds: Feeds) -> "House":
        """The same lake with feeds of its own."""
        return replace(self, feeds=feeds)

    def assert_balanced(self) -> None:
        """Each record that was validated is accepted or stands in quarantine, never both and never neither."""
        held: Counter[tuple[str, str]] = Counter()
        for row in self.rows(silver.QUARANTINE, "target_table", "_delivery_id"):
            held[row["target_table"], row["_delivery_id"]] += 1
        told: Counter[tuple[str, str]] = Counter()
        for row in self.rows(silver.PROCESSED):
            assert row["records"] == row["accepted"] + row["quarantined"]
            told[row["target_table"], row["_delivery_id"]] += row["quarantined"]
        assert +told == held
        assert [row for row in reconcile(self.lake) if not row["balanced"]] == []
