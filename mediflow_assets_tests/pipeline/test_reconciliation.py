"""What became of each delivery: how many of its accepted records are rows of Silver, counted by hand."""

import datetime as dt

import pytest

from mediflow_assets.contracts import bronze, silver
from mediflow_assets.contracts.operational import CHECK_RESULTS
from mediflow_assets.contracts.versions import OUTCOMES
from mediflow_assets.pipeline import counting
from mediflow_assets.pipeline.checks import CONFLICTS
from mediflow_assets.pipeline.reconciliation import reconcile
from mediflow_assets_tests.house import RECEIVED

ENCOUNTERS = silver.ENCOUNTERS.name
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


def test_versions_tell_what_each_accepted_record_was(house, admissions):
    house.deliver(admissions({"encounter_id": "E1"}, {"encounter_id": "E1", "cost": "9.00"}, {"encounter_id": "E2"}))
    house.make_silver()
    house.deliver(admissions({"encounter_id": "E2"}, {"encounter_id": "E1", "cost": "7.00"}), LATER)
    house.make_silver()
    rows = reconcile(house.lake)
    told = [{name: row[name] for name in OUTCOMES if row[name]} for row in rows if row["table"] == ENCOUNTERS]
    assert sorted(told, key=sorted) == [{"conflicting": 1, "new": 2}, {"newer": 1, "same": 1}]
    assert all(row["balanced"] for row in rows)
    warned = [row for row in house.rows(CHECK_RESULTS) if (row["table"], row["check_name"]) == (ENCOUNTERS, CONFLICTS)]
    assert [(row["severity"], row["failing"]) for row in warned] == [("warn", 1), ("warn", 0)]


def test_a_version_conflicts_with_what_stands_of_its_time_although_a_newer_one_says_other_things(house, admissions):
    first, newer = {"updated_at": "2024-06-01"}, {"updated_at": "2024-06-02", "payer": "", "cost": "7.00"}
    house.deliver(admissions(first, newer))
    house.make_silver()
    again = house.deliver(admissions(first | {"payer": "Aetna"}), LATER)
    house.make_silver()
    (row,) = (row for row in reconcile(house.lake) if (row["table"], row["delivery"]) == (ENCOUNTERS, again[:12]))
    assert (house.row(silver.ENCOUNTERS)["payer"], row["conflicting"], row["older"]) == ("Aetna", 1, 0)


def test_what_bronze_receives_has_no_newest(house, admissions):
    house.deliver(admissions({}))
    house.make_silver()
    assert set(newest_of(house, "bronze/admissions").values()) == {(1, None)}


def test_a_record_that_was_held_is_told_once_it_has_come_in(house, admissions, corrections):
    delivery = house.deliver(admissions({"encounter_id": "E1"}, {"encounter_id": "E2", "cost": "a lot"}))
    house.make_silver()
    house.deliver(corrections({"_delivery_id": delivery, "_record_number": 2, "cost": "3.00"}), LATER)
    house.make_silver()
    (row,) = (row for row in reconcile(house.lake) if row["table"] == ENCOUNTERS and row["source"] == "admissions")
    assert (row["accepted"], row["new"], row["quarantined"], row["balanced"]) == (2, 2, 0, True)


def test_a_run_that_is_cut_short_after_its_last_write_is_told_once(house, admissions, monkeypatch):
    write = type(house.lake).set_properties

    def cut_short(lake, contract, **properties):
        if properties.get("outcomes") == {} and contract is silver.ENCOUNTERS:
            raise KeyboardInterrupt
        return write(lake, contract, **properties)

    house.deliver(admissions({"encounter_id": "E1"}))
    with monkeypatch.context() as patched:
        patched.setattr(type(house.lake), "set_properties", cut_short)
        with pytest.raises(KeyboardInterrupt):
            house.make_silver()
    house.deliver(admissions({"encounter_id": "E2"}), LATER)
    house.make_silver()
    assert all(row["balanced"] for row in reconcile(house.lake))


def test_each_sum_tells_why_records_were_refused_and_how_many_for_a_word(house, admissions):
    wrong = ({"gender": "7"}, {"gender": "7", "status": "lost"}, {"cost": "x"})
    rows = ({"encounter_id": f"E{n}"} | changed for n, changed in enumerate(({}, *wrong)))
    delivery = house.deliver(admissions(*rows) + "broken\n" + "a,b\n")
    house.make_silver()
    told = {row["table"]: (row["reasons"], row["unknown_words"]) for row in reconcile(house.lake)}
    assert told[ENCOUNTERS] == ("gender_unknown, cost_unreadable, status_unknown", 2)
    assert told["bronze/admissions"] == ("too_few_fields", None)
    assert {row["delivery"] for row in reconcile(house.lake)} == {delivery[:12]}


def test_files_of_one_delivery_are_counted_from_the_log_and_others_are_read(house, admissions, monkeypatch):
    first = house.deliver(admissions({"encounter_id": "E1"}, {"encounter_id": "E2"}))
    second = house.deliver(admissions({"encounter_id": "E3"}), LATER)
    read, but = [], counting._but

    def reading(dataset, files):
        rest = but(dataset, files)
        read.append(rest.count_rows())
        return rest

    monkeypatch.setattr(counting, "_but", reading)
    assert counting.records_by_delivery(house.lake, bronze.ADMISSIONS) == {first: 2, second: 1}
    house.lake.open(bronze.ADMISSIONS).optimize.compact()
    assert counting.records_by_delivery(house.lake, bronze.ADMISSIONS) == {first: 2, second: 1}
    assert read == [0, 3]
