"""Persons, visits and deaths of the OMOP tables."""

import datetime as dt

import pytest

from mediflow_assets.contracts import bronze, omop
from mediflow_assets.contracts.omop.choice import REAL, Choice
from mediflow_assets_tests.house import RECEIVED
from mediflow_assets_tests.samples import ADMISSION, SYNTHEA_ENCOUNTER, SYNTHEA_PATIENT, csv_text

DAY = dt.timedelta(days=1)


@pytest.fixture(scope="module")
def arrived(tmp_path_factory, open_house):
    """Three of one hospital's own records, and one of another system's, in Silver."""
    house = open_house(tmp_path_factory.mktemp("omop") / "house")
    stays = (
        {"patient_id": "P1", "encounter_id": "E1"},
        {"patient_id": "P1", "encounter_id": "E2", "admission_date": "2024-03-01", "discharge_date": "2024-03-04",
         "discharge_disposition": "snf"},
        {"patient_id": "P2", "encounter_id": "E3", "gender": "M", "birth_date": "1920-02-03",
         "discharge_disposition": "expired"},
        {"patient_id": "P2", "encounter_id": "E5", "gender": "M", "birth_date": "1920-02-03",
         "admission_date": "1925-01-10", "discharge_date": "1925-01-12"},
        {"patient_id": "P3", "encounter_id": "E4", "discharge_date": "", "status": "in-progress",
         "discharge_disposition": "", "admission_date": "2024-06-20"},
        {"patient_id": "P4", "encounter_id": "E6", "birth_date": "", "age": ""},
        {"patient_id": "P1", "encounter_id": "E7", "status": "cancelled"},
    )  # fmt: skip
    for text in (
        csv_text(ADMISSION, stays),
        csv_text(SYNTHEA_PATIENT, ({"Id": "S1", "RACE": "asian", "ETHNICITY": "hispanic"},)),
        csv_text(SYNTHEA_ENCOUNTER, ({"Id": "S1E", "PATIENT": "S1", "ENCOUNTERCLASS": "wellness"},)),
    ):
        house.receive(text)
    house.land()
    house.make_silver()
    return house


@pytest.fixture(scope="module")
def results(arrived):
    """What the steps told."""
    return made(arrived)


@pytest.fixture(scope="module")
def small(arrived, results):
    """The same, with its OMOP tables."""
    return arrived


@pytest.fixture(scope="module")
def real(small):
    """The same, with its real dates."""
    house = small.copy("real").choosing(Choice(REAL))
    made(house)
    return house


def made(house):
    made = house.make_omop()
    assert [each.contract.name for each in made if each.has_failed] == []
    return {each.contract: each for each in made}


def person_of(house, namespace, patient_id):
    return house.number(house.key.pseudonym_of("patient", namespace, patient_id))


def test_a_database_under_the_definition_takes_the_tables(small, loaded):
    database = loaded(small)
    assert database.execute("SELECT count(*) FROM person").fetchone() == (4,)
    assert database.execute("SELECT count(*) FROM visit_occurrence").fetchone() == (4,)
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_person_is_told_by_concepts(small):
    one = small.row(omop.PERSON, person_id=person_of(small, "synthea", "S1"))
    told = ("gender_concept_id", "race_concept_id", "ethnicity_concept_id", "race_source_value")
    assert [one[name] for name in told] == [8532, 8515, 38003563, "asian"]
    pseudonym = small.key.pseudonym_of("patient", "synthea", "S1")
    assert one["person_source_value"] == small.key.of_omop(pseudonym) != pseudonym


def test_all_dates_of_a_person_move_back_by_the_same_secret_days(small):
    key = small.key.pseudonym_of("patient", "mrn", "P1")
    back = small.key.shift_days(key) - 180
    assert -360 <= back <= 0
    visits = [row for row in small.rows(omop.VISIT_OCCURRENCE) if row["person_id"] == small.number(key)]
    found = sorted((row["visit_start_date"], row["visit_end_date"]) for row in visits)
    real = [(dt.date(2024, 1, 10), dt.date(2024, 1, 15)), (dt.date(2024, 3, 1), dt.date(2024, 3, 4))]
    assert found == [(begin + back * DAY, end + back * DAY) for begin, end in real]
    person = small.row(omop.PERSON, person_id=small.number(key))
    born = dt.date(person["year_of_birth"], person["month_of_birth"], person["day_of_birth"])
    assert born == dt.date(1960, 5, 1) + back * DAY


def test_somebody_of_90_or_more_is_shown_as_90(small):
    old = small.row(omop.PERSON, person_id=person_of(small, "mrn", "P2"))
    died = small.row(omop.DEATH, person_id=old["person_id"])["death_date"]
    assert old["year_of_birth"] == died.year - 90
    assert (old["month_of_birth"], old["day_of_birth"], old["birth_datetime"]) == (None, None, None)


def test_what_lies_before_the_birth_that_is_shown_is_left_out(small, real):
    """It would tell that somebody is older than 90."""
    first = small.number(small.key.pseudonym("encounter", "E5"))
    assert [
        first in {row["visit_occurrence_id"] for row in of.rows(omop.VISIT_OCCURRENCE)} for of in (small, real)
    ] == [
        False,
        True,
    ]
    assert [row for row in small.rows(omop.CONDITION_OCCURRENCE) if row["condition_start_date"].year < 1934] == []


def test_a_stay_that_goes_on_is_left_out_and_counted_since_its_end_would_tell_the_shift(small, results):
    mine = person_of(small, "mrn", "P3")
    assert [row for row in small.rows(omop.VISIT_OCCURRENCE) if row["person_id"] == mine] == []
    assert results[omop.VISIT_OCCURRENCE].figures["stays that go on"] == 1


def test_what_stands_in_no_table_is_counted(results):
    assert results[omop.PERSON].figures["patients without a year of birth"] == 1
    visits, conditions = results[omop.VISIT_OCCURRENCE].figures, results[omop.CONDITION_OCCURRENCE].figures
    assert visits["encounters cancelled or planned"] == 1
    # of P4, and of P2 before the birth that is shown
    assert visits["rows of nobody in person, or before the birth shown"] == 2
    assert conditions["rows of nobody in person, or before the birth shown"] == 2


def test_real_dates_are_told_where_they_are_chosen(real):
    visit = real.row(omop.VISIT_OCCURRENCE, person_id=person_of(real, "mrn", "P3"))
    assert (visit["visit_start_date"], visit["visit_end_date"]) == (dt.date(2024, 6, 20), dt.date(2024, 7, 1))
    old = real.row(omop.PERSON, person_id=person_of(real, "mrn", "P2"))
    assert (old["year_of_birth"], old["month_of_birth"], old["day_of_birth"]) == (1920, 2, 3)


def test_without_a_time_zone_no_hour_is_shown_of_a_day_that_moved(small, real):
    """In UTC it would be another one in summer than in winter."""
    names = ("visit_start_datetime", "visit_end_datetime")
    for house, is_shown in ((small, False), (real, True)):
        times = [row[name] for row in house.rows(omop.VISIT_OCCURRENCE) for name in names]
        assert any(times) is is_shown


def test_a_visit_is_told_by_concepts_and_by_the_one_before(small):
    key = small.key.pseudonym("encounter", "E2")
    visit = small.row(omop.VISIT_OCCURRENCE, visit_occurrence_id=small.number(key))
    assert (visit["visit_concept_id"], visit["discharged_to_concept_id"]) == (9201, 8863)
    assert visit["preceding_visit_occurrence_id"] == small.number(small.key.pseudonym("encounter", "E1"))
    site = small.row(omop.CARE_SITE, care_site_id=visit["care_site_id"])
    # no eleven patients have been there
    assert site["care_site_name"] == "OTHER"


def test_a_lake_that_only_a_topic_feeds_is_of_the_day_of_its_newest_encounter(small):
    house = small.copy("topic")
    house.lake.overwrite_rows(bronze.DELIVERIES, [])
    house.make_omop()
    (row,) = house.rows(omop.CDM_SOURCE)
    assert row["source_release_date"] == RECEIVED.date()


def test_tables_that_stand_as_they_would_are_left_alone(small):
    assert all(each.is_unchanged for each in small.make_omop())
