"""Landing: every record of a delivery stands in Bronze or in the rejects, once."""

import datetime as dt
import gzip
import json
from dataclasses import replace

import pyarrow as pa
import pytest

from mediflow_assets.contracts import bronze
from mediflow_assets.errors import ContractViolated, EngineFailed
from mediflow_assets.ingest import landing
from mediflow_assets.sources import Limits, reading, recognise
from mediflow_assets.sources.registry import sources
from mediflow_assets.storage.schemas import arrow_schema

RECEIVED = dt.datetime(2024, 7, 1, 12, tzinfo=dt.UTC)


def test_a_delivery_is_landed_as_it_came_with_where_it_came_from(house, admissions):
    delivery = house.deliver(admissions({"cost": " 1,5 ", "note": "by hand"}), RECEIVED, "list.csv")
    row = house.row(bronze.ADMISSIONS)
    assert (row["cost"], json.loads(row["extra"])) == (" 1,5 ", {"note": "by hand"})
    assert (row["_delivery_id"], row["_record_number"], row["_ingested_at"]) == (delivery, 1, RECEIVED)
    ledger = house.row(bronze.DELIVERIES)
    counts = (ledger["records"], ledger["bronze"], ledger["rejects"], ledger["unknown_columns"])
    assert counts == (1, 1, 0, 1)
    assert (ledger["file_name"], ledger["source"], ledger["received_at"]) == ("list.csv", "admissions", RECEIVED)


def test_what_cannot_be_split_is_rejected_with_its_bytes(house, admissions):
    delivery = house.deliver(admissions({}).encode() + b'P2,"broken\n')
    reject = house.row(bronze.REJECTS)
    assert (reject["raw"], reject["_delivery_id"], reject["_record_number"]) == (b'P2,"broken', delivery, 2)
    assert house.row(bronze.DELIVERIES)["rejects"] == 1


def test_a_landed_delivery_leaves_the_inbox(house, admissions):
    house.deliver(admissions({}))
    assert house.inbox.waiting() == [] and house.land() == []


def test_the_same_file_again_is_landed_once(house, admissions):
    house.deliver(admissions({}))
    house.deliver(admissions({}), RECEIVED + dt.timedelta(days=9), "other.csv")
    assert len(house.rows(bronze.ADMISSIONS)) == len(house.rows(bronze.DELIVERIES)) == 1


def test_a_delivery_half_landed_is_removed_and_landed_again(house, admissions):
    delivery = house.receive(admissions({}, {"encounter_id": "E2"}))
    half = {"patient_id": "P1", "_delivery_id": delivery, "_record_number": 1, "_ingested_at": RECEIVED}
    rows = pa.Table.from_pylist([half], schema=arrow_schema(bronze.ADMISSIONS))
    house.lake.append(bronze.ADMISSIONS, rows, transaction=delivery)
    house.land()
    assert sorted(row["_record_number"] for row in house.rows(bronze.ADMISSIONS)) == [1, 2]
    assert house.row(bronze.DELIVERIES)["bronze"] == 2


def test_a_delivery_of_which_two_readers_see_different_records_is_refused(house, admissions, monkeypatch, refusals):
    house.receive(admissions({}))
    monkeypatch.setattr(landing, "count_records", lambda *_: 2)
    assert "2 records were counted in it, and 1 read" in refusals()[1][0][1]
    assert house.rows(bronze.DELIVERIES) == house.rows(bronze.ADMISSIONS) == house.inbox.waiting() == []
    assert len(list(house.inbox.refused.iterdir())) == 1


@pytest.mark.parametrize("where", ["recognise", "count_records", "read_batches"])
@pytest.mark.parametrize("error", [KeyError("P1"), ArithmeticError("P1"), MemoryError()])
def test_whatever_goes_wrong_with_a_file_stops_no_other(house, admissions, monkeypatch, refusals, where, error):
    def broken(*_):
        raise error

    house.receive(admissions({}))
    source = sources()["admissions"]
    broken_source = replace(source, read=broken if where == "read_batches" else source.read)
    broken_source = replace(broken_source, count=broken if where == "count_records" else source.count)
    with monkeypatch.context() as patched:
        patched.setattr(reading, "sources", lambda: {"admissions": broken_source})
        if where == "recognise":
            patched.setitem(recognise.__globals__, "compression_of", broken)
        [(_, told)] = refusals()[1]
    assert type(error).__name__ in told and "P1" not in told
    house.receive(admissions({"encounter_id": "E2"}))
    assert len(house.land()) == 1 and len(list(house.inbox.refused.iterdir())) == 1


def test_a_disk_that_is_full_is_no_fault_of_a_file(house, admissions, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    house.receive(admissions({}))
    with monkeypatch.context() as patched:
        patched.setattr(landing.RejectSpool, "add", full)
        with pytest.raises(EngineFailed):
            house.land()
    assert len(house.inbox.waiting()) == 1 and len(house.land()) == 1


def test_a_delivery_that_the_lake_does_not_have_whole_is_not_in_the_ledger(house, admissions, monkeypatch):
    house.receive(admissions({}))
    with monkeypatch.context() as patched:
        patched.setattr(type(house.lake), "rows", lambda *_: 0)
        with pytest.raises(ContractViolated, match="1 records were counted, 0 landed") as told:
            house.land()
    assert "delivery.csv" not in str(told.value)
    assert house.rows(bronze.DELIVERIES) == [] and len(house.inbox.waiting()) == 1
    house.land()
    assert len(house.rows(bronze.ADMISSIONS)) == 1


def test_the_file_name_stands_in_the_ledger_only(house, admissions):
    house.deliver(admissions({}).encode() + b'"\n', name="canary.csv")
    for contract in bronze.TABLES:
        found = str(house.rows(contract))
        assert ("canary" in found) == (contract is bronze.DELIVERIES), contract.name


@pytest.fixture
def refusals(house):
    """Lands what waits, and tells why deliveries were refused."""

    def _land(**limits):
        told = []
        inbox = replace(house.inbox, limits=Limits(**limits))
        landed = landing.land_all(
            house.lake, inbox, None, lambda delivery, why: told.append((delivery.short, str(why)))
        )
        return [each.delivery.short for each in landed], told

    return _land


def test_a_delivery_that_cannot_be_read_to_its_end_is_refused_whole_and_keeps_no_other_out(house, admissions, refusals):
    rows = admissions(*({"encounter_id": f"E{n}"} for n in range(20_000)))
    broken = house.receive(gzip.compress(rows.encode())[:-200], RECEIVED)
    good = house.receive(admissions({}), RECEIVED + dt.timedelta(days=1))
    landed, [(refused, why)] = refusals()
    assert (landed, refused) == ([f"admissions {good[:12]}"], f"admissions {broken[:12]}")
    assert "cut short" in why and [row["delivery_id"] for row in house.rows(bronze.DELIVERIES)] == [good]
    assert len(house.rows(bronze.ADMISSIONS)) == 1 and house.inbox.waiting() == []
    assert [path.name for path in house.inbox.refused.iterdir()] == [f"{broken[:12]}-delivery.csv"]


def test_a_delivery_of_too_many_rejects_is_refused_whole(house, admissions, refusals):
    house.receive(admissions({}) + "broken\n" * 11)
    landed, [(_, why)] = refusals(rejects=10)
    assert landed == [] and "more than 10 of its records" in why and "MEDIFLOW_MAX_REJECTS" in why
    assert house.rows(bronze.ADMISSIONS) == house.rows(bronze.REJECTS) == house.rows(bronze.DELIVERIES) == []
    assert len(list(house.inbox.refused.iterdir())) == 1 and list(house.inbox.ready.iterdir()) == []


def test_blank_lines_one_after_another_are_one_reject_with_their_count(house, admissions):
    house.deliver(admissions({}) + "\n" * 1000 + "broken\n\n")
    assert {row["_record_number"]: row["lines"] for row in house.rows(bronze.REJECTS)} == {2: 1000, 3: 1, 4: 1}
    ledger = house.row(bronze.DELIVERIES)
    assert (ledger["records"], ledger["bronze"], ledger["rejects"]) == (4, 1, 3)


def test_titles_and_totals_are_counted_in_the_ledger_and_are_no_records(house, admissions):
    delivery = house.deliver("General Hospital\n\n" + admissions({}, {"encounter_id": "E2"}) + "Total,,,,2\n")
    [row] = house.lake.read(bronze.DELIVERIES).to_pylist()
    assert row["delivery_id"] == delivery
    assert (row["records"], row["bronze"], row["rejects"], row["skipped"]) == (2, 2, 0, 3)


def test_a_header_alone_lands_as_a_delivery_of_nothing(house, admissions):
    house.deliver(admissions({}).splitlines()[0] + "\n")
    [row] = house.lake.read(bronze.DELIVERIES).to_pylist()
    assert (row["records"], row["bronze"], row["skipped"]) == (0, 0, 0)
