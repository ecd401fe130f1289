"""What the commands say of damaged tables: which one it is, and the way out."""

import json

import pytest

from mediflow_assets.contracts import bronze, operational, silver
from mediflow_assets.ingest.landing import land_all
from mediflow_assets_tests.breaking import HIDDEN, PLAIN

FLIPPED = HIDDEN["other bytes in a file"]


@pytest.fixture
def landed(mediflow, inbox, lake, csv, checked, reconciled):
    """A home with a delivery in Bronze, a check's result and a sum."""
    mediflow("init")
    mediflow("ingest", csv("a.csv", 1, 2))
    land_all(lake, inbox)
    checked(True)
    reconciled(True)
    return lake


@pytest.mark.parametrize("kind", PLAIN)
def test_status_shows_the_other_tables_and_says_which_one_cannot_be_read(landed, mediflow, kind):
    PLAIN[kind](landed, operational.RECONCILIATION)
    shown = mediflow("status", "--json")
    told = json.loads(shown.stdout)
    assert shown.exit_code == 1 and "bronze/admissions" in told["tables"] and len(told["deliveries"]) == 1
    assert [each["table"] for each in told["damaged"]] == ["gold/reconciliation"]
    assert "'mediflow run' makes it again" in mediflow("status").output


def test_status_says_of_a_table_that_fails_only_when_it_is_read_what_it_is(landed, mediflow):
    FLIPPED(landed, bronze.DELIVERIES)
    shown = mediflow("status")
    assert shown.exit_code == 1 and "bronze/deliveries is damaged" in shown.output
    assert "mediflow restore" in shown.output


def test_doctor_reads_every_file_when_it_is_asked_to(landed, mediflow):
    assert "every file was read" in mediflow("doctor", "--deep").output
    FLIPPED(landed, bronze.ADMISSIONS)
    assert "bronze/admissions" not in mediflow("doctor").output
    said = mediflow("doctor", "--deep")
    assert said.exit_code == 1 and "bronze/admissions is damaged" in said.output and "mediflow restore" in said.output
    assert f"doctor: {bronze.ADMISSIONS.name} 1 of" in said.output


def test_doctor_tells_of_files_that_are_cut_and_logs_that_are_broken_without_being_asked(landed, mediflow):
    PLAIN["a file cut short"](landed, operational.RECONCILIATION)
    landed.ensure(silver.PATIENTS)
    PLAIN["garbage in the log"](landed, silver.PATIENTS)
    said = mediflow("doctor").output
    assert "gold/reconciliation is damaged" in said and "silver/patients is damaged" in said
    assert "mediflow run --job rebuild" in said
