"""Ages over 89 at every boundary: days around a ninetieth birthday, 29 February, ages without dates of birth."""

import datetime as dt
import itertools

import pytest

from mediflow_assets.contracts import masked, silver
from mediflow_assets.transforms import masking, over_89

UTC = dt.UTC
AS_OF = [dt.date(2024, 2, 28), dt.date(2024, 2, 29), dt.date(2024, 3, 1), dt.date(2023, 2, 28), dt.date(2024, 12, 31)]
"""Days of the newest admission."""


def age(born, at):
    """Completed years, told apart from the code under test: who was born on 29 February has a birthday on 1 March."""
    years = at.year - born.year
    birthday = dt.date(at.year, 3, 1) if (born.month, born.day) == (2, 29) else None
    try:
        birthday = born.replace(year=at.year)
    except ValueError:
        assert birthday is not None
    return years - (at < birthday)


def near(day, years):
    """Days of birth around the one that makes somebody this old on a day."""
    base = dt.date(day.year - years, day.month, min(day.day, 28))
    return [base + dt.timedelta(days=n) for n in (-1, 0, 1, 2, 3)]


BORN = [(as_of, born) for as_of in AS_OF for years in (88, 89, 90, 91) for born in near(as_of, years)]
BORN += [(as_of, dt.date(year, 2, 29)) for as_of in AS_OF for year in (1932, 1936)]
BORN += [
    (as_of, dt.date(year, month, day))
    for as_of in AS_OF
    for year in (1900, 1933, 1934, 1935, 2000)
    for month, day in ((1, 1), (12, 31))
]


def moment(day):
    return dt.datetime(day.year, day.month, day.day, 9, tzinfo=UTC)


def both(frame, people, stays):
    return frame(silver.PATIENTS, *people), frame(silver.ENCOUNTERS, *stays)


def over_89_of(frame, people, stays):
    return {row["patient_key"] for row in over_89.over_89(*both(frame, people, stays)).collect()}


def test_there_are_enough_cases():
    assert len(BORN) + len(AGED) + len(UNDATED) >= 200


@pytest.mark.parametrize("as_of", AS_OF, ids=str)
def test_a_date_of_birth_tells_who_is_90_and_the_masked_patient_tells_nothing_more(frame, as_of):
    cases = {f"P{n}": born for n, (day, born) in enumerate(BORN) if day == as_of}
    people = [{"patient_id": id_, "birth_date": born} for id_, born in cases.items()]
    stays = [{"patient_id": "P-other", "encounter_id": "E", "admitted_at": moment(as_of)}]
    patients, encounters = both(frame, people, stays)
    wanted = {id_ for id_, born in cases.items() if age(born, as_of) >= 90}
    assert over_89_of(frame, people, stays) == wanted
    aged = over_89.marked(over_89.judged_at(patients, encounters), over_89.over_89(patients, encounters))
    bands = {row["patient_key"]: row["age_band"] for row in masking.mask(aged, silver.PATIENTS).collect()}
    for id_, born in cases.items():
        low = age(born, as_of) // 5 * 5
        assert bands[id_] == ("90+" if id_ in wanted else f"{low}-{low + 4}"), (born, as_of)


AGED = [
    (years, days) for years in (84, 85, 87, 88, 89, 90, 91) for days in (0, 1, 2, 364, 365, 366, 367, 730, 731, 732)
]
"""Age on admission, without a date of birth, and days from then to the newest admission."""


def test_an_age_alone_counts_on_to_the_newest_admission(frame):
    as_of = dt.date(2024, 2, 29)
    people = [{"patient_id": f"P{n}"} for n in range(len(AGED))]
    stays = [
        {
            "patient_id": f"P{n}",
            "encounter_id": f"E{n}",
            "age_at_admission": years,
            "admitted_at": moment(as_of - dt.timedelta(days=days)),
        }
        for n, (years, days) in enumerate(AGED)
    ]
    found = over_89_of(frame, people, stays)
    for n, (years, days) in enumerate(AGED):
        admitted = as_of - dt.timedelta(days=days)
        # the earliest day on which somebody of that age can have been born: the day after 90 would have been one more
        oldest = max(
            age(born, as_of)
            for back in range(-2, 3)
            for born in [dt.date(admitted.year - years - 1, admitted.month, min(admitted.day, 28)) + dt.timedelta(back)]
            if age(born, admitted) == years
        )
        if oldest >= 90:
            assert f"P{n}" in found, (years, days)
        elif oldest + (days % 365 > 362 or days % 365 < 3) < 90:
            assert f"P{n}" not in found, (years, days)


UNDATED = list(itertools.product((1900, 1930, 1933, 1934, 1935, 2000), (True, False)))
"""Year of an admission of somebody of unknown age, and whether a date of birth is known."""


@pytest.mark.parametrize(("year", "is_born"), UNDATED)
def test_an_admission_so_long_ago_implies_90(frame, year, is_born):
    people = [{"patient_id": "P1", "birth_date": dt.date(1980, 1, 1) if is_born else None}]
    stays = [
        {"patient_id": "P1", "encounter_id": "E1", "admitted_at": dt.datetime(year, 1, 1, tzinfo=UTC)},
        {"patient_id": "P2", "encounter_id": "E2", "admitted_at": dt.datetime(2024, 1, 1, tzinfo=UTC)},
    ]
    assert over_89_of(frame, people, stays) == ({"P1"} if year <= 1934 and not is_born else set())


def test_who_died_younger_is_judged_at_the_death(frame):
    people = [
        {"patient_id": "P1", "birth_date": dt.date(1920, 1, 1), "death_date": dt.date(2009, 12, 31)},
        {"patient_id": "P2", "birth_date": dt.date(1920, 1, 1), "death_date": dt.date(2010, 1, 1)},
        {"patient_id": "P4", "birth_date": dt.date(1930, 6, 15), "death_date": dt.date(2020, 1, 1)}
        | {"death_precision": "year"},
    ]
    stays = [{"patient_id": "P3", "encounter_id": "E1"}]
    patients, encounters = both(frame, people, stays)
    aged = over_89.marked(over_89.judged_at(patients, encounters), over_89.over_89(patients, encounters))
    found = {row["patient_key"]: row for row in masking.mask(aged, silver.PATIENTS).collect()}
    assert (found["P1"]["age_band"], found["P1"]["death_year"]) == ("85-89", 2009)
    assert (found["P2"]["age_band"], found["P2"]["death_year"]) == ("90+", None)
    assert (found["P4"]["age_band"], found["P4"]["death_year"]) == ("90+", None)


@pytest.mark.slow
def test_no_year_of_somebody_over_89_is_left_in_any_row(house, admissions):
    """Every masked table of a hospital with one patient of 91, seen at 76, 89 and 91, and one of 60."""
    house.deliver(
        admissions(
            *(
                {
                    "patient_id": "OLD",
                    "encounter_id": f"O{n}",
                    "birth_date": "1933-01-01",
                    "admission_date": f"{year}-02-03",
                    "discharge_date": f"{year}-02-05",
                }
                for n, year in enumerate((2009, 2022, 2024))
            ),
            {"patient_id": "YOUNG", "encounter_id": "Y1", "birth_date": "1964-01-01"},
        )
    )
    house.make_silver()
    house.make_gold()
    old = house.key.pseudonym("patient", "OLD")
    seen = 0
    for contract in (masked.ENCOUNTERS, masked.READMISSIONS, masked.PATIENTS):
        years = [name for name in contract.column_names if name.endswith("_year")]
        for row in house.rows(contract):
            is_old = row["patient_key"] == old
            seen += is_old
            assert all((row[name] is None) == is_old for name in years if name != "death_year"), contract.name
    assert seen >= 5
    bands = sorted(row["age_band"] for row in house.rows(masked.ENCOUNTERS) if row["patient_key"] == old)
    assert bands == ["75-79", "85-89", "90+"]
