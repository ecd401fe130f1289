"""One embedded engine for the whole test run, a lake per test, and builders of deliveries and frames."""

import datetime as dt
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.errors import ContractViolated
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.storage import engine, tables
from mediflow_assets.storage.schemas import arrow_schema
from mediflow_assets.streaming import alerts_table
from mediflow_assets_tests.house import RECEIVED, House
from mediflow_assets_tests.samples import (
    ADMISSION,
    MERGE,
    SYNTHEA_CONDITION,
    SYNTHEA_ENCOUNTER,
    SYNTHEA_PATIENT,
    csv_text,
)

Row = dict[str, Any]

_ROOM = 1 << 30


def pytest_configure(config: pytest.Config) -> None:
    """The embedded engine logs much on its own; only its errors are of use here."""
    os.environ.setdefault("RUST_LOG", "error")


@pytest.fixture(scope="session")
def every_column_is_computed() -> Iterator[None]:
    """A column that may be empty is written empty where a frame lacks it: here that is a mistake of the step."""
    conform = tables.conform

    def strictly(frame: Any, contract: TableContract) -> Any:
        if lacking := set(contract.column_names) - set(frame.columns):
            raise ContractViolated(f"{contract.name}: the frame lacks {', '.join(sorted(lacking))}.")
        return conform(frame, contract)

    with pytest.MonkeyPatch.context() as patched:
        for module in (tables, alerts_table):
            patched.setattr(module, "conform", strictly)
        yield


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """What one test's command closed to others is not closed in the next: PostgreSQL runs as a user of its own."""
    os.umask(0o022)


@pytest.fixture(scope="session")
def session(every_column_is_computed: None) -> Iterator[Any]:
    """The one engine session of the test run."""
    from pyspark.sql import SparkSession

    builder: Any = SparkSession.builder.remote(engine.embedded_url())
    # without the place of each call in the code, which costs a twelfth of a run and which no error of ours tells
    builder = builder.config("spark.python.sql.dataFrameDebugging.enabled", "false")
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
def merges() -> Callable[..., str]:
    """CSV of merges."""
    return _builder(MERGE)


@pytest.fixture
def corrections() -> Callable[..., str]:
    """CSV of corrections: `_delivery_id`, `_record_number` and the fields to change."""
    return _builder({})


@pytest.fixture(scope="session")
def open_house(session: Any) -> Callable[[Path], House]:
    """An empty hospital in a folder of choice, for tables that several tests share."""
    return lambda folder: House(folder, session)


@pytest.fixture
def house(tmp_path: Path, session: Any) -> House:
    """An empty hospital."""
    return House(tmp_path / "house", session)


@pytest.fixture
def context(house: House) -> RunContext:
    """The tools of a run over the house's lake."""
    return house.context


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
        "id_namespace": "mrn",
        "encounter_id": "E1",
        "patient_id": "P1",
        "source_system": "admissions",
        "encounter_class": "inpatient",
        "status": "finished",
        "department": "CARDIOLOGY",
        "diagnosis_system": "icd10",
        "admitted_at": dt.datetime(2024, 1, 10, tzinfo=dt.UTC),
        "gender": "F",
        "updated_at": RECEIVED,
    },
    "silver/conditions": {
        "id_namespace": "mrn",
        "patient_id": "P1",
        "source_system": "admissions",
        "system": "icd10",
        "onset_precision": "day",
        "updated_at": RECEIVED,
    },
    "silver/patients": {
        "id_namespace": "mrn",
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
        built = [defaults | row for row in given or ({},)]
        for row in built:
            for at, on in (("admitted_at", "admitted_on"), ("discharged_at", "discharged_on")):
                if {at, on} <= set(schema.names):
                    row.setdefault(on, row[at].date() if row.get(at) else None)
            for id_, key in (("patient_id", "patient_key"), ("encounter_id", "encounter_key")):
                if key in schema.names:
                    row.setdefault(key, row.get(id_))
        made = session.createDataFrame(pa.Table.from_pylist(built, schema=schema))
        # no frame can be made of no rows
        return made if given else made.limit(0)

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
