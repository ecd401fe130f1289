"""A load that is worked through in buckets of keys makes the tables that it makes all at once."""

import pytest

from mediflow_assets.contracts import gold, silver
from mediflow_assets.pipeline import buckets
from mediflow_assets.pipeline import gold as gold_steps
from mediflow_assets_tests.older import comparing, story


def test_patients_and_encounters_of_several_versions_are_the_same(house, admissions):
    text = admissions(
        *({"encounter_id": f"E{n}", "patient_id": f"P{n % 4}", "gender": "F"} for n in range(9)),
        *({"encounter_id": f"E{n}", "patient_id": f"P{n % 4}", "updated_at": "2024-06-01"} for n in range(0, 9, 2)),
        {"encounter_id": "E1", "patient_id": "P9"},
        {"encounter_id": "E90", "patient_id": "P9", "cost": "much"},
    )
    house.deliver(text)
    twin = house.copy("twin").holding(3)
    for each in (house, twin):
        assert not any(made.has_failed for made in each.make_silver())
        each.assert_balanced()
    assert twin.everything() == house.everything()
    assert len(house.rows(silver.VERSIONS[silver.ENCOUNTERS.name])) == 10


def test_as_many_buckets_are_made_as_the_rows_at_once_ask_for(house, admissions, monkeypatch):
    house.deliver(admissions(*({"encounter_id": f"E{n}", "patient_id": f"P{n}"} for n in range(7))))
    asked, stage = [], buckets.stage

    def noted(context, table, records, work):
        asked.append(buckets.names(context, table, work))
        return stage(context, table, records, work)

    monkeypatch.setattr(buckets, "stage", noted)
    house.holding(3).make_silver()
    assert ("b0", "b1", "b2") in asked
    assert not any(house.folder.glob("lake/*/_staging/*"))


def test_features_made_for_one_share_of_the_patients_after_the_other_are_the_same(house, admissions):
    days = [f"2024-01-{n:02}" for n in range(1, 16)]
    stays = [{"admission_date": day, "discharge_date": day, "encounter_id": f"E{day}"} for day in days]
    house.deliver(admissions(*(stay | {"patient_id": f"P{n % 5}"} for n, stay in enumerate(stays))))
    house.make_silver()
    twin = house.copy("twin").holding(2)
    for each in (house, twin):
        gold_steps.make(each.context, gold_steps.GOLD[0])
    assert twin.rows(gold.ADMISSION_FEATURES) == house.rows(gold.ADMISSION_FEATURES)
    assert len(twin.rows(gold.ADMISSION_FEATURES)) == 15
    assert not any(twin.folder.glob("lake/*/_staging/*"))


@pytest.mark.slow
def test_all_sources_validated_again_end_in_the_same_rows(open_house, tmp_path_factory):
    whole = open_house(tmp_path_factory.mktemp("whole") / "home").with_feeds(story.FEEDS)
    story.tell(whole.lake, whole.inbox, whole.folder / "lake.lock", whole.folder / "dropped", whole.run)
    whole.run()
    parted = whole.copy("parted").holding(3)
    for house in (whole, parted):
        house.run("rebuild")
    comparing.assert_same(parted.lake, whole.lake)
