"""Corrections: a delivery that mends quarantined records, field by field."""

import datetime as dt

import pytest

from mediflow_assets.contracts import silver
from mediflow_assets.pipeline import rebuild
from mediflow_assets.pipeline import silver as steps
from mediflow_assets.pipeline.reconciliation import reconcile

RECEIVED = dt.datetime(2024, 7, 1, 12, tzinfo=dt.UTC)
LATER = RECEIVED + dt.timedelta(days=1)


@pytest.fixture
def held(house, admissions):
    """A delivery whose second record stands in quarantine for its cost."""
    delivery = house.deliver(admissions({}, {"encounter_id": "E2", "cost": "a lot", "department": "SURGERY"}))
    house.make_silver()
    assert house.reasons(silver.ENCOUNTERS) == {(delivery, 2): ["cost_unreadable"]}
    return delivery


def test_a_corrected_record_is_accepted_and_reads_replayed(house, corrections, held):
    house.deliver(corrections({"_delivery_id": held, "_record_number": 2, "cost": "12.50"}), LATER)
    house.make_silver()
    row = house.row(silver.ENCOUNTERS, encounter_id="E2")
    assert (str(row["cost_usd"]), row["department"]) == ("12.50", "SURGERY")
    assert house.row(silver.QUARANTINE)["status"] == "replayed"
    house.assert_balanced()


def test_a_correction_is_settled_once(house, corrections, held):
    house.deliver(corrections({"_delivery_id": held, "_record_number": 2, "cost": "12.50"}), LATER)
    house.make_silver()
    before = house.everything()
    assert all(made.is_unchanged for made in house.make_silver())
    assert house.everything() == before


def test_a_correction_that_mends_nothing_leaves_the_new_reasons(house, corrections, held):
    house.deliver(corrections({"_delivery_id": held, "_record_number": 2, "cost": "-1"}), LATER)
    house.make_silver()
    assert house.reasons(silver.ENCOUNTERS) == {(held, 2): ["cost_negative"]}
    assert house.row(silver.QUARANTINE)["status"] == "open"


def test_the_newest_correction_of_a_record_counts(house, corrections, held):
    house.deliver(corrections({"_delivery_id": held, "_record_number": 2, "cost": "1.00"}), LATER)
    house.deliver(
        corrections({"_delivery_id": held, "_record_number": "02", "cost": "2.00"}),
        LATER + dt.timedelta(days=1),
    )
    house.make_silver()
    assert str(house.row(silver.ENCOUNTERS, encounter_id="E2")["cost_usd"]) == "2.00"
    house.assert_balanced()


def test_a_correction_of_nothing_known_is_harmless(house, corrections, held):
    house.deliver(
        corrections(
            {"_delivery_id": "f" * 64, "_record_number": 1, "cost": "1"},
            {"_delivery_id": held, "_record_number": "²", "cost": "1"},
            {"_delivery_id": held, "_record_number": "9" * 30, "cost": "1"},
            {"_delivery_id": held, "_record_number": "", "cost": "1"},
        ),
        LATER,
    )
    house.make_silver(steps.PATIENTS, steps.ENCOUNTERS)
    assert house.reasons(silver.ENCOUNTERS) == {(held, 2): ["cost_unreadable"]}


def test_a_correction_delivered_before_the_record_is_judged_applies_as_well(house, admissions, corrections):
    delivery = house.deliver(admissions({"cost": "a lot"}))
    house.deliver(corrections({"_delivery_id": delivery, "_record_number": 1, "cost": "3.00"}), LATER)
    house.make_silver()
    assert str(house.row(silver.ENCOUNTERS)["cost_usd"]) == "3.00"
    house.assert_balanced()


def test_a_discarded_record_stays_discarded(house, corrections, held):
    house.lake.open(silver.QUARANTINE).update({"status": "'discarded'"})
    house.deliver(corrections({"_delivery_id": held, "_record_number": 2, "cost": "1"}), LATER)
    house.make_silver()
    assert house.row(silver.QUARANTINE)["status"] == "discarded"
    assert [row["encounter_id"] for row in house.rows(silver.ENCOUNTERS)] == ["E1"]


def test_corrections_of_different_fields_of_a_record_add_up(house, corrections, held):
    for day, field in enumerate(({"cost": "5.00"}, {"department": "ONCOLOGY"}, {"zip": "02140"})):
        house.deliver(corrections({"_delivery_id": held, "_record_number": 2} | field), LATER + dt.timedelta(days=day))
    house.make_silver()
    row = house.row(silver.ENCOUNTERS, encounter_id="E2")
    assert (str(row["cost_usd"]), row["department"], row["zip"]) == ("5.00", "ONCOLOGY", "02140")


def judged_anew(house, name):
    """The same house with all of Bronze validated again."""
    twin = house.copy(name)
    for table in steps.ALL:
        rebuild.ask(twin.lake, table.contract)
    twin.make_silver()
    return twin


def silver_rows(house):
    names = {table.contract.name for table in steps.ALL}
    return {name: rows for name, rows in house.everything().items() if name in names}


@pytest.mark.parametrize(
    "field",
    [
        {"cost": "7.00"},
        *(
            pytest.param(field, marks=pytest.mark.slow)
            for field in (
                {"cost": "a lot"},
                {"encounter_id": "E9"},
                {"diagnosis_code": "J18.9"},
                {"birth_date": "1961-05-01"},
                {"patient_id": "P9"},
            )
        ),
    ],
    ids=lambda field: " ".join(field),
)
def test_a_correction_of_an_accepted_record_ends_as_if_all_were_judged_anew(house, admissions, corrections, field):
    first = house.deliver(admissions({"updated_at": "2024-02-02"}, {"encounter_id": "E2", "updated_at": "2024-02-02"}))
    house.deliver(admissions({"updated_at": "2024-03-01", "cost": "9.00"}))
    house.make_silver()
    house.deliver(corrections({"_delivery_id": first, "_record_number": 1} | field), LATER)
    house.make_silver()
    house.assert_balanced()
    assert silver_rows(house) == silver_rows(judged_anew(house, "anew"))


def test_a_correction_of_a_field_that_a_table_does_not_read_leaves_it_as_it_is(house, corrections, held):
    house.deliver(corrections({"_delivery_id": held, "_record_number": 1, "cost": "8.00"}), LATER)
    before = house.lake.version(silver.PATIENTS)
    house.make_silver()
    assert house.lake.version(silver.PATIENTS) == before
    assert str(house.row(silver.ENCOUNTERS, encounter_id="E1")["cost_usd"]) == "8.00"


def test_a_discarded_record_stays_discarded_when_all_is_judged_anew(house, held):
    house.lake.open(silver.QUARANTINE).update({"status": "'discarded'"})
    lenient = judged_anew(house, "anew")
    assert lenient.row(silver.QUARANTINE)["status"] == "discarded"
    assert [row["encounter_id"] for row in lenient.rows(silver.ENCOUNTERS)] == ["E1"]
    assert all(row["balanced"] for row in reconcile(lenient.lake))


@pytest.mark.slow
def test_a_waiting_record_that_was_discarded_does_not_enter_with_its_patient(
    house, synthea_encounters, synthea_patients
):
    house.deliver(synthea_encounters({}))
    house.make_silver()
    house.lake.open(silver.QUARANTINE).update({"status": "'discarded'"})
    house.deliver(synthea_patients({}), LATER)
    house.make_silver()
    assert judged_anew(house, "anew").rows(silver.ENCOUNTERS) == house.rows(silver.ENCOUNTERS) == []


@pytest.mark.slow
def test_judging_anew_goes_on_where_it_was_cut_short(house, held, monkeypatch):
    before = silver_rows(house)
    rebuild.ask(house.lake, silver.ENCOUNTERS)
    with monkeypatch.context() as patched:
        patched.setattr(rebuild, "_delete", fail_at(3, rebuild._delete))
        with pytest.raises(KeyboardInterrupt):
            house.make_silver()
    house.make_silver()
    assert silver_rows(house) == before
    house.assert_balanced()


def fail_at(call, function):
    """The function, but for one call that is cut short."""
    calls = iter(range(1, 100))

    def _failing(*arguments):
        if next(calls) == call:
            raise KeyboardInterrupt
        return function(*arguments)

    return _failing
