"""Dates of which only the year or the month is known keep what they tell, and nothing waits for the rest."""

import datetime as dt
import json
from pathlib import Path

import pytest

from mediflow_assets.contracts import silver
from mediflow_assets.sources import Feeds

CASES = Path(__file__).parent
NOW = dt.datetime(2026, 11, 27, 12, tzinfo=dt.UTC)


def test_partial_dates_of_fhir_are_kept_with_their_precision(house):
    house.deliver((CASES / "fhir_partial" / "fhir_partial__01.ndjson").read_text(), NOW, name="p.ndjson")
    recorded = (CASES / "fhir_more" / "recorded_date_only.ndjson").read_text()
    house.deliver(recorded, NOW, name="r.ndjson")
    house.make_silver()
    born = {row["patient_id"]: (str(row["birth_date"]), row["birth_precision"]) for row in house.rows(silver.PATIENTS)}
    assert born["FP1"] == ("1980-01-01", "year") and born["FP2"] == ("1980-05-01", "month")
    ages = {row["encounter_id"]: row["age_at_admission"] for row in house.rows(silver.ENCOUNTERS)}
    assert (ages["FPE1"], ages["FPE2"]) == (None, 45)
    assert not any(row["status"] == "waiting" for row in house.rows(silver.QUARANTINE))
    onsets = {r["code"]: (str(r["onset_date"]), r["onset_precision"]) for r in house.rows(silver.CONDITIONS)}
    assert onsets["E11.9"] == ("2019-01-01", "year") and onsets["I10"] == ("2019-03-01", "month")
    assert onsets["N18.3"] == ("2018-01-01", "day") and onsets["J44.9"] == ("2002-01-01", "year")
    assert onsets["R40.2412"] == ("2010-03-01", "recorded")


def test_birth_dates_of_two_digits_are_in_the_past(house):
    house = house.with_feeds(Feeds.load(CASES / "dates_yy" / "sources.toml"))
    house.deliver((CASES / "dates_yy" / "dates_yy__01.csv").read_text(), NOW)
    house.make_silver()
    born = {row["patient_id"]: str(row["birth_date"]) for row in house.rows(silver.PATIENTS)}
    assert born == {"YY0": "1958-07-04", "YY1": "1958-07-04", "YY2": "2025-07-04", "YY3": "None"}


def test_a_stay_of_which_only_a_year_or_month_is_told_is_kept_out_and_one_of_days_keeps_them(house):
    house = house.with_feeds(Feeds(timezone="America/New_York"))
    periods = [
        ("2020", "2020-06-02T10:00:00Z"),
        ("2020-05", "2020-06-02T10:00:00Z"),
        ("2020-05-01T10:00:00Z", "2020-06"),
        ("2020-05-01", "2020-05-03"),
    ]
    common = {"resourceType": "Encounter", "status": "finished", "class": {"code": "IMP"}}
    stays = [
        common | {"id": f"E{n}", "subject": {"reference": "Patient/P1"}, "period": {"start": start, "end": end}}
        for n, (start, end) in enumerate(periods)
    ]
    resources = [{"resourceType": "Patient", "id": "P1", "birthDate": "1980"}, *stays]
    delivery = house.deliver("\n".join(map(json.dumps, resources)), NOW, name="p.ndjson")
    house.make_silver()
    told = ["admitted_at_unreadable", "admitted_at_unreadable", "discharged_at_unreadable"]
    assert house.reasons(silver.ENCOUNTERS) == {(delivery, n): [reason] for n, reason in enumerate(told, start=2)}
    row = house.row(silver.ENCOUNTERS)
    assert (str(row["admitted_on"]), str(row["discharged_on"])) == ("2020-05-01", "2020-05-03")


def test_a_birth_date_in_a_form_without_a_day_tells_its_month_only(house, admissions, tmp_path):
    toml = tmp_path / "sources.toml"
    toml.write_text('[feeds.ward]\nmatch = ["patient_id"]\ndate_formats = ["MM/yyyy"]\n')
    house = house.with_feeds(Feeds.load(toml))
    row = {"birth_date": "05/1980", "admission_date": "2024-05-10", "discharge_date": "2024-05-11", "age": ""}
    house.deliver(admissions(row))
    house.make_silver()
    patient = house.row(silver.PATIENTS)
    assert (str(patient["birth_date"]), patient["birth_precision"]) == ("1980-05-01", "month")
    assert house.row(silver.ENCOUNTERS)["age_at_admission"] is None


@pytest.mark.parametrize(("admitted", "born"), [("2010-05-10", "1912-03-01"), ("2012-03-01", "2012-03-01")])
def test_nobody_of_a_year_of_two_digits_is_born_after_they_came(house, admissions, tmp_path, admitted, born):
    toml = tmp_path / "sources.toml"
    toml.write_text('[feeds.ward]\nmatch = ["patient_id"]\ndate_formats = ["MM/dd/yy"]\n')
    house = house.with_feeds(Feeds.load(toml))
    house.deliver(admissions({"birth_date": "03/01/12", "admission_date": admitted, "discharge_date": "", "age": ""}))
    house.make_silver()
    assert str(house.row(silver.PATIENTS)["birth_date"]) == born
    assert house.row(silver.ENCOUNTERS)["age_at_admission"] == int(admitted[:4]) - int(born[:4])


TOLD = {
    "a year that agrees": ("1980-05-17", "1980", ("1980-05-17", "day")),
    "a year that contradicts": ("1980-05-17", "1981", ("1981-01-01", "year")),
    "the day of a known year": ("1980", "1980-05-17", ("1980-05-17", "day")),
}


@pytest.mark.parametrize("case", TOLD)
@pytest.mark.parametrize("is_late", [False, True])
def test_a_date_that_tells_less_takes_the_place_of_none_that_it_agrees_with(house, case, is_late):
    older, newer, wanted = TOLD[case]
    deliveries = [(older, NOW - dt.timedelta(days=9)), (newer, NOW)]
    for born, received in reversed(deliveries) if is_late else deliveries:
        resource = {"resourceType": "Patient", "id": "P1", "birthDate": born}
        house.deliver(json.dumps(resource), received, name="p.ndjson")
        house.make_silver()
    patient = house.row(silver.PATIENTS)
    assert (str(patient["birth_date"]), patient["birth_precision"]) == wanted


@pytest.mark.parametrize(
    ("told", "day", "precision"),
    [("2020", "2020-12-31", "year"), ("2020-02", "2020-02-29", "month"), (None, None, None)],
)
def test_the_end_of_a_condition_keeps_what_it_tells(house, told, day, precision):
    condition = {
        "resourceType": "Condition",
        "id": "C1",
        "subject": {"reference": "Patient/P1"},
        "abatementDateTime": told,
    }
    coded = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "I10"}]}
    resources = [{"resourceType": "Patient", "id": "P1"}, condition | {"code": coded, "onsetDateTime": "2019"}]
    house.deliver("\n".join(map(json.dumps, resources)), NOW, name="c.ndjson")
    house.make_silver()
    row = house.row(silver.CONDITIONS)
    assert (row["resolved_date"] and str(row["resolved_date"]), row["resolved_precision"]) == (day, precision)
