"""Readmission: which stays are one episode, which are index stays, and what counts as their readmission."""

import datetime as dt

import pytest

from mediflow_assets.contracts import gold, silver
from mediflow_assets.contracts.vocabulary import OPEN_STAY_DAYS
from mediflow_assets.transforms.readmissions import readmissions

FIRST = {"encounter_id": "A", "admitted_at": "2024-01-01T10:00", "discharged_at": "2024-01-05T11:00"}
LATE = {"encounter_id": "Z", "admitted_at": "2025-01-01", "patient_id": "PZ", "encounter_class": "outpatient"}
"""A visit of another patient, so that the data go on."""


def stay(key, admitted, discharged=None, **more):
    return {"encounter_id": key, "admitted_at": admitted, "discharged_at": discharged} | more


@pytest.fixture
def label(encounters, frame):
    """Each episode's row, by its last stay; `deaths` are days by patient."""

    def _label(*rows, until=LATE, deaths=None, days=OPEN_STAY_DAYS):
        rows = [dict(row) for row in (*rows, *([until] if until else []))]
        for row in rows:
            for name in ("admitted_at", "discharged_at"):
                if isinstance(row.get(name), str):
                    row[name] = dt.datetime.fromisoformat(row[name]).replace(tzinfo=dt.UTC)
        known = [{"patient_id": who, "death_date": dt.date.fromisoformat(day)} for who, day in (deaths or {}).items()]
        made = readmissions(encounters(*rows), frame(silver.PATIENTS, {"patient_id": "alive"}, *known), days)
        assert set(made.columns) == set(gold.READMISSIONS.column_names)
        return {row["encounter_key"]: row.asDict() for row in made.collect()}

    return _label


NEXT = {
    "on the day of discharge": (stay("B", "2024-01-05T23:00"), (0, True)),
    "the day after": (stay("B", "2024-01-06T01:00"), (1, True)),
    "on the thirtieth day": (stay("B", "2024-02-04T23:59"), (30, True)),
    "on the day after that": (stay("B", "2024-02-05T00:00"), (31, False)),
    "of another patient": (stay("B", "2024-01-06", patient_id="P2"), (None, False)),
    "that was cancelled": (stay("B", "2024-01-06", status="cancelled"), (None, False)),
    "that has not begun": (stay("B", "2024-01-06", status="planned"), (None, False)),
    "that is no stay": (stay("B", "2024-01-06", encounter_class="emergency"), (None, False)),
    "earlier": (stay("B", "2023-12-01", "2023-12-02"), (None, False)),
    "that is elective": (stay("B", "2024-01-06", admission_type="elective"), (None, False)),
    "of a newborn": (stay("B", "2024-01-06", admission_type="newborn"), (None, False)),
    "that is urgent": (stay("B", "2024-01-06", admission_type="urgent"), (1, True)),
}


@pytest.mark.parametrize("case", NEXT)
def test_a_next_stay(label, case):
    following, wanted = NEXT[case]
    row = label(FIRST, following)["A"]
    assert (row["days_to_readmission"], row["is_readmitted"], row["excluded_because"]) == (*wanted, None)


def test_nothing_after_a_planned_stay_is_a_readmission_of_the_one_before(label):
    planned = stay("B", "2024-01-10", "2024-01-11", admission_type="elective")
    rows = label(FIRST, planned, stay("C", "2024-01-20", "2024-01-21", admission_type="emergency"))
    assert {key: row["days_to_readmission"] for key, row in rows.items()} == {"A": None, "B": 9, "C": None}
    assert [rows[key]["is_readmitted"] for key in "ABC"] == [False, True, False]


@pytest.mark.parametrize("code", ["Z51.11", "Z51.0", "O80", "Z44.001"])
def test_a_stay_for_what_is_always_planned_is_planned_whatever_its_type(label, code):
    following = stay("B", "2024-01-10", admission_type="emergency", diagnosis_code=code)
    assert label(FIRST, following)["A"]["is_readmitted"] is False


def test_a_stay_in_a_department_of_rehabilitation_is_planned(label):
    rows = label(FIRST, stay("B", "2024-01-10", "2024-01-11", department="REHABILITATION"))
    assert rows["A"]["days_to_readmission"] is None


@pytest.mark.parametrize(
    "code", ["A41.9", "I21.4", "J18.9", "I50.9", "I50.23", "S72.001A", "S72.0", "K35.80", "N17.9", "J44.1", "J45.901"]
)
def test_an_elective_stay_for_what_is_acute_is_not_planned(label, code):
    row = label(FIRST, stay("B", "2024-01-10", admission_type="elective", diagnosis_code=code))["A"]
    assert (row["days_to_readmission"], row["is_readmitted"]) == (5, True)


@pytest.mark.parametrize(
    "code", [None, "I25.10", "M17.11", "K80.20", "C18.9", "I50.22", "S72.001D", "J45.909", "I48.91"]
)
def test_an_elective_stay_for_anything_else_is_planned(label, code):
    row = label(FIRST, stay("B", "2024-01-10", admission_type="elective", diagnosis_code=code))["A"]
    assert (row["days_to_readmission"], row["is_readmitted"]) == (None, False)


ENDLESS = {
    "that is finished": ("finished", None),
    "that may be over": ("unknown", None),
    "that is doubtful, for the patient came again": ("in-progress", stay("C", "2024-03-01", "2024-03-02")),
    "that is doubtful, for it is long ago": ("in-progress", None),
}


@pytest.mark.parametrize("case", ENDLESS)
def test_a_stay_without_an_end_does_not_hold_an_episode_open(label, case):
    status, again = ENDLESS[case]
    rows = [FIRST, stay("B", "2024-01-03", status=status), *([again] if again else [])]
    found = label(*rows, until=LATE | {"admitted_at": "2025-02-01"})["A"]
    assert (found["discharged_on"], found["length_of_stay_days"]) == (dt.date(2024, 1, 5), 4)


def test_a_patient_who_is_in_the_house_has_not_left(label):
    still = stay("B", "2024-01-03", status="in-progress")
    assert label(FIRST, still, until=LATE | {"admitted_at": "2024-12-01"}) == {}
    days_told = label(FIRST, still, until=LATE | {"admitted_at": "2024-12-01"}, days=90)
    assert list(days_told) == ["A"]


SAME = {"diagnosis_code": "I50.9"}
JOINED = {
    "an overlap": (stay("B", "2024-01-03", "2024-01-08"), "2024-01-08"),
    "one within the other": (stay("B", "2024-01-03", "2024-01-04"), None),
    "a return on one day for the same": (stay("B", "2024-01-05T18:00", "2024-01-09", **SAME), "2024-01-09"),
}


@pytest.mark.parametrize("case", JOINED)
def test_stays_that_overlap_are_one_episode(label, case):
    other, ends = JOINED[case]
    key = "B" if ends else "A"
    found = label(FIRST | SAME, other, stay("C", "2024-01-20"))
    assert list(found) == [key]
    row = found[key]
    assert (row["admitted_at"].day, row["is_readmitted"]) == (1, True)
    assert row["length_of_stay_days"] == (row["discharged_at"].day - 1)


def test_a_transfer_joins_two_stays_within_a_day(label):
    transferred = FIRST | {"discharge_disposition": "transferred"}
    for begins in ("2024-01-05T18:00", "2024-01-06T01:00"):
        found = label(transferred, stay("B", begins, "2024-01-09", discharge_disposition="home"))
        assert {key: row["excluded_because"] for key, row in found.items()} == {"B": None}
    later = label(transferred, stay("B", "2024-01-07", "2024-01-09", discharge_disposition="home"))
    assert {key: row["excluded_because"] for key, row in later.items()} == {"A": "transferred_out", "B": None}


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ({"diagnosis_code": "F33.1"}, "psychiatric"),
        ({"diagnosis_code": "R45.851"}, "psychiatric"),
        ({"diagnosis_code": "T39.1X2A"}, "psychiatric"),
        ({"diagnosis_code": "T39.1X1A"}, None),
        ({"diagnosis_code": "F10.239"}, None),
        ({"diagnosis_code": "F05"}, None),
        ({"diagnosis_code": "F84.0"}, "psychiatric"),
        ({"department": "PSYCHIATRY"}, "psychiatric"),
        ({"diagnosis_code": "Z44.001"}, "rehabilitation"),
        ({"department": "REHABILITATION"}, "rehabilitation"),
        ({"diagnosis_code": "C50.911"}, "cancer"),
        ({"diagnosis_code": "D05.10"}, "cancer"),
        ({"diagnosis_code": "D12.6"}, None),
        ({"diagnosis_code": "D64.9"}, None),
    ],
)
def test_what_a_stay_was_for_may_exclude_it(label, what, reason):
    assert label(FIRST | what, stay("B", "2024-01-10"))["A"]["excluded_because"] == reason


@pytest.mark.parametrize(
    ("died", "following", "wanted"),
    [
        ("2024-01-05", None, ("died", None)),
        ("2024-01-20", None, ("died_after_discharge", None)),
        ("2024-02-04", None, ("died_after_discharge", None)),
        ("2024-02-05", None, (None, False)),
        ("2024-01-20", "2024-01-18", (None, True)),
        ("2024-01-20", "2024-01-20", (None, True)),
        ("2024-01-20", "2024-01-22", ("died_after_discharge", None)),
    ],
)
def test_a_death_after_discharge_ends_what_can_be_known(label, died, following, wanted):
    row = label(FIRST, *([stay("B", following)] if following else []), deaths={"P1": died})["A"]
    assert (row["excluded_because"], row["is_readmitted"]) == wanted


def test_a_death_elsewhere_in_the_house_counts_as_well(label):
    visit = stay("B", "2024-01-20", "2024-01-20", encounter_class="emergency", discharge_disposition="expired")
    assert label(FIRST, visit)["A"]["excluded_because"] == "died_after_discharge"


@pytest.mark.parametrize(
    ("way", "reason"),
    [
        ("expired", "died"),
        ("transferred", "transferred_out"),
        ("against_advice", "left_against_advice"),
        ("home", None),
        ("hospice", None),
        (None, None),
    ],
)
def test_how_a_stay_ended_may_exclude_it(label, way, reason):
    row = label(FIRST | {"discharge_disposition": way}, stay("B", "2024-01-10"))["A"]
    assert (row["excluded_because"], row["is_readmitted"]) == (reason, None if reason else True)


@pytest.mark.parametrize(("end", "reason"), [("2024-02-04", None), ("2024-02-03T23:59", "no_follow_up")])
def test_a_stay_needs_thirty_days_of_data_after_it(label, end, reason):
    assert label(FIRST, until=LATE | {"admitted_at": end})["A"]["excluded_because"] == reason


def test_only_stays_that_ended_are_at_risk(label):
    assert list(label(stay("A", "2024-01-01"), stay("B", "2024-01-02", "2024-01-03"))) == ["B"]


def test_each_stay_is_followed_by_the_next_only(label):
    rows = [
        stay("A", "2024-01-01", "2024-01-05"),
        stay("B", "2024-01-20", "2024-01-21"),
        stay("C", "2024-06-01", "2024-06-02"),
    ]
    found = {key: (row["days_to_readmission"], row["is_readmitted"]) for key, row in label(*reversed(rows)).items()}
    assert found == {"A": (15, True), "B": (132, False), "C": (None, False)}


def test_many_patients_do_not_mix(label):
    rows = [stay(f"{n}-{k}", f"2024-0{k}-01", f"2024-0{k}-02", patient_id=f"P{n}") for n in range(150) for k in (1, 2)]
    found = label(*rows)
    assert {found[f"{n}-1"]["days_to_readmission"] for n in range(150)} == {30}
    assert {found[f"{n}-2"]["days_to_readmission"] for n in range(150)} == {None}


MORNING = {"admitted_at": "2024-03-02T08:00", "discharged_at": "2024-03-02T12:00", "diagnosis_code": "I21.4"}
EVENING = {"admitted_at": "2024-03-02T13:00", "discharged_at": "2024-03-02T20:00", "diagnosis_code": "K35.80"}


@pytest.mark.parametrize(("first", "then"), [("A", "B"), ("B", "A")])
@pytest.mark.parametrize(
    ("way", "of_the_first", "of_the_last"),
    [
        ("transferred", None, ("2024-03-02T08:00", "2024-03-02T20:00", False)),
        ("home", ("2024-03-02T08:00", "2024-03-02T12:00", True), ("2024-03-02T13:00", "2024-03-02T20:00", False)),
    ],
)
def test_stays_of_one_day_follow_each_other_as_their_times_say(label, first, then, way, of_the_first, of_the_last):
    """Whichever key comes first."""
    rows = label(MORNING | {"encounter_id": first, "discharge_disposition": way}, EVENING | {"encounter_id": then})
    told = {
        key: (f"{row['admitted_at']:%FT%H:%M}", f"{row['discharged_at']:%FT%H:%M}", row["is_readmitted"])
        for key, row in rows.items()
    }
    wanted = {first: of_the_first, then: of_the_last}
    assert told == {key: each for key, each in wanted.items() if each}


@pytest.mark.parametrize(("first", "then"), [("A", "B"), ("B", "A")])
def test_of_stays_of_one_day_without_times_the_one_that_was_transferred_came_first(label, first, then):
    day = {"admitted_at": None, "discharged_at": None, "admitted_on": "2024-03-02", "discharged_on": "2024-03-02"}
    day |= {name: dt.date.fromisoformat(day[name]) for name in ("admitted_on", "discharged_on")}
    away = day | {"encounter_id": first, "discharge_disposition": "transferred", "diagnosis_code": "I21.4"}
    rows = label(away, day | {"encounter_id": then, "diagnosis_code": "K35.80"})
    assert {key: row["is_readmitted"] for key, row in rows.items()} == {then: False}


def test_stays_that_overlap_on_the_day_of_discharge_are_one_episode(label):
    more = stay("B", "2024-01-05T03:00", "2024-01-06T03:00", diagnosis_code="K35.80")
    rows = label(FIRST, more)
    assert {key: (row["length_of_stay_days"], row["is_readmitted"]) for key, row in rows.items()} == {"B": (5, False)}
    # one within another ends nothing
    within = stay("B", "2024-01-05T03:00", "2024-01-05T09:00", diagnosis_code="K35.80")
    assert {key: row["length_of_stay_days"] for key, row in label(FIRST, within).items()} == {"A": 4}


@pytest.mark.parametrize(("first", "then"), [("A", "B"), ("B", "A")])
def test_who_dies_in_a_later_stay_of_the_day_was_alive_at_the_first_discharge(label, first, then):
    dying = EVENING | {"encounter_id": then, "discharge_disposition": "expired"}
    rows = label(MORNING | {"encounter_id": first, "discharge_disposition": "home"}, dying)
    assert (rows[first]["excluded_because"], rows[first]["is_readmitted"]) == (None, True)
    assert rows[then]["excluded_because"] == "died"
