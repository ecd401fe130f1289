"""A run over damaged tables ends with the sentence that names the table and the way out."""

import re
from pathlib import Path

import dagster as dg
import pytest

from mediflow_assets.contracts import TABLES, bronze, gold, silver
from mediflow_assets.definitions import build_defs
from mediflow_assets.defs.launching import chosen
from mediflow_assets.pipeline import damage
from mediflow_assets.settings import Settings
from mediflow_assets.storage.purge import DAMAGED
from mediflow_assets_tests.breaking import HIDDEN, PLAIN

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("kind", ["a file cut short", *HIDDEN])
def test_the_error_of_a_run_names_the_damaged_table_and_the_way_out(older_home, kind):
    (PLAIN | HIDDEN)[kind](older_home.lake, bronze.ADMISSIONS)
    outcome = older_home.run()
    assert not outcome.is_success
    assert any(e.startswith("bronze/admissions is damaged") and "mediflow restore" in e for e in outcome.errors)


def test_a_run_of_some_tables_leaves_every_other_damaged_one_where_it_is(older_home):
    lost, broken = gold.READMISSIONS, silver.ENCOUNTERS
    PLAIN["the log gone"](older_home.lake, lost)
    masked = older_home.run(select=f"masked/{lost.key[1]}")
    assert any(error.startswith(f"{lost.name} is damaged") for error in masked.errors)
    PLAIN["garbage in the log"](older_home.lake, broken)
    rebuilt = older_home.run(damage.REBUILD, select=lost.name)
    assert any(error.startswith(f"{broken.name} is damaged") for error in rebuilt.errors)
    assert not masked.is_success and not rebuilt.is_success
    assert not (Path(older_home.lake.root) / DAMAGED).exists()


def test_the_way_out_for_one_gold_table_makes_it_anew(older_home):
    table = gold.DEPARTMENT_COSTS
    HIDDEN["other bytes in a file"](older_home.lake, table)
    assert older_home.run(damage.REBUILD, select=table.name).is_success
    assert damage.damaged_tables(older_home.lake, deep=True) == []
    assert [path.name for path in (Path(older_home.lake.root) / DAMAGED).glob("*/*")] == [table.key[1]]


@pytest.fixture(scope="module")
def defs(tmp_path_factory) -> dg.Definitions:
    return build_defs(Settings(home=tmp_path_factory.mktemp("graph"), omop=True))


@pytest.mark.parametrize("is_plain", [True, False])
@pytest.mark.parametrize("name", TABLES)
def test_the_way_out_that_is_told_of_each_table_is_a_run_that_makes_it_anew_or_a_backup(defs, name, is_plain):
    told = str(damage.Damaged(TABLES[name], "", is_plain))
    runs = re.findall(r"'mediflow run(?: --job (\w+))?(?: --select (\S+))?'", told)
    assert runs or "'mediflow restore'" in told
    for job, select in runs[:1]:
        of_job = {
            key.to_user_string() for key in defs.resolve_job_def(job or "refresh").asset_layer.selected_asset_keys
        }
        keys = {key.to_user_string() for key in chosen(select, defs)} if select else of_job
        assert keys <= of_job and name in damage.made_anew(frozenset(keys), job == damage.REBUILD)
