"""One embedded engine for the whole test run, a lake per test, and builders of deliveries and frames."""

import csv
import datetime as dt
import io
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from mediflow_assets.contracts import bronze, silver
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.governance.keys import PseudonymKey
from mediflow_assets.sources import Feeds
from mediflow_assets.steps import gold, landing
from mediflow_assets.steps import silver as silver_steps
from mediflow_assets.steps.inbox import Inbox
from mediflow_assets.steps.made import Made
from mediflow_assets.steps.reconciliation import reconcile
from mediflow_assets.steps.workbench import Workbench
from mediflow_assets.storage import engine
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.schemas import arrow_schema
from mediflow_assets.storage.tables import Tables

Row = dict[str, Any]

RECEIVED = dt.datetime(2024, 7, 1, 12, tzinfo=dt.UTC)
_ROOM = 1 << 30
KEY = PseudonymKey(bytes(range(32)))

ADMISSION = {
    "patient_id": "P1",
    "encounter_id": "E1",
    "encounter_class": "inpatient",
    "status": "finished",
    "name": "Ada Example",
    "birth_date": "1960-05-01",
    "age": "",
    "gender": "F",
    "department": "CARDIOLOGY",
    "diagnosis_code": "I21.4",
    "admission_date": "2024-01-10",
    "discharge_date": "2024-01-15",
    "discharge_disposition": "home",
    "admission_type": "urgent",
    "blood_pressure": "120/80",
    "cost": "1000.00",
    "payer": "Medicare",
    "zip": "02139",
    "updated_at": "",
}
SYNTHEA_PATIENT = {
    "Id": "P1",
    "BIRTHDATE": "1960-05-01",
    "DEATHDATE": "",
    "FIRST": "Ada",
    "LAST": "Example",
    "GENDER": "F",
    "ADDRESS": "1 Main Street",
    "ZIP": "02139",
}
SYNTHEA_ENCOUNTER = {
    "Id": "E1",
    "START": "2024-01-10T09:00:00Z",
    "STOP": "2024-01-15T10:00:00Z",
    "PATIENT": "P1",
    "ENCOUNTERCLASS": "inpatient",
    "CODE": "183452005",
    "DESCRIPTION": "Emergency hospital admission",
    "BASE_ENCOUNTER_COST": "100.00",
    "TOTAL_CLAIM_COST": "1000.00",
    "REASONCODE": "22298006",
    "REASONDESCRIPTION": "Myocardial infarction",
}
SYNTHEA_CONDITION = {
    "START": "2024-01-10",
    "STOP": "2024-02-10",
    "PATIENT": "P1",
    "ENCOUNTER": "E1",
    "CODE": "22298006",
    "DESCRIPTION": "Myocardial infarction",
}


def pytest_configure(config: pytest.Config) -> None:
    """The embedded engine logs much on its own; only its errors are of use here."""
    os.environ.setdefault("RUST_LOG", "error")


@pytest.fixture(scope="session")
def session() -> Iterator[Any]:
    """The one engine session of the test run."""
    from pyspark.sql import SparkSession

    builder: Any = SparkSession.builder.remote(engine.embedded_url())
    session = builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    yield session
    session.stop()
    engine.stop_embedded()


@pytest.fixture(scope="session")
def quick_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for whole homes, in memory where there is room: Dagster syncs each event, which takes half of a run."""
    memory = Path("/dev/shm")
    if not memory.is_dir() or not os.access(memory, os.W_OK) or shutil.disk_usage(memory).free < _ROOM:
        yield tmp_path_factory.mktemp("homes")
        return
    with tempfile.TemporaryDirectory(prefix="mediflow-", dir=memory, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def csv_text(defaults: Row, rows: tuple[Row, ...]) -> str:
    """CSV of the rows, each laid over the defaults; columns that no default has are added."""
    names = list(dict.fromkeys([*defaults, *(name for row in rows for name in row)]))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(defaults | row for row in rows)
    return text.getvalue()


def _builder(defaults: Row) -> Callable[..., str]:
    return lambda *rows: csv_text(defaults, rows)


@pytest.fixture
def admissions() -> Callable[..., str]:
    """CSV of flat admissions: one record for each mapping of changed fields."""
    return _builder(ADMISSION)


@pytest.fixture
def synthea_patients() -> Callable[..., str]:
    """CSV of Synthea's patients."""
    return _builder(SYNTHEA_PATIENT)


@pytest.fixture
def synthea_encounters() -> Callable[..., str]:
    """CSV of Synthea's encounters."""
    return _builder(SYNTHEA_ENCOUNTER)


@pytest.fixture
def synthea_conditions() -> Callable[..., str]:
    """CSV of Synthea's conditions."""
    return _builder(SYNTHEA_CONDITION)


@pytest.fixture
def corrections() -> Callable[..., str]:
    """CSV of corrections: `_delivery_id`, `_record_number` and the fields to change."""
    return _builder({})


@dataclass(frozen=True)
class House:
    """A hospital's lake and inbox in a folder, with the engine to make its tables."""

    folder: Path
    session: Any = field(repr=False)
    feeds: Feeds = field(default_factory=Feeds)
    key: PseudonymKey = KEY

    @property
    def lake(self) -> Lake:
        return Lake(str(self.folder / "lake"))

    @property
    def inbox(self) -> Inbox:
        return Inbox(self.folder / "inbox", self.feeds)

    @property
    def bench(self) -> Workbench:
        return Workbench(Tables(self.lake, lambda: self.session), self.key, self.feeds, "test")

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

    def make_silver(self, *tables: silver_steps.Judged) -> list[Made]:
        """Make the Silver tables in order, all of them unless some are named."""
        return [silver_steps.make(self.bench, table) for table in tables or silver_steps.ALL]

    def make_gold(self) -> list[Made]:
        """Make every Gold and masked table in order."""
        return [gold.make(self.bench, recipe) for recipe in (*gold.GOLD, *gold.MASKED)]

    def rows(self, contract: TableContract, *columns: str) -> list[Row]:
        """A table's rows, in an order that depends on their content only."""
        found = self.lake.read(contract, list(columns) or None).to_pylist()
        return sorted(found, key=lambda row: [str(value) for value in row.values()])

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

    def with_feeds(self, feeds: Feeds) -> "House":
        """The same lake with feeds of its own."""
        return replace(self, feeds=feeds)

    def assert_balanced(self) -> None:
        """Each record that was judged is accepted or stands in quarantine, never both and never neither."""
        held: Counter[tuple[str, str]] = Counter()
        for row in self.rows(silver.QUARANTINE, "target_table", "_delivery_id"):
            held[row["target_table"], row["_delivery_id"]] += 1
        for row in self.rows(silver.PROCESSED):
            assert row["records"] == row["accepted"] + row["quarantined"]
            assert row["quarantined"] == held[row["target_table"], row["_delivery_id"]]
        assert [row for row in reconcile(self.lake) if not row["balanced"]] == []


@pytest.fixture(scope="session")
def open_house(session: Any) -> Callable[[Path], House]:
    """An empty hospital in a folder of choice, for tables that several tests share."""
    return lambda folder: House(folder, session)


@pytest.fixture
def house(tmp_path: Path, session: Any) -> House:
    """An empty hospital."""
    return House(tmp_path / "house", session)


@pytest.fixture
def bench(house: House) -> Workbench:
    """The tools of a run over the house's lake."""
    return house.bench


@pytest.fixture
def deliver(house: House) -> Callable[..., str]:
    """Lands CSV text as a delivery; gives its id."""
    return house.deliver


@pytest.fixture
def rows(house: House) -> Callable[..., list[Row]]:
    """Reads a table of the house as mappings."""
    return house.rows


SILVER_DEFAULTS: dict[str, Row] = {
    "silver/encounters": {
        "encounter_id": "E1",
        "patient_id": "P1",
        "source_system": "admissions",
        "encounter_class": "inpatient",
        "status": "finished",
        "department": "CARDIOLOGY",
        "admitted_at": dt.datetime(2024, 1, 10, tzinfo=dt.UTC),
        "gender": "F",
        "updated_at": RECEIVED,
    },
    "silver/patients": {
        "patient_id": "P1",
        "source_system": "admissions",
        "gender": "F",
        "updated_at": RECEIVED,
    },
}


@pytest.fixture
def frame(session: Any) -> Callable[..., Any]:
    """A DataFrame of a contract's shape from mappings of what differs from a plain row."""

    def _frame(contract: TableContract, *given: Row, extra: pa.Schema | None = None) -> Any:
        schema = pa.unify_schemas([arrow_schema(contract), extra or pa.schema([])])
        schema = pa.schema([field.with_nullable(True) for field in schema])
        defaults = SILVER_DEFAULTS.get(contract.name, {})
        built = [defaults | row for row in given]
        for row in built:
            for id_, key in (("patient_id", "patient_key"), ("encounter_id", "encounter_key")):
                if key in schema.names:
                    row.setdefault(key, row.get(id_))
        return session.createDataFrame(pa.Table.from_pylist(built, schema=schema))

    return _frame


@pytest.fixture
def encounters(frame: Callable[..., Any]) -> Callable[..., Any]:
    """A frame of Silver encounters; keys are the ids themselves unless given."""
    return lambda *given: frame(silver.ENCOUNTERS, *given)


@pytest.fixture
def read_texts(session: Any) -> Callable[..., dict[str, Any]]:
    """Applies column expressions to texts, in one pass: text → one value for each expression."""

    def _read(texts: list[str | None], **expressions: Any) -> dict[str | None, Row]:
        table = pa.table({"_n": range(len(texts)), "text": pa.array(texts, pa.string())})
        made = session.createDataFrame(table).select("_n", *(c.alias(name) for name, c in expressions.items()))
        found = {row["_n"]: row.asDict() for row in made.collect()}
        return {text: {name: found[n][name] for name in expressions} for n, text in enumerate(texts)}

    return _read
