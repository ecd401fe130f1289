"""What befell patients: observations, procedures, medications and claims of Synthea's CSV in Silver and masked."""

import csv
import datetime as dt
from collections import Counter
from decimal import Decimal

import pytest

from mediflow_assets.contracts import bronze, clinical, masked, silver
from mediflow_assets.pipeline import checks, gold
from mediflow_assets.pipeline import silver as steps
from mediflow_assets.pipeline.silver_tables import CLINICAL
from mediflow_assets.privacy.leak_identifiers import identifiers
from mediflow_assets_tests.end_to_end.conftest import DATA
from mediflow_assets_tests.house import RECEIVED

NEXT_DAY = RECEIVED + dt.timedelta(days=1)
OBSERVATIONS = "DATE,PATIENT,ENCOUNTER,CATEGORY,CODE,DESCRIPTION,VALUE,UNITS,TYPE\n"
PROCEDURES = "START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION,BASE_COST,REASONCODE,REASONDESCRIPTION\n"
MEDICATIONS = (
    "START,STOP,PATIENT,PAYER,ENCOUNTER,CODE,DESCRIPTION,BASE_COST,PAYER_COVERAGE,DISPENSES,TOTALCOST,"
    "REASONCODE,REASONDESCRIPTION\n"
)
TRANSACTIONS = "ID,CLAIMID,PATIENTID,TYPE,AMOUNT,FROMDATE,PROCEDURECODE,NOTES,PAYMENTS,TRANSFERS,APPOINTMENTID\n"
CLAIMS = "Id,PATIENTID,APPOINTMENTID,SERVICEDATE,STATUS1,OUTSTANDING1\n"
OWED = "Id,PATIENTID,APPOINTMENTID,SERVICEDATE,STATUS1,OUTSTANDING1,OUTSTANDING2,OUTSTANDINGP\n"


@pytest.fixture
def known(house, synthea_patients):
    """A house that knows patient P1."""
    house.deliver(synthea_patients({"id": "P1"}))
    house.make_silver(steps.PATIENTS)
    return house


def made(house, *texts, received_at=RECEIVED):
    """The clinical tables after some deliveries."""
    for text in texts:
        house.deliver(text, received_at)
    house.make_silver(steps.PATIENTS, *CLINICAL)
    house.assert_balanced()
    return house


def observed(house, *records):
    made(house, OBSERVATIONS + "".join(f"2024-01-02T08:30:00Z,P1,E1,{record}\n" for record in records))
    return house.rows(clinical.OBSERVATIONS)


@pytest.mark.parametrize(
    ("told", "value", "unit", "comparator"),
    [
        ("laboratory,2160-0,Creatinine,1.2,mg/dL,numeric", "1.200000", "mg/dL", None),
        ("laboratory,2160-0,Creatinine,-0.5,mg/dL,numeric", "-0.500000", "mg/dL", None),
        ("laboratory,67151-1,Troponin,<0.01,ng/mL,numeric", "0.010000", "ng/mL", "<"),
        ("laboratory,33914-3,eGFR,>= 90,mL/min,numeric", "90.000000", "mL/min", ">="),
        ("laboratory,3016-3,TSH,0.0000001,m[IU]/L,numeric", "0.0000001", "m[IU]/L", None),
    ],
)
def test_a_number_keeps_its_unit_and_whether_the_true_one_is_beyond_it(known, told, value, unit, comparator):
    (row,) = observed(known, told)
    assert (row["value"], row["unit"], row["comparator"]) == (Decimal(value), unit, comparator)
    assert (row["value_text"], row["unit_text"]) == (None, None)
    assert (row["system"], row["observed_at"], row["observed_on"]) == (
        "loinc",
        dt.datetime(2024, 1, 2, 8, 30, tzinfo=dt.UTC),
        dt.date(2024, 1, 2),
    )


def test_a_number_that_has_to_be_rounded_is_kept_as_it_was_told_too(known):
    (row,) = observed(known, "laboratory,2160-0,Creatinine,0.12345678901234,mg/dL,numeric")
    assert (row["value"], row["value_text"]) == (Decimal("0.123456789012"), "0.12345678901234")


@pytest.mark.parametrize("unit", ["Quill", "MRN4711", "per_cent", "MG/DL"])
def test_a_unit_that_is_none_in_common_use_is_kept_and_never_shown(known, unit):
    (row,) = observed(known, f"laboratory,2160-0,Creatinine,1.2,{unit},numeric")
    assert (row["unit"], row["unit_text"], row["value"]) == (None, unit, Decimal("1.2"))


def test_a_vaccine_is_coded_as_cvx_writes_it(known):
    made(known, "DATE,PATIENT,ENCOUNTER,CODE,DESCRIPTION,BASE_COST\n2024-01-02,P1,E1,8,Hep B,140.52\n")
    assert [(row["system"], row["code"]) for row in known.rows(clinical.MEDICATIONS)] == [("cvx", "08")]


def test_what_is_no_number_no_unit_of_ucum_or_no_published_code_stands_apart(known):
    (row,) = observed(known, "survey,QOLS,Quality,rather good,out of ten,text")
    assert (row["value"], row["value_text"], row["unit"], row["unit_text"]) == (
        None,
        "rather good",
        None,
        "out of ten",
    )
    assert (row["code"], row["system"], row["local_code"]) == (None, None, "QOLS")


def test_a_number_too_small_to_be_kept_is_no_zero(known):
    (row,) = observed(known, "laboratory,2160-0,Creatinine,0.00000000000001,mg/dL,numeric".replace("numeric", "text"))
    assert (row["value"], row["value_text"]) == (None, "0.00000000000001")


def test_a_number_that_is_none_is_refused(known):
    assert observed(known, "laboratory,2160-0,Creatinine,1,2 mg/dL,mg/dL,numeric".replace("1,2", "1;2")) == []
    assert list(known.reasons(clinical.OBSERVATIONS).values()) == [["value_unreadable"]]


def test_records_of_nobody_who_is_known_wait(known, synthea_patients):
    made(known, OBSERVATIONS + "2024-01-02,P2,E1,laboratory,2160-0,Creatinine,1.2,mg/dL,numeric\n")
    assert known.rows(clinical.OBSERVATIONS) == []
    made(known, synthea_patients({"id": "P2", "first": "Ben"}))
    assert [row["patient_id"] for row in known.rows(clinical.OBSERVATIONS)] == ["P2"]


def test_a_day_in_the_future_is_refused(known):
    made(known, PROCEDURES + "2031-01-02,,P1,E1,265764009,Renal dialysis,903,,\n")
    assert list(known.reasons(clinical.PROCEDURES).values()) == [["performed_in_future"]]


def test_a_newer_export_says_when_a_medication_ended(known):
    order = "2024-01-02T08:00:00Z,{},P1,X,E1,197361,Amlodipine 5 MG,25.31,0,1,25.31,,\n"
    made(known, MEDICATIONS + order.format(""))
    made(known, MEDICATIONS + order.format("2024-03-01T08:00:00Z"), received_at=NEXT_DAY)
    (row,) = known.rows(clinical.MEDICATIONS)
    assert row["ended_at"] == dt.datetime(2024, 3, 1, 8, tzinfo=dt.UTC)
    assert (row["kind"], row["system"], row["cost_usd"]) == ("request", "rxnorm", Decimal("25.31"))


def test_two_orders_of_one_time_that_differ_in_price_are_two(known):
    order = "2024-01-02T08:00:00Z,,P1,X,E1,197361,Amlodipine 5 MG,{},0,1,{},,\n"
    made(known, MEDICATIONS + order.format("25.31", "25.31") + order.format("26.05", "312.60"))
    assert [row["cost_usd"] for row in known.rows(clinical.MEDICATIONS)] == [Decimal("25.31"), Decimal("312.60")]


def test_the_lines_of_a_claim_tell_what_each_amount_is(known):
    lines = "L1,C1,P1,CHARGE,77.49,2024-01-02,185345009,Encounter,,,E1\n"
    lines += "L2,C1,P1,PAYMENT,,2024-01-02,185345009,Encounter,50.00,,E1\n"
    lines += "L3,C1,P1,TRANSFEROUT,,2024-01-02,185345009,Encounter,,27.49,E1\n"
    made(known, TRANSACTIONS + lines, CLAIMS + "C1,P1,E1,2024-01-02T08:00:00Z,CLOSED,27.49\n")
    found = {row["kind"]: row["amount_usd"] for row in known.rows(clinical.CLAIM_LINES)}
    assert found == {"charge": Decimal("77.49"), "payment": Decimal("50.00"), "transfer-out": Decimal("27.49")}
    (claim,) = known.rows(clinical.CLAIMS)
    assert (claim["encounter_id"], claim["outstanding_usd"]) == ("E1", Decimal("27.49"))
    assert {row["claim_key"] for row in known.rows(clinical.CLAIM_LINES)} == {claim["claim_key"]}


def test_what_is_owed_for_a_claim_is_what_payers_and_patient_owe_together(known):
    made(known, OWED + "C1,P1,E1,2024-01-02T08:00:00Z,BILLED,5,3,2\nC2,P1,E1,2024-01-02T08:00:00Z,CLOSED,,,\n")
    assert [row["outstanding_usd"] for row in known.rows(clinical.CLAIMS)] == [Decimal("10.00"), None]


def test_a_day_without_a_time_is_no_midnight(known):
    made(known, PROCEDURES + "2024-01-02,,P1,E1,265764009,Renal dialysis,903,,\n")
    (row,) = known.rows(clinical.PROCEDURES)
    assert (row["performed_at"], row["performed_on"]) == (None, dt.date(2024, 1, 2))


def test_a_word_for_no_known_kind_of_line_is_refused(known):
    made(known, TRANSACTIONS + "L1,C1,P1,GIFT,77.49,2024-01-02,,,,,E1\n")
    assert list(known.reasons(clinical.CLAIM_LINES).values()) == [["line_kind_unknown"]]


def test_a_claim_of_two_patients_is_of_the_first(known, synthea_patients):
    claim = "C1,{},E1,2024-01-02T08:00:00Z,CLOSED,0\n"
    made(known, synthea_patients({"id": "P2"}), CLAIMS + claim.format("P1"))
    made(known, CLAIMS + claim.format("P2"), received_at=NEXT_DAY)
    assert [row["patient_id"] for row in known.rows(clinical.CLAIMS)] == ["P1"]
    assert list(known.reasons(clinical.CLAIMS).values()) == [["claim_of_another_patient"]]


def test_masked_copies_show_no_id_no_text_and_no_day(known):
    made(
        known,
        OBSERVATIONS + "2024-01-02T08:30:00Z,P1,E1,survey,SECRETCODE,told Mrs Quill,said so,by phone,text\n",
        PROCEDURES + "2024-01-02,,P1,E1,265764009,Renal dialysis of Ada,903,,\n",
    )
    known.make_gold()
    (row,) = known.rows(masked.masked(clinical.OBSERVATIONS))
    assert {row[name] for name in ("text", "unit_text", "value_text")} == {"[redacted]"}
    assert row["observed_year"] == 2024
    shown = str([known.rows(copy) for copy, source in masked.COPIES.items() if source in clinical.TABLES])
    for hidden in ("P1", "E1", "QUILL", "Quill", "SECRETCODE", "Ada", "2024-01-02", "dt.date"):
        assert hidden not in shown
    (encounter_key,) = {row["encounter_key"] for row in known.rows(clinical.PROCEDURES)}
    assert encounter_key == known.key.pseudonym_of("encounter", "synthea", "E1")


def test_a_single_word_of_a_text_is_nobody_s_name_to_the_leak_scan(known):
    made(
        known,
        TRANSACTIONS + "L1,C1,P1,CHARGE,1,2024-01-02,,Encounter,,,E1\nL2,C1,P1,CHARGE,1,2024-01-02,,Mr Ab Quill,,,\n",
    )
    found = set(identifiers(known.lake))
    assert "encounter" not in found and "mr ab quill" in {each.lower() for each in found}


def test_every_masked_copy_is_made(known):
    assert {build.contract.name for build in gold.MASKED} >= {f"masked/{table.key[1]}" for table in clinical.TABLES}


@pytest.mark.parametrize(
    ("header", "source"),
    [
        ("DATE,PATIENT,ENCOUNTER,CODE,DESCRIPTION,VALUE,UNITS,TYPE", "synthea_observations"),
        (OBSERVATIONS.strip(), "synthea_observations"),
        ("DATE,PATIENT,ENCOUNTER,CODE,DESCRIPTION,BASE_COST,REASONCODE,REASONDESCRIPTION", "synthea_procedures"),
        (
            "START,STOP,PATIENT,ENCOUNTER,SYSTEM,CODE,DESCRIPTION,BASE_COST,REASONCODE,REASONDESCRIPTION",
            "synthea_procedures",
        ),
        (PROCEDURES.strip(), "synthea_procedures"),
        (MEDICATIONS.strip(), "synthea_medications"),
        ("DATE,PATIENT,ENCOUNTER,CODE,DESCRIPTION,BASE_COST", "synthea_immunizations"),
        ("DATE,PATIENT,ENCOUNTER,CODE,DESCRIPTION,COST", "synthea_immunizations"),
        (CLAIMS.strip(), "synthea_claims"),
        (TRANSACTIONS.strip(), "synthea_claims_transactions"),
        ("START,STOP,PATIENT,ENCOUNTER,CODE,DESCRIPTION", "synthea_conditions"),
    ],
)
def test_each_table_is_known_by_its_header(house, header, source):
    house.deliver(header + "\n")
    assert [row["source"] for row in house.rows(bronze.DELIVERIES)] == [source]


@pytest.mark.skipif(not DATA.is_dir(), reason="the real files are not here")
def test_real_tables_hold_what_an_independent_reading_of_the_files_finds(house):
    def delivered(name):
        with (DATA / "synthea_claims" / f"{name}.csv").open(encoding="utf-8") as file:
            return list(csv.DictReader(file))

    for name in ("patients", "observations", "procedures", "medications", "immunizations", "claims"):
        house.deliver((DATA / "synthea_claims" / f"{name}.csv").read_bytes())
    house.deliver((DATA / "synthea_claims" / "claims_transactions.csv").read_bytes())
    house.make_silver(steps.PATIENTS, *CLINICAL)
    assert house.rows(silver.QUARANTINE) == []
    values = Counter(
        (row["PATIENT"].upper(), row["CODE"], row["DATE"], Decimal(row["VALUE"]), row["UNITS"])
        for row in delivered("observations")
        if row["TYPE"] == "numeric"
    )
    found = Counter(
        (row["patient_id"], row["code"] or row["local_code"], f"{row['observed_at']:%Y-%m-%dT%H:%M:%SZ}", row["value"],
         row["unit"])
        for row in house.rows(clinical.OBSERVATIONS)
        if row["value"] is not None
    )  # fmt: skip
    told = Counter({key: count for key, count in found.items() if key in values})
    assert told == values
    orders = sum(Decimal(row["TOTALCOST"]) for row in delivered("medications"))
    shots = sum(Decimal(row["BASE_COST"]) for row in delivered("immunizations"))
    assert sum(row["cost_usd"] for row in house.rows(clinical.MEDICATIONS)) == orders + shots
    assert len(house.rows(clinical.MEDICATIONS)) == len(delivered("medications")) + len(delivered("immunizations"))
    done = sum(Decimal(row["BASE_COST"]) for row in delivered("procedures"))
    assert sum(row["cost_usd"] for row in house.rows(clinical.PROCEDURES)) == done
    charged = sum(Decimal(row["AMOUNT"]) for row in delivered("claims_transactions") if row["TYPE"] == "CHARGE")
    paid = sum(Decimal(row["PAYMENTS"]) for row in delivered("claims_transactions") if row["TYPE"] == "PAYMENT")
    by_kind = Counter()
    for row in house.rows(clinical.CLAIM_LINES):
        by_kind[row["kind"]] += row["amount_usd"]
    assert (by_kind["charge"], by_kind["payment"]) == (charged, paid)
    assert len(house.rows(clinical.CLAIMS)) == len(delivered("claims"))


def test_of_no_rows_nothing_is_made_and_every_check_is_told(house, monkeypatch):
    (build,) = (each for each in gold.MASKED if each.contract == masked.masked(clinical.CLAIMS))
    monkeypatch.setattr(gold, "_write", lambda *_: pytest.fail("an engine was asked"))
    made = gold.make(house.context, build)
    assert not made.has_failed and {each.name for each in made.checks} == set(checks.check_names(build.contract))
    assert gold.make(house.context, build).is_unchanged


def test_a_table_whose_last_row_has_gone_is_made_again(known):
    (build,) = (each for each in gold.MASKED if each.contract == masked.masked(clinical.PROCEDURES))
    made(known, PROCEDURES + "2024-01-02,,P1,E1,265764009,Renal dialysis,903,,\n")
    gold.make(known.context, build)
    assert len(known.rows(build.contract)) == 1
    known.lake.overwrite_rows(clinical.PROCEDURES, [])
    gold.make(known.context, build)
    assert known.rows(build.contract) == []
