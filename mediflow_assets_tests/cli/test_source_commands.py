"""An unknown export comes in by `sources suggest --write`, `ingest` and `run`; what cannot says why."""

from pathlib import Path

import pytest

from mediflow_assets.operations import trial
from mediflow_assets.sources import Feeds
from mediflow_assets_tests.cli.conftest import Run

HEADER = "Pat-Nr;Fallnummer;Geschlecht;Abteilung;Hauptdiagnose;Aufnahmedatum;Entlassungsdatum;Kosten"
RECORDS = [
    f"P{n:04};F{n:04};m;INNERE;I10;{1 + n % 28:02}.03.2024;{1 + n % 28:02}.04.2024;{n}.250,50" for n in range(1, 41)
]
UNREADABLE = "P0041;F0041;m;INNERE;I10;31.02.2024;01.04.2024;10,00"
WITHOUT_PATIENT = ";F0042;m;INNERE;I10;01.03.2024;01.04.2024;10,00"

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """An export of a hospital, of which two records are broken."""
    file = tmp_path / "export.csv"
    file.write_text("\n".join([HEADER, *RECORDS, UNREADABLE, WITHOUT_PATIENT, ""]))
    return file


def test_a_draft_is_tried_and_says_what_would_mend_each_refusal(mediflow: Run, export: Path, home: Path) -> None:
    tried = mediflow("sources", "suggest", export)
    assert tried.exit_code == 0, tried.output
    assert "# tried: 40 of 42 records accepted." in tried.stdout
    assert (
        'admitted_at_unreadable 1: [feeds.new_feed] date_formats = { admission_date = ["their form"] }' in tried.stdout
    )
    assert "patient_id_missing 1: no value, or none that can be" in tried.stdout
    assert "31.02" not in tried.output and not home.exists()


def test_a_draft_that_is_written_takes_the_file_in(mediflow: Run, export: Path, home: Path) -> None:
    mediflow("init")
    written = mediflow("sources", "suggest", export, "--write", "--no-try", "--name", "north")
    assert written.exit_code == 0, written.output
    assert [feed.name for feed in Feeds.load(home / "sources.toml").feeds] == ["north"]
    assert "(feed north)" in mediflow("ingest", export).stdout
    again = mediflow("sources", "suggest", export, "--write", "--no-try")
    assert "north takes this file as it is" in again.stdout and "0 sections more" in again.stdout


def test_a_draft_that_takes_no_record_in_is_not_written(
    mediflow: Run, export: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mediflow("init")
    before = (home / "sources.toml").read_text()
    monkeypatch.setattr(trial, "attempt", lambda *_: [trial.Tried("admissions", "new_feed", records=42, accepted=0)])
    refused = mediflow("sources", "suggest", export, "--write")
    assert refused.exit_code == 1 and "not written" in refused.output
    assert (home / "sources.toml").read_text() == before


@pytest.mark.parametrize("name", ["St. Mary", "my feed", "", "a.b", 'a"b'])
def test_a_name_that_is_no_key_is_refused(mediflow: Run, export: Path, name: str) -> None:
    refused = mediflow("sources", "suggest", export, "--no-try", "--name", name)
    assert refused.exit_code == 2 and "letters, digits" in refused.output


def test_what_sources_toml_says_is_tried_without_ingesting(mediflow: Run, export: Path, home: Path) -> None:
    home.mkdir()
    section = mediflow("sources", "suggest", export, "--no-try").stdout
    (home / "sources.toml").write_text(section.replace('"dd.MM.yyyy"', '"MM.dd.yyyy"'), encoding="utf-8")
    tried = mediflow("sources", "test", export)
    assert "admitted_at_unreadable" in tried.stdout
    assert not (home / "inbox").exists() and not (home / "lake").exists()


def test_a_file_without_admissions_cannot_be_mapped_and_says_why(mediflow: Run, tmp_path: Path) -> None:
    file = tmp_path / "yearly.csv"
    rows = "".join(f"{2000 + n},F,{n}.50,HOME\n" for n in range(9))
    file.write_text("Discharge Year,Gender,Total Charges,Patient Disposition\n" + rows)
    refused = mediflow("sources", "suggest", file)
    assert refused.exit_code == 1 and "no column can be patient_id or" in refused.output


def test_a_public_export_needs_no_mapping(mediflow: Run, tmp_path: Path) -> None:
    file = tmp_path / "DIAGNOSES_ICD.csv"
    file.write_text("ROW_ID,SUBJECT_ID,HADM_ID,SEQ_NUM,ICD9_CODE\n1,109,172335,1,40301\n")
    assert "mimic3_diagnoses takes this file as it is" in mediflow("sources", "suggest", file, "--no-try").stdout


def test_the_feeds_are_listed_with_their_grain(mediflow: Run) -> None:
    assert "\nmimic3_patients\tpatient\t" in mediflow("sources", "list").stdout
