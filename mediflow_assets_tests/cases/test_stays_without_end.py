"""Stays of which nobody told the end, and encounters of the dead: in no census for ever, and told."""

import datetime as dt
import json
from pathlib import Path

from mediflow_assets.contracts import gold, silver
from mediflow_assets.pipeline.reconciliation import reconcile
from mediflow_assets.pipeline.silver_tables import ENCOUNTERS, PATIENTS

CASES = Path(__file__).parent
NOW = dt.datetime(2026, 11, 27, 12, tzinfo=dt.UTC)


def told(made):
    """What the newest of the steps warns of: check → rows."""
    return {check.name: check.failing for check in made[-1].checks if check.failing}


def encounters_of(house, made):
    return [each for each in made if each.contract is silver.ENCOUNTERS]


def test_a_stay_without_a_discharge_column_is_of_unknown_status_and_not_in_the_house(house):
    house.deliver((CASES / "finished_open" / "finished_open__01.csv").read_text(), NOW)
    made = encounters_of(house, house.make_silver())
    assert {row["status"] for row in house.rows(silver.ENCOUNTERS, "status")} == {"unknown"}
    house.make_gold()
    census = [row["census"] for row in house.rows(gold.DAILY_CENSUS, "date", "census", "admissions")]
    assert max(census) == 1 and sum(census) == 10
    assert told(made) == {"stay_without_end": 10}


def test_a_stay_in_progress_that_has_ended_is_told_and_over(house, admissions):
    stay = {"status": "in-progress", "encounter_class": "inpatient", "admission_date": "2024-01-10"}
    later = {"encounter_id": "E2", "patient_id": "P2", "admission_date": "2024-01-20", "discharge_date": "2024-01-21"}
    house.deliver(admissions(stay | {"discharge_date": "2024-01-12"}, stay | later | {"status": "finished"}))
    made = encounters_of(house, house.make_silver())
    assert told(made) == {"in_progress_with_an_end": 1}
    house.make_gold()
    census = {str(row["date"]): row["census"] for row in house.rows(gold.DAILY_CENSUS, "date", "census")}
    assert (census["2024-01-12"], census["2024-01-13"]) == (1, 0)


def test_an_encounter_after_its_patients_death_is_told(house):
    for name in ("patients", "encounters"):
        house.deliver(next((CASES / "synthea").glob(f"*{name}.csv")).read_text(), NOW, name=f"{name}.csv")
    made = encounters_of(house, house.make_silver())
    assert told(made)["encounter_after_death"] == 1
    # times without seconds are read, and a code that was saved as a fraction
    assert {row["encounter_id"] for row in house.rows(silver.ENCOUNTERS)} == {"SYE2", "SYE4", "SYE5"}
    refused = {number: reasons for (_, number), reasons in house.reasons(silver.ENCOUNTERS).items()}
    assert refused == {1: ["age_out_of_range"], 3: ["discharged_at_unreadable"]}


def test_an_end_told_later_without_a_status_ends_a_stay_in_progress(house, admissions):
    def versions(id_):
        stay = {"encounter_id": id_, "patient_id": f"P{id_}"}
        begun = stay | {"status": "in-progress", "discharge_date": "", "updated_at": "2024-01-10"}
        return begun, stay | {"status": "", "discharge_date": "2024-01-12", "updated_at": "2024-01-13"}

    (begun, ended), (late, first) = versions("E1"), versions("E2")
    for hour, rows in enumerate(([begun, first], [ended, late])):
        house.deliver(
            admissions(*(row | {"admission_date": "2024-01-10"} for row in rows)), NOW + dt.timedelta(hours=hour)
        )
        made = encounters_of(house, house.make_silver(PATIENTS, ENCOUNTERS))
    found = [(row["status"], row["length_of_stay_days"]) for row in house.rows(silver.ENCOUNTERS)]
    assert (found, told(made)) == ([("finished", 2)] * 2, {})


def test_a_discharge_that_a_newer_version_of_fhir_takes_back_is_none(house):
    def version(id_, number, status, **more):
        about = {"subject": {"reference": "Patient/p"}, "class": {"code": "IMP"}, "status": status} | more
        meta = {"meta": {"lastUpdated": f"2024-05-0{number}T08:00:00Z"}}
        return json.dumps({"resourceType": "Encounter", "id": id_, "period": {"start": "2024-05-01"}} | about | meta)

    over = {"period": {"start": "2024-05-01", "end": "2024-05-02"}}
    over |= {"hospitalization": {"dischargeDisposition": {"coding": [{"code": "home"}]}}}
    first = [
        version("late", 3, "in-progress"),
        version("e", 2, "finished", **over),
        version("f", 3, "finished", **over),
    ]
    then = [version("late", 2, "finished", **over), version("e", 3, "in-progress"), version("f", 2, "in-progress")]
    for hour, lines in enumerate(([json.dumps({"resourceType": "Patient", "id": "p"}), *first], then)):
        house.deliver("\n".join(lines), NOW + dt.timedelta(hours=hour), f"{hour}.ndjson")
        house.make_silver(PATIENTS, ENCOUNTERS)
    found = {row["encounter_id"]: row for row in house.rows(silver.ENCOUNTERS)}
    told = ("status", "discharged_at", "discharged_on", "discharge_disposition", "length_of_stay_days")
    for id_ in ("late", "e"):
        assert [found[id_][name] for name in told] == ["in-progress", None, None, None, None]
    assert (found["f"]["status"], found["f"]["length_of_stay_days"]) == ("finished", 1)
    assert sum(row["newer"] for row in reconcile(house.lake) if row["table"] == "silver/encounters") == 1
