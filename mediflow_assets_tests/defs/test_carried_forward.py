"""Whoever starts a run, it carries an older lake forward before its first step, or names the command that does."""

import shutil

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from mediflow_assets.contracts import operational
from mediflow_assets.storage.delta import FORMAT
from mediflow_assets.storage.schemas import arrow_schema
from mediflow_assets_tests.older import comparing

pytestmark = pytest.mark.slow


def test_any_job_takes_the_harmless_steps(older_home):
    assert comparing.formats(older_home.lake) == {1}
    assert older_home.run("maintain").is_success
    assert comparing.formats(older_home.lake) == {FORMAT}


def test_a_run_names_upgrade_where_rows_would_have_to_be_rewritten(older_home):
    shutil.rmtree(older_home.lake.uri(operational.CHECK_RESULTS))
    schema = arrow_schema(operational.CHECK_RESULTS)
    at = schema.get_field_index("rows")
    DeltaTable.create(older_home.lake.uri(operational.CHECK_RESULTS), schema.set(at, pa.field("rows", pa.string())))
    outcome = older_home.run("maintain")
    assert not outcome.is_success
    assert any(
        "gold/check_results has in another type rows" in error and "mediflow upgrade" in error
        for error in outcome.errors
    )
    assert comparing.formats(older_home.lake) == {1}
