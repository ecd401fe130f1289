"""Planted merges: read back from the deliveries, they lead every encounter to the patient whom the truth tells."""

import csv
import datetime as dt

import pyarrow.parquet as pq
import pytest

from mediflow_assets.contracts import gold, links, silver
from mediflow_assets.pipeline import gold as gold_steps
from mediflow_assets.synthetic import generate
from mediflow_assets_tests.house import KEY

AFTER = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


@pytest.fixture
def planted(tmp_path):
    generate(tmp_path / "out", 600, 7, merges=20)
    return tmp_path / "out"


def listed(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_merges_are_planted_and_listed(planted):
    told, stand = listed(planted / "deliveries" / "merges.csv"), listed(planted / "truth" / "merges.csv")
    assert len(stand) == 20 and len(told) == 20 + 2 * 5
    assert all(row["merged_patient_id"].replace("DUP_", "PAT_") == row["counts_as"] for row in stand)
    assert [row["action"] for row in told].count("unmerge") == 5


def test_without_merges_there_is_no_delivery_of_them(tmp_path):
    made = generate(tmp_path / "out", 100, 7)
    assert "merges.csv" not in {path.name for path in made.deliveries} and not (made.truth / "merges.csv").exists()


def test_gold_knows_each_encounter_under_the_patient_of_the_truth(planted, house):
    for path in sorted((planted / "deliveries").iterdir()):
        house.receive(path.read_bytes(), AFTER)
    house.land()
    house.make_silver()
    gold_steps.make(house.context, gold_steps.GOLD[0])
    stand = {row["merged_patient_id"]: row["counts_as"] for row in listed(planted / "truth" / "merges.csv")}
    assert {row["merged_id"]: row["survivor_id"] for row in house.rows(links.MERGED_PATIENTS)} == stand
    accepted = {row["encounter_id"]: row["encounter_key"] for row in house.rows(silver.ENCOUNTERS)}
    truth = pq.read_table(planted / "truth" / "encounters.parquet").to_pylist()
    expected = {accepted[row["encounter_id"]]: KEY.pseudonym("patient", row["patient_id"]) for row in truth}
    found = {row["encounter_key"]: row["patient_key"] for row in house.rows(gold.ADMISSION_FEATURES)}
    assert found.items() <= expected.items() and len(found) > 500
