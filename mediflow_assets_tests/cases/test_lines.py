"""Charge lines: told where nobody declared them, added up where a feed says `grain = "line"`."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.operational import CHECK_RESULTS
from mediflow_assets.pipeline import rebuild
from mediflow_assets.pipeline.checks import CONFLICTS
from mediflow_assets.pipeline.reconciliation import reconcile
from mediflow_assets.sources import Feeds

CASE = (Path(__file__).parent / "lines" / "lines__01.csv").read_text()
HEADER, *LINES = CASE.splitlines()
NOW = dt.datetime(2026, 11, 27, 12, tzinfo=dt.UTC)
ENCOUNTERS = silver.ENCOUNTERS.name


def text(*lines):
    return "\n".join([HEADER, *lines]) + "\n"


def line(cost, encounter="VLN1", diagnosis="I50.9"):
    return LINES[0].replace("100.00", cost).replace("VLN1", encounter).replace("I50.9", diagnosis)


@pytest.fixture
def billing(house, tmp_path):
    """A house whose admissions are charge lines."""
    file = tmp_path / "sources.toml"
    file.write_text('[feeds.billing]\nmatch = ["discharge_disposition"]\ngrain = "line"\n')
    return house.with_feeds(Feeds.load(file))


def bring(house, *texts):
    """Deliver texts, one an hour, and make Silver after each."""
    for hour, each in enumerate(texts):
        house.deliver(each, NOW + dt.timedelta(hours=hour))
        assert not any(made.has_failed for made in house.make_silver())
    house.assert_balanced()


def costs(house):
    return {row["encounter_id"]: row["cost_usd"] for row in house.rows(silver.ENCOUNTERS)}


def reconciled(house):
    return [row for row in reconcile(house.lake) if row["table"] == ENCOUNTERS]


def held(house):
    """Reasons of what is open, to how many records they apply."""
    rows = [row for row in house.rows(silver.QUARANTINE) if row["target_table"] == ENCOUNTERS]
    return [tuple(row["reasons"]) for row in rows if row["status"] == "open"]


def test_rows_that_contradict_within_a_delivery_are_told_where_no_grain_is_declared(house):
    bring(house, CASE)
    (row,) = reconciled(house)
    # the credit of the third encounter is no cost of it: quarantined
    assert (row["accepted"], row["new"], row["conflicting"], row["quarantined"]) == (6, 3, 3, 1)
    results = [row for row in house.rows(CHECK_RESULTS) if (row["table"], row["check_name"]) == (ENCOUNTERS, CONFLICTS)]
    assert [(row["severity"], row["passed"], row["failing"]) for row in results] == [("warn", False, 3)]


def test_lines_of_a_delivery_are_added_up_under_the_first_diagnosis(billing):
    bring(billing, CASE)
    assert costs(billing) == {"VLN1": Decimal("600.00"), "VLN2": Decimal("200.00"), "VLN3": Decimal("0.00")}
    stay = billing.row(silver.ENCOUNTERS, encounter_id="VLN2")
    assert (stay["diagnosis_code"], stay["admitting_diagnosis_code"]) == ("I50.9", "I50.9")
    (row,) = reconciled(billing)
    assert (row["accepted"], row["new"], row["conflicting"], row["quarantined"]) == (7, 7, 0, 0)


@pytest.mark.slow
def test_a_later_delivery_replaces_the_sum_and_all_again_gives_the_same(billing):
    bring(billing, CASE, text(line("50.00"), line("25.00")), text(line("25.00"), line("50.00")))
    assert costs(billing)["VLN1"] == Decimal("75.00")
    assert [(row["accepted"], row["newer"], row["same"]) for row in reconciled(billing)].count((2, 0, 2)) == 1
    before = billing.everything()
    rebuild.ask(billing.lake, silver.ENCOUNTERS)
    billing.make_silver()
    assert billing.everything() == before


@pytest.mark.slow
def test_a_line_that_is_mended_later_is_added_to_those_of_its_delivery(billing, corrections):
    bring(billing, text(line("100.00"), line("two")))
    assert (costs(billing)["VLN1"], held(billing)) == (None, [("cost_unreadable",)])
    delivery = billing.rows(silver.QUARANTINE)[0]["_delivery_id"]
    billing.deliver(corrections({"_delivery_id": delivery, "_record_number": 2, "cost": "20.00"}))
    billing.make_silver()
    assert (costs(billing)["VLN1"], held(billing)) == (Decimal("120.00"), [])
    billing.assert_balanced()


def test_an_encounter_has_no_cost_while_one_of_its_lines_is_quarantined(billing):
    bring(billing, text(line("100.00"), line("50.00"), line("two"), line("7.00", "V2"), line("", "V2")))
    assert (costs(billing), held(billing)) == ({"VLN1": None, "V2": Decimal("7.00")}, [("cost_unreadable",)])


def test_lines_whose_sum_is_no_cost_are_quarantined_together(billing):
    bring(billing, text(line("100.00"), line("-100.01"), line("9999999999.99", "V2"), line("1.00", "V2")))
    assert costs(billing) == {}
    assert sorted(held(billing)) == [("cost_negative",)] * 2 + [("cost_out_of_range",)] * 2
