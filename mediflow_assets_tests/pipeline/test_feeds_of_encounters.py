"""What a feed says of its values holds from the file to Silver."""

import datetime as dt

import pytest

from mediflow_assets.contracts import gold, silver
from mediflow_assets.sources import Feeds


@pytest.fixture
def told(house, tmp_path):
    """The house with these feeds, once it has taken in one file."""

    def _told(text, file, name="delivery.csv"):
        path = tmp_path / "sources.toml"
        path.write_text(text, encoding="utf-8")
        mine = house.with_feeds(Feeds.load(path))
        mine.deliver(file, name=name)
        mine.make_silver()
        mine.assert_balanced()
        return mine

    return _told


SHIFTED = """[feeds.moved]
dates = "shifted"
[feeds.moved.columns]
patient_id = "SUBJECT"
encounter_id = "HADM"
admission_date = "IN"
discharge_date = "OUT"
birth_date = "BORN"
department = { value = "MEDICINE" }
diagnosis_code = { value = "I10" }
cost = { value = "0" }
"""


def test_moved_dates_may_lie_in_the_future_and_be_of_no_age(told):
    file = "SUBJECT,HADM,IN,OUT,BORN\n1,10,2160-03-01 10:00:00,2160-03-05,2100-01-01\n2,20,2150-01-01,,1850-01-01\n"
    house = told(SHIFTED, file + "3,30,2150-01-05,2150-01-01,2100-01-01\n")
    assert sorted(row["encounter_id"] for row in house.rows(silver.ENCOUNTERS)) == ["10", "20"]
    assert house.row(silver.ENCOUNTERS, encounter_id="20")["age_at_admission"] is None
    assert house.row(silver.ENCOUNTERS, encounter_id="10")["age_at_admission"] == 60
    assert list(house.reasons(silver.ENCOUNTERS).values()) == [["discharged_before_admission"]]
    assert len(house.rows(silver.PATIENTS)) == 3


def test_patient_and_admission_are_enough_and_the_rest_is_presumed_or_not_known(house):
    file = "MRN,Admit Date,Disch Date,Visit ID\nP1,2024-03-01,2024-03-04,10\n"
    house.deliver(file + "P2,2024-03-01,2024-03-01,20\nP3,2024-03-01,,\n")
    house.make_silver()
    found = {row["patient_id"]: row for row in house.rows(silver.ENCOUNTERS)}
    assert {p: (r["encounter_class"], r["department"], r["derived"].split()[:3]) for p, r in found.items()} == {
        "P1": ("inpatient", "UNKNOWN", ["department", "status", "encounter_class"]),
        "P2": (None, "UNKNOWN", ["department", "status", "age_at_admission"]),
        "P3": (None, "UNKNOWN", ["department", "status", "age_at_admission"]),
    }
    assert found["P3"]["encounter_id"] == "P3|2024-03-01"
    house.deliver("MRN,Admit Date,Disch Date,Visit ID,Class,Dept\nP1,2024-03-01,2024-03-04,10,emergency,\n")
    house.deliver("MRN,Admit Date,Disch Date,Visit ID,Class,Dept\nP1,2024-03-01,2024-03-05,10,,ICU\n")
    house.make_silver()
    told = house.row(silver.ENCOUNTERS, patient_id="P1")
    assert (told["encounter_class"], told["department"], told["length_of_stay_days"]) == ("emergency", "ICU", 4)
    house.assert_balanced()


@pytest.mark.slow
def test_every_table_is_made_of_patients_and_days_alone(house):
    stays = (f"P{n % 40},2024-0{1 + n % 6}-1{n % 9},2024-0{1 + n % 6}-2{n % 8}\n" for n in range(80))
    house.bring("MRN,Admit Date,Disch Date\n" + "".join(stays))
    assert house.rows(gold.COST_BASELINES) == house.rows(gold.COST_ANOMALIES) == []
    (costs,) = house.rows(gold.DEPARTMENT_COSTS)
    assert (costs["department"], costs["total_cost_usd"], costs["average_cost_usd"]) == ("UNKNOWN", None, None)
    assert {row["cost_usd"] for row in house.rows(gold.MONTHLY_ACTIVITY)} == {None}
    assert any(row["is_readmitted"] is not None for row in house.rows(gold.READMISSIONS))


CLEARS = """[feeds.north]
match = ["MRN"]
empty_means = "cleared"
[feeds.plain]
match = ["Patient ID"]
"""
WHOLE = "MRN,CSN,Admit Date,Disch Date,Zip,Dept,Disposition,Updated\n"


def test_an_empty_cell_takes_back_what_was_told_where_its_feed_says_so(told):
    first = "P1,10,2024-03-01,2024-03-04,02139,ICU,home,2024-03-04\n"
    house = told(CLEARS, WHOLE + first + first.replace("P1,10", "P2,20"))
    cleared = "P1,10,2024-03-01,,,ICU,n/a,2024-03-05\n"
    house.deliver(WHOLE + cleared)
    house.deliver("Patient ID,CSN,Admit Date,Zip,Disposition,Updated\nP2,20,2024-03-01,,,2024-03-05\n")
    house.make_silver()
    names = ("zip", "discharge_disposition", "discharged_at", "discharged_on", "department")
    of_one = house.row(silver.ENCOUNTERS, encounter_id="10")
    assert [of_one[name] for name in names] == [None, None, None, None, "ICU"]
    of_two = house.row(silver.ENCOUNTERS, encounter_id="20")
    assert (of_two["zip"], of_two["discharge_disposition"], of_two["length_of_stay_days"]) == ("02139", "home", 3)
    assert [house.row(silver.PATIENTS, patient_id=each)["zip"] for each in ("P1", "P2")] == [None, "02139"]
    # an older version tells of nothing that a newer one has taken back, and a newer one may tell it again
    house.deliver(WHOLE + "P1,10,2024-03-01,2024-03-03,02140,,,2024-03-02\n")
    house.deliver("Patient ID,CSN,Admit Date,Zip,Updated\nP1,10,2024-03-01,02141,2024-03-06\n")
    house.make_silver()
    of_one = house.row(silver.ENCOUNTERS, encounter_id="10")
    assert [of_one[name] for name in names] == ["02141", None, None, None, "ICU"]
    house.assert_balanced()


GERMAN = """[feeds.klinik]
delimiter = ";"
decimal_comma = true
currency = "EUR"
date_formats = { admission_date = ["dd.MM.yyyy HH:mm", "dd.MM.yyyy"], birth_date = ["dd.MM.yyyy"] }
[feeds.klinik.columns]
patient_id = "Pat"
encounter_id = "Fall"
admission_date = { join = ["Tag", "Zeit"] }
discharge_date = "Bis"
birth_date = "Geb"
gender = "G"
department = { value = "INNERE MEDIZIN" }
diagnosis_code = "ICD"
cost = "Betrag"
[feeds.klinik.values.gender]
"1" = "M"
"w" = "F"
"*" = "O"
"""


def test_values_are_read_as_the_feed_writes_them(told):
    file = "Pat;Fall;Tag;Zeit;Bis;Geb;G;ICD;Betrag\n"
    file += "1;10;01.03.2024;10:15;20240305;00.00.1950;1;I10;1.234,50 EUR\n"
    file += "2;20;01.03.2024;;31.12.9999;05.1960;W;I10;(12,50)\n"
    file += "3;30;01.03.2024;;2024-3-2;1970.0;x;I10;1234.50\n"
    house = told(GERMAN, file)
    one = house.row(silver.ENCOUNTERS, encounter_id="10")
    assert (one["admitted_at"], str(one["cost_usd"])) == (dt.datetime(2024, 3, 1, 10, 15, tzinfo=dt.UTC), "1234.50")
    assert (one["gender"], one["length_of_stay_days"]) == ("M", 4)
    assert sorted(house.reasons(silver.ENCOUNTERS).values()) == [["cost_negative"], ["cost_unreadable"]]
    people = {row["patient_id"]: (str(row["birth_date"]), row["birth_precision"], row["gender"])
              for row in house.rows(silver.PATIENTS)}  # fmt: skip
    assert people["1"] == ("1950-01-01", "year", "M")
    assert (people["2"], people["3"]) == (("1960-05-01", "month", "F"), ("1970-01-01", "year", "O"))


def test_the_diagnosis_of_a_stay_whose_dates_were_moved_is_not_in_the_future(house):
    """MIMIC-IV: the year of birth is that of the anchor less the age in it, and the ICD list of a stay is its own."""
    house.deliver("subject_id,gender,anchor_age,anchor_year,anchor_year_group,dod\n7,F,52,2180,2014 - 2016,\n")
    house.deliver("subject_id,hadm_id,seq_num,icd_code,icd_version\n7,70,1,5723,9\n7,70,2,E119,10\n")
    stays = "subject_id,hadm_id,admittime,dischtime,deathtime,admission_type,admit_provider_id,race\n"
    house.deliver(stays + "7,70,2182-05-06 22:23:00,2182-05-07 17:15:00,,URGENT,P1,WHITE\n")
    house.make_silver()
    stay = house.row(silver.ENCOUNTERS, encounter_id="70")
    assert (stay["age_at_admission"], stay["diagnosis_code"]) == (54, "572.3")
    found = {row["code"]: (row["onset_date"], row["is_shifted"]) for row in house.rows(silver.CONDITIONS)}
    assert found == {"572.3": (dt.date(2182, 5, 6), True), "E11.9": (dt.date(2182, 5, 6), True)}


def test_a_visit_of_omop_is_read_by_its_concepts_and_no_concept_says_nothing(house):
    house.deliver(
        "person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth\n1,8507,1950,3,7\n2,0,1960,,\n"
    )
    visits = "visit_occurrence_id,person_id,visit_concept_id,visit_start_date,visit_end_date,discharged_to_concept_id"
    rows = ["501,1,262,2020-03-06,2020-03-09,4216643", "502,2,0,2021-01-01,2021-01-01,0", "503,2,9201,2021-02-01,,"]
    house.deliver("\n".join([visits, *rows, ""]))
    house.make_silver()
    found = [
        (row["encounter_id"], row["encounter_class"], row["discharge_disposition"], row["age_at_admission"])
        for row in house.rows(silver.ENCOUNTERS)
    ]
    assert sorted(found) == [
        ("501", "inpatient", "expired", 69),
        ("502", None, None, None),
        ("503", "inpatient", None, None),
    ]


def test_the_segments_of_a_claim_are_one_stay_with_the_sum_of_both(house):
    codes = ",".join(f"ICD9_DGNS_CD_{place}" for place in range(1, 11))
    header = f"DESYNPUF_ID,CLM_ID,SEGMENT,CLM_ADMSN_DT,NCH_BENE_DSCHRG_DT,CLM_PMT_AMT,{codes}\n"
    rest = ",".join([""] * 9)
    house.deliver(
        f"{header}B1,77,1,20090103,20090109,5000.00,4280,{rest}\nB1,77,2,20090103,20090109,-700.00,4019,{rest}\n"
    )
    house.make_silver()
    stay = house.row(silver.ENCOUNTERS, encounter_id="77")
    assert (float(stay["cost_usd"]), stay["diagnosis_code"]) == (4300.0, "428.0")
