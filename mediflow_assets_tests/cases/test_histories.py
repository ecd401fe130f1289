"""Versions of one record in one delivery, and versions that claim a time which has not come yet."""

import datetime as dt
import json

import pytest

from mediflow_assets.contracts import operational, silver
from mediflow_assets.pipeline.silver_tables import ENCOUNTERS, PATIENTS
from mediflow_assets.sources.feeds import Feeds
from mediflow_assets.sources.systems import System

NOW = dt.datetime(2026, 11, 27, 12, tzinfo=dt.UTC)


def patient(zip_, **meta):
    return {"resourceType": "Patient", "id": "p", "meta": meta, "address": [{"postalCode": zip_}]}


def history(*resources):
    entries = [{"resource": each, "request": {"method": "PUT", "url": "Patient/p"}} for each in resources]
    return json.dumps({"resourceType": "Bundle", "type": "history", "entry": entries})


TIMES = ("2026-10-01T00:00:00Z", "2026-05-01T00:00:00Z", "2026-01-01T00:00:00Z")


@pytest.mark.parametrize(
    "metas",
    [
        [{"lastUpdated": at} for at in TIMES],
        [{"versionId": version} for version in ("10", "9", "1")],
        [{"versionId": version, "lastUpdated": TIMES[0]} for version in ("10", "9", "1")],
        [{"versionId": "10", "lastUpdated": TIMES[0]}, {"versionId": "9"}, {"versionId": "1"}],
    ],
)
def test_a_history_that_tells_the_newest_version_first_ends_at_the_newest(house, metas):
    zips = ("02139", "10001", "60601")
    house.deliver(history(*(patient(zip_, **meta) for zip_, meta in zip(zips, metas, strict=True))), NOW)
    house.make_silver(PATIENTS)
    assert house.row(silver.PATIENTS)["zip"] == "02139"
    # what an older export says that comes later is known
    house.deliver(json.dumps(patient("10001", **metas[1])), NOW + dt.timedelta(hours=1))
    house.make_silver(PATIENTS)
    assert house.row(silver.PATIENTS)["zip"] == "02139"


@pytest.mark.parametrize("told", [{"lastModified": TIMES}, {"etag": ('W/"10"', 'W/"9"', '"1"')}])
def test_a_history_whose_entries_alone_tell_versions_ends_at_the_newest(house, told):
    def entry(zip_, place):
        response = {"status": "200"} | {name: of[place] for name, of in told.items()}
        borne = {"identifier": [{"system": "mrn", "value": f"N{place}"}]}
        return {"resource": patient(zip_) | borne, "response": response}

    house = house.with_feeds(Feeds(systems={"fhir": System(record_number="mrn")}))
    for hour, place in enumerate((0, 2, 1)):
        bundle = {"resourceType": "Bundle", "type": "history", "entry": [entry(f"0213{place}", place)]}
        house.deliver(json.dumps(bundle), NOW + dt.timedelta(hours=hour))
    house.make_silver(PATIENTS)
    row = house.row(silver.PATIENTS)
    assert (row["patient_id"], row["zip"]) == ("N0", "02130") and row["version_number"] in (None, 10)


def claims_told(house, contract):
    results = [row for row in house.rows(operational.CHECK_RESULTS) if row["table"] == contract.name]
    newest = [row for row in results if row["check_name"] == "version_claimed_in_future"][-1]
    return newest["severity"], newest["failing"]


def test_a_version_that_claims_the_future_stays_the_newest_of_its_source_and_is_told(house):
    stay = {"resourceType": "Encounter", "id": "e", "status": "finished", "class": {"code": "IMP"}}
    stay |= {"subject": {"reference": "Patient/p"}, "period": {"start": "2026-01-05", "end": "2026-01-07"}}
    ahead = {"meta": {"lastUpdated": "2027-06-01T00:00:00Z"}}
    house.deliver(f"{json.dumps(patient('02139', **ahead['meta']))}\n{json.dumps(stay | ahead)}", NOW)
    later = NOW + dt.timedelta(days=1)
    house.deliver(json.dumps(patient("10001", lastUpdated=later.isoformat())), later)
    made = house.make_silver(PATIENTS, ENCOUNTERS)
    assert house.row(silver.PATIENTS)["zip"] == "02139" and not any(each.has_failed for each in made)
    assert [claims_told(house, each) for each in (silver.PATIENTS, silver.ENCOUNTERS)] == [("warn", 1)] * 2


def test_a_clock_that_is_a_little_fast_is_not_told(house):
    ahead = NOW + dt.timedelta(minutes=4)
    house.deliver(json.dumps(patient("02139", lastUpdated=ahead.isoformat())), NOW)
    house.make_silver(PATIENTS)
    assert claims_told(house, silver.PATIENTS) == ("warn", 0)
