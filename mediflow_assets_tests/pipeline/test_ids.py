"""Ids that are none, ids with blanks around them, and encounters that two patients claim."""

import datetime as dt

import pytest

from mediflow_assets.contracts import silver
from mediflow_assets.pipeline import silver as steps
from mediflow_assets.transforms.validation import of_another_patient
from mediflow_assets_tests.house import RECEIVED

BOTH = (steps.PATIENTS, steps.ENCOUNTERS)
NO_PATIENTS = ["NULL", "n/a", "#N/A", "None", "nan", "-", "?", "00000000", "UNKNOWN", "########", "#REF!", "1.23E+12"]
BLANKS = ["\u00a0", "\u200b", "\t", "\ufeff", "\u3000", "\u2060", "\u00ad"]


def day(n):
    return RECEIVED + dt.timedelta(days=n)


def stays(house):
    """Encounter → whose it is."""
    return {row["encounter_id"]: row["patient_id"] for row in house.rows(silver.ENCOUNTERS)}


def refused(house):
    """How often each reason stands before encounters."""
    return sorted(reason for why in house.reasons(silver.ENCOUNTERS).values() for reason in why)


def test_no_patient_is_made_of_words_for_nothing(house, admissions):
    house.deliver(admissions(*({"patient_id": id_, "encounter_id": f"E{n}"} for n, id_ in enumerate(NO_PATIENTS))))
    house.make_silver(*BOTH)
    assert (house.rows(silver.PATIENTS), stays(house)) == ([], {})
    told = {reason for why in house.reasons(silver.PATIENTS).values() for reason in why}
    assert told == {"patient_id_placeholder", "patient_id_damaged"}
    house.assert_balanced()


def test_no_encounter_is_made_of_words_for_nothing(house, admissions):
    house.deliver(
        admissions(*({"patient_id": f"P{n}", "encounter_id": id_} for n, id_ in enumerate(["NULL", "null", "1E+9"])))
    )
    house.make_silver(*BOTH)
    assert stays(house) == {}
    assert refused(house) == ["encounter_id_damaged", "encounter_id_placeholder", "encounter_id_placeholder"]


def test_names_are_no_ids(house):
    house.deliver(
        "Patient,Account Number,Service,Diagnosis,Admit Date,Amount\n"
        '"Quill, Ada",ACC1,CARDIOLOGY,I10,2024-03-01,100.00\n'
    )
    house.make_silver(*BOTH)
    assert house.rows(silver.PATIENTS) == [] and refused(house) == ["patient_id_is_a_name"]


def test_what_shows_nothing_is_trimmed_from_every_cell_and_header(house, admissions):
    text = admissions(
        *({"patient_id": f"{blank}p1{blank}", "encounter_id": f"E{n}{blank}"} for n, blank in enumerate(BLANKS)),
        {
            name: f"\u00a0{value}\u200b"
            for name, value in {
                "patient_id": "P1",
                "encounter_id": "E9",
                "cost": "5.00",
                "gender": "f",
                "department": "CARDIOLOGY",
                "admission_date": "2024-01-11",
                "diagnosis_code": "I21.4",
            }.items()
        },
    )
    header, _, records = text.partition("\n")
    house.deliver(header.replace("cost", "cost\u00a0").replace("patient_id", "\u200bpatient_id") + "\n" + records)
    house.make_silver(*BOTH)
    assert refused(house) == []
    assert [row["patient_id"] for row in house.rows(silver.PATIENTS)] == ["P1"]
    assert stays(house) == {f"E{n}": "P1" for n in (*range(len(BLANKS)), 9)}
    assert {row["patient_key"] for row in house.rows(silver.ENCOUNTERS)} == {house.key.pseudonym("patient", "\u00a0p1")}


@pytest.mark.slow
def test_an_encounter_of_two_patients_is_of_the_one_who_came_first(house, admissions):
    house.deliver(
        admissions({"patient_id": "P1"}, {"patient_id": "P2", "cost": "2"}, {"patient_id": "P1", "cost": "3"})
    )
    house.make_silver(*BOTH)
    assert (stays(house), refused(house)) == ({"E1": "P1"}, [of_another_patient(silver.ENCOUNTERS)])
    house.assert_balanced()
    house.deliver(admissions({"patient_id": "P3"}), day(1))
    house.deliver(admissions({"patient_id": "P1", "cost": "4"}), day(2))
    house.make_silver(*BOTH)
    assert (stays(house), refused(house)) == ({"E1": "P1"}, [of_another_patient(silver.ENCOUNTERS)] * 2)
    assert str(house.row(silver.ENCOUNTERS)["cost_usd"]) == "4.00"
    house.assert_balanced()


@pytest.fixture
def claims(admissions):
    """Deliveries that claim one encounter for several patients, by the day on which each was received."""
    return {
        1: admissions({"patient_id": "P1", "updated_at": "2024-02-01"}),
        2: admissions({"patient_id": "P2", "updated_at": "2024-01-01"}, {"patient_id": "P2", "encounter_id": "E2"}),
        3: admissions({"patient_id": "P1", "updated_at": "2024-03-01"}, {"patient_id": "P3", "encounter_id": "E2"}),
    }


@pytest.mark.slow
def test_the_order_of_judging_does_not_tell_whose_an_encounter_is(house, claims):
    for n in (3, 2, 1):
        house.deliver(claims[n], day(n))
        house.make_silver(*BOTH)
    assert stays(house) == {"E1": "P1", "E2": "P2"}
    assert refused(house) == [of_another_patient(silver.ENCOUNTERS)] * 2
    house.assert_balanced()


@pytest.mark.slow
def test_an_encounter_of_another_patient_is_mended_by_a_patch(house, admissions, corrections):
    house.deliver(admissions({"patient_id": "P1"}))
    second = house.deliver(admissions({"patient_id": "P2", "cost": "2"}), day(1))
    house.make_silver(*BOTH)
    house.deliver(corrections({"_delivery_id": second, "_record_number": 1, "encounter_id": "E2"}), day(2))
    house.make_silver(*BOTH)
    assert stays(house) == {"E1": "P1", "E2": "P2"}
    house.assert_balanced()
