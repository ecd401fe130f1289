"""A lake whose tables lie in parts by month has the rows of one whose tables do not."""

import pytest

from mediflow_assets.contracts import TABLES, gold, silver
from mediflow_assets.privacy import leak_scan
from mediflow_assets.storage import months
from mediflow_assets.storage.maintenance import maintain
from mediflow_assets_tests.older import comparing, story

pytestmark = pytest.mark.slow


def tell(house, after_a_run):
    """The story of the older lakes, with something done to the lake after each run."""

    def run():
        house.run()
        after_a_run(house.lake)

    story.tell(house.lake, house.inbox, house.folder / "lake.lock", house.folder / "dropped", run)
    run()
    return house


def tidied(lake):
    assert [each.failure for each in maintain(lake, 0) if each.failure] == []


def parts(house):
    """How many parts each table has that was divided."""
    opened = {name: house.lake.open(contract) for name, contract in TABLES.items() if contract.period}
    return {name: len(found) for name, table in opened.items() if table and (found := months.parts_of(table))}


@pytest.fixture(scope="module")
def whole(open_house, tmp_path_factory):
    return tell(open_house(tmp_path_factory.mktemp("whole") / "home").with_feeds(story.FEEDS), lambda lake: None)


@pytest.fixture(scope="module")
def divided(open_house, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(months, "FEWEST_ROWS", 5)
        yield tell(open_house(tmp_path_factory.mktemp("divided") / "home").with_feeds(story.FEEDS), tidied)


def test_runs_corrections_and_events_end_in_the_same_rows(whole, divided):
    assert parts(divided).keys() >= {silver.ENCOUNTERS.name, gold.ADMISSION_FEATURES.name, gold.READMISSIONS.name}
    assert parts(whole) == {}
    comparing.assert_same(divided.lake, whole.lake)
    comparing.assert_as_contracted(divided.lake)


def test_the_leak_scan_finds_no_column_in_a_part(divided):
    assert not leak_scan.make(divided.context, divided.folder, leak_scan.FULL).has_failed


def test_to_validate_it_all_again_ends_in_the_same_rows(divided, whole):
    again, wanted = divided.copy("again"), whole.copy("wanted")
    for house in (again, wanted):
        house.run("rebuild")
    comparing.assert_same(again.lake, wanted.lake)
