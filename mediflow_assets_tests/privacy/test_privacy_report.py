"""The risk report: its figures are those of the tables, and too great a risk stops the run."""

import random
from collections import Counter
from dataclasses import replace

import pytest

from mediflow_assets.contracts import assurance, masked
from mediflow_assets.contracts.risk import is_blank
from mediflow_assets.pipeline import operational_tables
from mediflow_assets.privacy import risk_report
from mediflow_assets.privacy.risk_report import PRIVACY_STATUS
from mediflow_assets.transforms import anonymity

QUASI = ("age_band", "gender", "zip3")


@pytest.fixture(scope="module")
def hospital(tmp_path_factory, open_house):
    house = open_house(tmp_path_factory.mktemp("risk") / "home")
    draw = random.Random(7)
    names = "patient_id,encounter_id,birth_date,gender,zip,department,diagnosis_code,admission_date,discharge_date,cost"
    rows = [
        f"P{n},E{n}-{m},{draw.choice(('1950', '1951', '1985', '1930'))}-05-01,{draw.choice('MMFF')},"
        f"{draw.choice(('02139', '02139', '02139', '10001', '60601', '33101'))},CARDIOLOGY,I21.{draw.randint(1, 4)},"
        f"2024-01-{draw.randint(10, 20)},2024-01-25,100"
        for n in range(150)
        for m in range(2)
    ]
    house.bring("\n".join((names, *rows, "PX,EX,1970-01-01,O,99999,CARDIOLOGY,I21.4,2024-01-10,2024-01-11,5")) + "\n")
    assert not operational_tables.make(house.context, PRIVACY_STATUS).has_failed
    return house


def test_masked_patients_count_eleven_in_every_group_that_shows_anything(hospital):
    rows = hospital.rows(masked.PATIENTS)
    groups = Counter(tuple(row[name] for name in QUASI) for row in rows)
    assert len(rows) == 151 and len(groups) > 5
    assert all(count >= 11 or is_blank(group) for group, count in groups.items())
    lonely = hospital.row(masked.PATIENTS, patient_key=hospital.key.pseudonym("patient", "PX"))
    assert tuple(lonely[name] for name in QUASI) == (None, "U", "000")


def test_the_figures_are_those_of_the_table(hospital):
    told = hospital.row(assurance.PRIVACY_STATUS, table="masked/patients")
    groups = Counter(tuple(row[name] for name in QUASI) for row in hospital.rows(masked.PATIENTS))
    sizes = [count for group, count in groups.items() if not is_blank(group)]
    assert (told["records"], told["people"], told["min_k"]) == (151, 151, min(sizes))
    assert float(told["max_risk"]) == round(1 / min(sizes), 4)
    assert float(told["mean_risk"]) == round(len(sizes) / sum(sizes), 4)
    assert float(told["share_below_k"]) == 0 and told["is_suppressed"]
    assert told["min_k_before"] == 1 and float(told["share_below_k_before"]) > 0
    assert float(told["suppressed_share"]) >= float(told["utility_lost"]) > 0


def test_tables_of_rows_tell_people_and_diagnoses(hospital):
    told = hospital.row(assurance.PRIVACY_STATUS, table="masked/encounters")
    people, codes = {}, {}
    for row in hospital.rows(masked.ENCOUNTERS):
        group = tuple(row[name] for name in QUASI)
        people.setdefault(group, set()).add(row["patient_key"])
        codes.setdefault(group, set()).add(row["diagnosis_code"])
    sizes = {group: len(keys) for group, keys in people.items() if not is_blank(group)}
    assert told["min_k"] == min(sizes.values()) and told["people"] == 151 and told["records"] == 301
    assert told["l_diversity"] == min(len(codes[group]) for group in sizes)
    assert not told["is_suppressed"] and told["utility_lost"] is None


def test_every_masked_table_of_people_is_reported(hospital):
    named = {table.name for table in masked.TABLES if "patient_key" in table.by_name}
    assert {row["table"] for row in hospital.rows(assurance.PRIVACY_STATUS)} == named


def test_a_risk_above_the_limit_fails(hospital, tmp_path, monkeypatch):
    twin = replace(hospital.copy("twin-risk"))
    rows = twin.rows(masked.PATIENTS)
    twin.lake.overwrite_rows(masked.PATIENTS, [rows[0] | {"zip3": "945"}, *rows[1:]])
    made = operational_tables.make(twin.context, PRIVACY_STATUS)
    assert [c.name for c in made.checks if not c.passed] == ["risk_above_limit"] and made.has_failed


def test_tables_that_have_not_moved_are_not_looked_through_again(hospital, monkeypatch):
    twin = hospital.copy("twin-unmoved")
    before, looked_through, measured = twin.rows(assurance.PRIVACY_STATUS), [], risk_report._of_table
    twin.lake.overwrite_rows(masked.READMISSIONS, twin.rows(masked.READMISSIONS)[1:])
    twin.lake.set_properties(masked.ENCOUNTERS, another=1)
    monkeypatch.setattr(risk_report, "_of_table", lambda *of: looked_through.append(of[1]) or measured(*of))
    assert not operational_tables.make(twin.context, PRIVACY_STATUS).has_failed
    assert looked_through == [masked.READMISSIONS]
    told = {row["table"]: row for row in twin.rows(assurance.PRIVACY_STATUS)}
    assert told[masked.ENCOUNTERS.name]["version"] == twin.lake.version(masked.ENCOUNTERS)
    same = [row for row in before if row["table"] not in (masked.READMISSIONS.name, masked.ENCOUNTERS.name)]
    assert same == [told[row["table"]] for row in same]
    monkeypatch.setattr(risk_report, "code_version", lambda made_by: "another")
    assert risk_report.privacy_status(twin.lake) and len(looked_through) == 1 + len(risk_report.TABLES)


@pytest.mark.parametrize(("risk", "is_broken"), [(1 / 11, False), (1 / 10, True), (None, False), (1.0, True)])
def test_one_in_eleven_is_the_limit(risk, is_broken):
    assert risk_report.breaks_limit({"is_suppressed": True, "max_risk": risk}) is is_broken
    assert not risk_report.breaks_limit({"is_suppressed": False, "max_risk": risk})


def test_empty_tables_have_no_risk(house):
    assert not operational_tables.make(house.context, PRIVACY_STATUS).has_failed
    assert {row["min_k"] for row in house.rows(assurance.PRIVACY_STATUS)} == {None}


def test_what_was_blanked_is_counted():
    people = {("40-44", "F", "021"): 6, ("40-44", "F", "100"): 5, ("45-49", "O", "021"): 3, ("1", "M", "1"): 20}
    told = anonymity.figures_of(people)
    assert told == {
        "records": 34,
        "min_k_before": 3,
        "below_before": 14,
        "suppressed": 14,
        "blanked_zip3": 14,
        "blanked_age_band": 3,
        "blanked_gender": 3,
    }
