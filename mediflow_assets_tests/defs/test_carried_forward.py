"""Whoever starts a run, it carries an older lake forward before its first step, or names the command that does."""

import shutil

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from mediflow_assets.contracts import house
from mediflow_assets.governance.keys import PseudonymKey
from mediflow_assets.storage.delta import FORMAT
from mediflow_assets.storage.schemas import arrow_schema
from mediflow_assets_tests.older import comparing, story, unpack


@pytest.fixture
def older(new_home):
    """A home with a lake of format 1, under its key."""
    home = new_home()
    (home.settings.secrets / "pseudonym.key").write_bytes(story.SECRET)
    assert PseudonymKey.load(home.settings.secrets).secret == story.SECRET
    unpack(1, home.folder)
    return home


def test_any_job_takes_the_harmless_steps(older):
    assert comparing.formats(older.lake) == {1}
    assert older.run("maintain").is_success
    assert comparing.formats(older.lake) == {FORMAT}


def test_a_run_names_upgrade_where_rows_would_have_to_be_rewritten(older):
    shutil.rmtree(older.lake.uri(house.CHECK_RESULTS))
    schema = arrow_schema(house.CHECK_RESULTS)
    at = schema.get_field_index("rows")
    DeltaTable.create(older.lake.uri(house.CHECK_RESULTS), schema.set(at, pa.field("rows", pa.string())))
    outcome = older.run("maintain")
    assert not outcome.is_success
    assert any("gold/check_results has in another type rows" in error and "mediflow upgrade" in error
               for error in outcome.errors)  # fmt: skip
    assert comparing.formats(older.lake) == {1}
