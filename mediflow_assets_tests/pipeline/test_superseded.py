"""A quarantined version is closed once a later good version of its record is accepted."""

import datetime as dt

import pytest

from mediflow_assets.contracts import silver
from mediflow_assets.pipeline import rebuild
from mediflow_assets.pipeline import silver as steps
from mediflow_assets.pipeline.reconciliation import quarantine_reasons, reconcile
from mediflow_assets.sources import Feeds
from mediflow_assets_tests.house import RECEIVED

ENCOUNTERS = silver.ENCOUNTERS.name
BAD, NEWER, OLDER = {"cost": "a lot"}, {"updated_at": "2024-03-01"}, {"updated_at": "2024-02-01"}
FIRST = (
    {"encounter_id": "ALONE"} | BAD,
    {"encounter_id": "MENDED"} | BAD,
    {"encounter_id": "NEWER-BAD"} | NEWER | BAD,
    {"encounter_id": "NEWER-GOOD"} | NEWER,
    {"encounter_id": "NULL"},
    {"encounter_id": "OF-ANOTHER", "patient_id": "P2"} | BAD,
    {"encounter_id": "MENDED-WITHIN"} | BAD,
    {"encounter_id": "MENDED-WITHIN"},
    {"encounter_id": "SPOILT-WITHIN"},
    {"encounter_id": "SPOILT-WITHIN"} | BAD,
)
SECOND = (
    {"encounter_id": "MENDED"},
    {"encounter_id": "NEWER-BAD"} | OLDER,
    {"encounter_id": "NEWER-GOOD"} | OLDER | BAD,
    {"encounter_id": "OF-ANOTHER"},
)


def bring(house, *texts):
    """Deliver texts, one an hour, and make patients and encounters after each."""
    for hour, text in enumerate(texts):
        house.deliver(text, RECEIVED + dt.timedelta(hours=hour))
        house.make_silver(steps.PATIENTS, steps.ENCOUNTERS)
    house.assert_balanced()


def held(house):
    """The hour and number of each quarantined encounter's record, and its status."""
    rows = [row for row in house.rows(silver.QUARANTINE) if row["target_table"] == ENCOUNTERS]
    return {((row["first_seen_at"] - RECEIVED).seconds // 3600, row["_record_number"]): row["status"] for row in rows}


@pytest.mark.slow
def test_a_later_good_version_of_the_same_record_closes_a_bad_one(house, admissions):
    bring(house, admissions(*FIRST), admissions(*SECOND))
    closed = dict.fromkeys(((0, 2), (0, 7), (1, 3)), "superseded")
    left = dict.fromkeys(((0, 1), (0, 3), (0, 5), (0, 6), (0, 10)), "open")
    assert held(house) == closed | left
    sums = [(r["accepted"], r["quarantined"]) for r in reconcile(house.lake) if r["table"] == ENCOUNTERS]
    assert sorted(sums) == [(3, 1), (3, 7)]
    told = [(row["status"], row["records"]) for row in quarantine_reasons(house.lake)]
    assert ("superseded", 3) in told
    steps.make(house.context, steps.ENCOUNTERS, lambda row: True)
    assert held(house) == closed | left
    rebuild.ask(house.lake, silver.ENCOUNTERS)
    house.make_silver(steps.ENCOUNTERS)
    assert held(house) == closed | left


def test_lines_of_one_delivery_are_no_versions_of_each_other(house, admissions, tmp_path):
    file = tmp_path / "sources.toml"
    file.write_text('[feeds.billing]\nmatch = ["cost"]\ngrain = "line"\n')
    first = ({"encounter_id": "E1"} | BAD, {"encounter_id": "E1"}, {"encounter_id": "E2"} | BAD, {"encounter_id": "E2"})
    bring(house.with_feeds(Feeds.load(file)), admissions(*first), admissions({"encounter_id": "E1"}))
    assert held(house) == {(0, 1): "superseded", (0, 3): "open"}
