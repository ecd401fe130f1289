"""A damaged table is found and named with the way out; whoever follows it has the same rows again."""

from pathlib import Path

import pytest

from mediflow_assets.contracts import bronze, gold, masked, operational, silver
from mediflow_assets.errors import EngineFailed, TableDamaged
from mediflow_assets.pipeline import damage
from mediflow_assets.pipeline import gold as builds
from mediflow_assets.storage.purge import DAMAGED, remove_staged
from mediflow_assets_tests.breaking import HIDDEN, PLAIN
from mediflow_assets_tests.house import EVERY, House
from mediflow_assets_tests.older import comparing
from mediflow_assets_tests.samples import ADMISSION, csv_text

EACH_ZONE = (bronze.ADMISSIONS, silver.ENCOUNTERS, gold.DEPARTMENT_COSTS, masked.ENCOUNTERS)
WAYS = {
    "bronze": "mediflow restore",
    "silver": "mediflow run --job rebuild",
    "gold": "mediflow run",
    "masked": "mediflow run",
}


@pytest.fixture(scope="module")
def whole(open_house, tmp_path_factory) -> House:
    """A house with every table made."""
    home = open_house(tmp_path_factory.mktemp("whole") / "house")
    home.receive(csv_text(ADMISSION, ({}, {"encounter_id": "E2", "cost": "x"}, {"encounter_id": "E3"})))
    home.run()
    return home


@pytest.fixture
def broken(whole, tmp_path, session) -> House:
    """A copy to break."""
    home = whole.copy(f"{tmp_path.name}-broken")
    assert damage.damaged_tables(home.lake, deep=True) == []
    return home


@pytest.mark.parametrize(
    "contract",
    [pytest.param(table, marks=() if table.key[0] == "silver" else pytest.mark.slow) for table in EACH_ZONE],
    ids=lambda contract: contract.name,
)
@pytest.mark.parametrize("kind", [*PLAIN, *HIDDEN])
def test_every_kind_of_damage_is_found_in_each_zone_and_names_the_way_out(broken, contract, kind):
    (PLAIN | HIDDEN)[kind](broken.lake, contract)
    plain = damage.damaged_tables(broken.lake)
    deep = damage.damaged_tables(broken.lake, deep=True)
    assert [found.contract.name for found in plain] == ([contract.name] if kind in PLAIN else [])
    assert [found.contract.name for found in deep] == [contract.name]
    assert WAYS[contract.key[0]] in str(deep[0])


@pytest.mark.slow
def test_a_run_makes_damaged_gold_and_masked_tables_anew(broken, whole):
    tables = [build.contract for build in (*builds.GOLD, *builds.MASKED) if whole.lake.rows(build.contract)]
    assert len(tables) >= len(PLAIN)
    for contract, break_ in zip(tables, PLAIN.values(), strict=False):
        break_(broken.lake, contract)
    broken.run()
    assert damage.damaged_tables(broken.lake, deep=True) == []
    comparing.assert_same(broken.lake, whole.lake)
    assert (Path(broken.lake.root) / DAMAGED / tables[0].name).is_dir()
    # an erasure clears what was quarantined: the pseudonym of who goes may stand in it
    remove_staged(broken.lake)
    assert not (Path(broken.lake.root) / DAMAGED).exists()


@pytest.mark.slow
def test_a_rebuild_makes_anew_what_only_reading_shows(broken, whole):
    for contract in (silver.PATIENTS, gold.DEPARTMENT_COSTS):
        HIDDEN["other bytes in a file"](broken.lake, contract)
    PLAIN["a file gone"](broken.lake, silver.ENCOUNTERS)
    PLAIN["garbage in the log"](broken.lake, silver.PROCESSED)
    with pytest.raises(TableDamaged, match=r"silver/encounters is damaged .*'mediflow run --job rebuild'"):
        broken.run()
    broken.run(damage.REBUILD)
    assert damage.damaged_tables(broken.lake, deep=True) == []
    comparing.assert_same(broken.lake, whole.lake)
    broken.assert_balanced()


def test_a_run_that_makes_no_tables_sets_none_aside(broken):
    PLAIN["garbage in the log"](broken.lake, gold.DEPARTMENT_COSTS)
    assert damage.put_right(broken.lake, frozenset(), frozenset()) == []
    assert not (Path(broken.lake.root) / DAMAGED).exists()


@pytest.mark.parametrize("is_rebuild", [False, True])
def test_a_run_sets_aside_only_what_it_makes_itself(broken, is_rebuild):
    mine = frozenset({gold.DEPARTMENT_COSTS.name})
    for table in (gold.DEPARTMENT_COSTS, gold.READMISSIONS, silver.PATIENTS, operational.CHECK_RESULTS):
        PLAIN["the log gone"](broken.lake, table)
    assert damage.put_right(broken.lake, mine, mine, is_rebuild) == [gold.DEPARTMENT_COSTS.name]
    for used in (gold.READMISSIONS, silver.PATIENTS, operational.CHECK_RESULTS):
        with pytest.raises(TableDamaged, match=f"^{used.name} is damaged"):
            damage.put_right(broken.lake, mine, mine | {used.name}, is_rebuild)
    assert [path.name for path in (Path(broken.lake.root) / DAMAGED).glob("*/*")] == [gold.DEPARTMENT_COSTS.key[1]]


def test_bronze_is_touched_by_no_job(broken):
    PLAIN["garbage in the log"](broken.lake, bronze.ADMISSIONS)
    for job in ("refresh", damage.REBUILD):
        with pytest.raises(TableDamaged, match=r"bronze/admissions is damaged .*'mediflow restore'"):
            broken.run(job)
    assert Path(broken.lake.uri(bronze.ADMISSIONS)).is_dir() and not (Path(broken.lake.root) / DAMAGED).exists()


def test_a_log_of_the_house_is_begun_anew_by_a_rebuild(broken):
    PLAIN["garbage in the log"](broken.lake, operational.CHECK_RESULTS)
    with pytest.raises(TableDamaged, match="begins it again"):
        damage.put_right(broken.lake, EVERY, EVERY)
    assert damage.put_right(broken.lake, EVERY, EVERY, is_rebuild=True) == [operational.CHECK_RESULTS.name]


def test_a_step_that_fails_by_damage_names_the_table_and_the_way_out(broken):
    HIDDEN["other bytes in a file"](broken.lake, bronze.ADMISSIONS)
    with (
        pytest.raises(TableDamaged, match=r"^bronze/admissions is damaged \(of 1 files 1 is not readable\)"),
        damage.naming_damage(broken.lake, "a step", (bronze.ADMISSIONS,)),
    ):
        broken.lake.read(bronze.ADMISSIONS)


def test_a_step_that_fails_reads_no_other_tables_than_its_own(broken, monkeypatch):
    read = []
    look_at = damage.look_at
    monkeypatch.setattr(damage, "look_at", lambda *of, deep: read.append(of[1]) if deep else look_at(*of))
    PLAIN["a file gone"](broken.lake, silver.PATIENTS)
    with (
        pytest.raises(TableDamaged, match=r"^silver/patients is damaged"),
        damage.naming_damage(broken.lake, "a step", (gold.READMISSIONS, silver.ENCOUNTERS)),
    ):
        raise OSError("canary")
    assert set(read) == {gold.READMISSIONS, silver.ENCOUNTERS}


def test_a_step_that_fails_with_the_storage_tells_what_it_did_itself(broken, monkeypatch):
    def away(*_, **__):
        raise EngineFailed("gold/x: OSError")

    monkeypatch.setattr(damage, "look_at", away)
    with pytest.raises(EngineFailed, match=r"^a step: OSError$"), damage.naming_damage(broken.lake, "a step"):
        raise OSError("canary")


def test_a_step_that_fails_over_sound_tables_says_what_it_did(broken):
    with pytest.raises(Exception, match=r"^a step: KeyError$"), damage.naming_damage(broken.lake, "a step"):
        raise KeyError("canary")
