"""`mediflow maintain`: fewer files, the same rows."""

from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

from mediflow_assets.contracts import silver
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.lease import lake_lease
from mediflow_assets.storage.maintenance import maintain

Run = Callable[..., Result]

Put = Callable[..., None]


def files(lake: Lake) -> int:
    """Data files on disk of the quarantine."""
    return len(list(Path(lake.uri(silver.QUARANTINE)).glob("*.parquet")))


def test_small_files_are_joined_and_no_row_changes(lake: Lake, quarantine: Put) -> None:
    quarantine("open")
    quarantine("waiting", "open")
    before = sorted(map(str, lake.read(silver.QUARANTINE).to_pylist()))
    assert [(t.table, t.files_before, t.files_after) for t in maintain(lake, 1)] == [("silver/quarantine", 2, 1)]
    assert sorted(map(str, lake.read(silver.QUARANTINE).to_pylist())) == before


def test_young_versions_are_kept_and_old_ones_removed(lake: Lake, quarantine: Put) -> None:
    quarantine("open")
    quarantine("open")
    maintain(lake, 1)
    assert files(lake) == 3
    assert maintain(lake, 0)[0].removed == 2
    assert files(lake) == 1


def test_a_tidy_table_gets_no_new_version(lake: Lake, quarantine: Put) -> None:
    quarantine("open")
    maintain(lake, 1)
    assert lake.version(silver.QUARANTINE) == 1


def test_a_damaged_table_does_not_keep_the_others_from_it(
    mediflow: Run, lake: Lake, quarantine: Put, checked: Put
) -> None:
    quarantine("open")
    checked(True)
    for log in Path(lake.uri(silver.QUARANTINE)).glob("_delta_log/*.json"):
        log.write_text("P-SECRET")
    done = mediflow("maintain")
    assert done.exit_code == 1 and "gold/check_results\t1\t1\t0\t-" in done.stdout and "P-SECRET" not in done.output


def test_maintenance_waits_for_no_one(mediflow: Run, home: Path) -> None:
    with lake_lease(home / "lake.lock", "run 7"):
        assert mediflow("maintain").exit_code == 1
