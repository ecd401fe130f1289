"""What became of each delivery: how many of its accepted records are rows of Silver, counted by hand."""

import datetime as dt

from mediflow_assets.contracts import silver
from mediflow_assets.pipeline.reconciliation import reconcile
from mediflow_assets_tests.house import RECEIVED

LATER = RECEIVED + dt.timedelta(days=1)


def newest_of(house, table):
    """Delivery → accepted, newest."""
    return {row["delivery"]: (row["accepted"], row["newest"]) for row in reconcile(house.lake) if row["table"] == table}


def test_older_versions_and_repeats_count_as_accepted_but_not_as_newest(house, admissions):
    first = house.deliver(
        admissions({"encounter_id": "E1"}, {"encounter_id": "E1"}, {"encounter_id": "E2"}, {"encounter_id": "E3"})
    )
    house.make_silver()
    assert newest_of(house, silver.ENCOUNTERS.name) == {first[:12]: (4, 3)}
    second = house.deliver(admissions({"encounter_id": "E2", "cost": "7.00"}, {"encounter_id": "E4"}), LATER)
    house.make_silver()
    assert newest_of(house, silver.ENCOUNTERS.name) == {first[:12]: (4, 2), second[:12]: (2, 2)}


def test_what_bronze_receives_has_no_newest(house, admissions):
    house.deliver(admissions({}))
    house.make_silver()
    assert set(newest_of(house, "bronze/admissions").values()) == {(1, None)}
