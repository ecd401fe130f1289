"""`mediflow upgrade` says what it will do before it does it; `doctor` tells that there is something to do."""

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from mediflow_assets.cli import running
from mediflow_assets.contracts import bronze, operational, silver
from mediflow_assets.storage.delta import FORMAT
from mediflow_assets.storage.schemas import arrow_schema


@pytest.fixture
def older(lake, mediflow, monkeypatch):
    """A home with a table of format 1 in Silver, and one whose count was a text."""
    mediflow("init")
    DeltaTable.create(lake.uri(silver.PATIENTS), arrow_schema(silver.PATIENTS))
    results = arrow_schema(operational.CHECK_RESULTS)
    at = results.get_field_index("failing")
    DeltaTable.create(lake.uri(operational.CHECK_RESULTS), results.set(at, pa.field("failing", pa.string())))
    runs: list[str] = []
    monkeypatch.setattr(running, "launch", lambda job, **_: runs.append(job) or 0)
    return runs


def changed(lake):
    return lake.difference(operational.CHECK_RESULTS).changed


def test_it_says_what_it_would_do_and_does_nothing_when_asked_to_try(older, lake, mediflow):
    said = mediflow("upgrade", "--dry-run")
    assert said.exit_code == 0 and "format 1 to 2" in said.output
    assert "gold/check_results" in said.output and "failing" in said.output
    assert changed(lake) == ("failing",) and older == []


def test_it_asks_before_it_does_it(older, lake, mediflow):
    assert mediflow("upgrade", piped="no\n").exit_code == 1
    assert changed(lake) == ("failing",) and older == []
    assert mediflow("upgrade", piped="upgrade\n").exit_code == 0
    assert changed(lake) == () and older == ["refresh"]


def test_a_home_of_today_has_nothing_to_upgrade(lake, mediflow):
    mediflow("init")
    lake.ensure(silver.PATIENTS)
    assert "nothing to do" in mediflow("upgrade").output


def test_doctor_tells_of_older_tables_and_of_the_way_out(older, lake, mediflow):
    said = mediflow("doctor").output
    assert "format 1 to 2" in said and "Run 'mediflow upgrade'" in said
    mediflow("upgrade", "--yes")
    assert "format 1 to 2" not in mediflow("doctor").output


def test_bronze_keeps_a_column_that_its_contract_gave_up(lake, mediflow):
    mediflow("init")
    schema = arrow_schema(bronze.REJECTS).append(pa.field("given_up", pa.string()))
    row = {"source": "admissions", "reason": "r", "raw": b"x", "_delivery_id": "d", "_record_number": 1}
    DeltaTable.create(
        lake.uri(bronze.REJECTS), schema, configuration={"mediflow.format": str(FORMAT)}, raise_if_key_not_exists=False
    )
    lake.append_rows(bronze.REJECTS, [row])
    assert "nothing to do" in mediflow("upgrade").output
    assert lake.read(bronze.REJECTS)["reason"].to_pylist() == ["r"]
    assert "given_up" in [field.name for field in lake.open(bronze.REJECTS).schema().fields]
