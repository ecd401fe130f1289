"""Dates and times of the OMOP tables: moved by days of each person's own, of which nothing that is shown tells."""

import datetime as dt
import json

import pytest

from mediflow_assets.contracts import omop
from mediflow_assets.contracts.omop.choice import REAL, Choice
from mediflow_assets.sources import Feeds

ZONE = "America/New_York"
PATIENT = {"reference": "Patient/p"}
ENCOUNTER = {"resourceType": "Encounter", "status": "finished", "subject": PATIENT,
             "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}}  # fmt: skip


def coded(system, code):
    return {"coding": [{"system": system, "code": code}]}


def measured(name, when):
    code = coded("http://loinc.org", "8867-4")
    return {"resourceType": "Observation", "id": name, "status": "final", "subject": PATIENT, "code": code,
            "effectiveDateTime": when, "valueQuantity": {"value": 70, "code": "/min"}}  # fmt: skip


def panel(name, when, *values):
    """A blood pressure, which is told by its parts."""
    parts = [{"code": coded("http://loinc.org", code), "valueQuantity": {"value": value, "code": "mm[Hg]"}}
             for code, value in values]  # fmt: skip
    told = measured(name, when) | {"code": coded("http://loinc.org", "85354-9"), "component": parts}
    return {name: value for name, value in told.items() if name != "valueQuantity"}


def ill(name, onset, abated=None):
    code = coded("http://hl7.org/fhir/sid/icd-10-cm", "I10")
    told = {"resourceType": "Condition", "id": name, "subject": PATIENT, "code": code, "onsetDateTime": onset}
    return told | ({"abatementDateTime": abated} if abated else {})


def delivery():
    """A patient who is measured at eight each morning as clocks go forward, with illnesses told as years and months."""
    mornings = (dt.date(2023, 3, 1) + dt.timedelta(days=n) for n in range(25))
    offsets = ((day, "-05:00" if day < dt.date(2023, 3, 12) else "-04:00") for day in mornings)
    surgery = {"start": "2023-03-02T18:00:00-05:00", "end": "2023-03-02T22:00:00-05:00"}
    return (
        {"resourceType": "Patient", "id": "p", "birthDate": "1950-05-05", "gender": "male", "deceasedDateTime": "2023"},
        ENCOUNTER | {"id": "e", "period": {"start": "2023-11-20T22:00:00-05:00", "end": "2023-11-21T23:30:00-05:00"}},
        {"resourceType": "Procedure", "id": "s", "status": "completed", "subject": PATIENT,
         "code": coded("http://snomed.info/sct", "80146002"), "performedPeriod": surgery},
        *(measured(f"o{day}", f"{day}T08:00:00{offset}") for day, offset in offsets),
        measured("month", "2023-02"),
        panel("panel", "2023-04-01", ("8480-6", 120), ("8462-4", 80)),
        panel("lying and standing", "2023-04-02", ("8480-6", 120), ("8480-6", 124), ("8480-6", 120)),
        *(ill(f"c{year}", str(year)) for year in (2012, 2015, 2018)),
        ill("months", "2019-03", "2020-02"),
        ill("over", "2021-11-20", "2021"),
        ill("begun", "2022", "2022-01-20"),
    )  # fmt: skip


@pytest.fixture(scope="module")
def real(tmp_path_factory, open_house):
    house = open_house(tmp_path_factory.mktemp("dates") / "house").with_feeds(Feeds(timezone=ZONE))
    house = house.choosing(Choice(REAL))
    house.receive("\n".join(map(json.dumps, delivery())))
    house.land()
    house.make_silver()
    made(house)
    return house


@pytest.fixture(scope="module")
def moved(real):
    house = real.copy("moved").choosing(Choice())
    made(house)
    return house


def made(house):
    assert [each.contract.name for each in house.make_omop() if each.has_failed] == []


def spans(house):
    rows = house.rows(omop.CONDITION_OCCURRENCE)
    return sorted((row["condition_start_date"], row["condition_end_date"] or dt.date.max) for row in rows)


def test_real_years_and_months_stand_on_their_first_and_last_days(real):
    first = [dt.date(year, 1, 1) for year in (2012, 2015, 2018)]
    assert spans(real) == [
        *((day, dt.date.max) for day in first),
        (dt.date(2019, 3, 1), dt.date(2020, 2, 29)),
        (dt.date(2021, 11, 20), dt.date(2021, 12, 31)),
        (dt.date(2022, 1, 1), dt.date(2022, 1, 20)),
    ]
    # as the model has it: the last day where day and month are not known
    assert [row["death_date"] for row in real.rows(omop.DEATH)] == [dt.date(2023, 12, 31)]


def test_a_year_or_a_month_is_never_shown_as_a_day_that_moved(moved):
    told = spans(moved)
    assert [(begin.month, begin.day) for begin, _ in told[:3]] == [(1, 1)] * 3
    months = told[3]
    assert months[0].day == 1 and (months[1] + dt.timedelta(days=1)).day == 1
    (month,) = (row for row in moved.rows(omop.MEASUREMENT)
                if not row["measurement_datetime"] and row["measurement_source_value"] == "8867-4")  # fmt: skip
    assert month["measurement_date"].day == 1
    (died,) = (row["death_date"] for row in moved.rows(omop.DEATH))
    assert (died.month, died.day) == (12, 31)


def test_nobody_dies_before_a_stay_and_nothing_ends_before_it_began(moved, real):
    for house in (moved, real):
        (died,) = (row["death_date"] for row in house.rows(omop.DEATH))
        assert all(row["visit_end_date"] <= died for row in house.rows(omop.VISIT_OCCURRENCE))
        assert all(begin <= end for begin, end in spans(house))


def test_the_hour_does_not_tell_on_which_side_of_a_change_of_the_clocks_a_day_was(moved):
    times = [row["measurement_datetime"] for row in moved.rows(omop.MEASUREMENT) if row["measurement_datetime"]]
    assert len(times) == 25 and {time.hour for time in times} == {8}


def test_a_date_is_the_day_of_its_time(moved, real):
    for house in (moved, real):
        for contract in (omop.VISIT_OCCURRENCE, *omop.EVENTS):
            dates = [name for name in contract.by_name if name.endswith("_date") and f"{name}time" in contract.by_name]
            for row in house.rows(contract):
                assert all(row[f"{name}time"] is None or row[f"{name}time"].date() == row[name] for name in dates)


def test_a_panel_stands_as_its_parts(real):
    rows = [row for row in real.rows(omop.MEASUREMENT) if row["measurement_date"] == dt.date(2023, 4, 1)]
    assert {(row["measurement_source_value"], int(row["value_as_number"])) for row in rows} == {
        ("8480-6", 120),
        ("8462-4", 80),
    }


def test_readings_of_one_code_in_one_panel_stand_side_by_side(real):
    rows = [row for row in real.rows(omop.MEASUREMENT) if row["measurement_date"] == dt.date(2023, 4, 2)]
    assert [int(row["value_as_number"]) for row in sorted(rows, key=lambda row: row["value_as_number"])] == [
        120,
        120,
        124,
    ]
    assert len({row["measurement_id"] for row in rows}) == 3


def test_what_ends_on_the_evening_it_began_lasts_one_day(real):
    (row,) = real.rows(omop.PROCEDURE_OCCURRENCE)
    assert (row["procedure_date"], row["procedure_end_date"]) == (dt.date(2023, 3, 2), dt.date(2023, 3, 2))
