"""`mediflow ingest` and `sources`: what is taken, what is refused, and what is said of it."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from mediflow_assets.contracts import operational, silver
from mediflow_assets.ingest.inbox import Inbox
from mediflow_assets.ingest.landing import land_all
from mediflow_assets.storage.delta import Lake

DELIVERY = "ab" * 32
HEADER = "patient_id,department,diagnosis_code,admission_date,cost"
Run = Callable[..., Result]

Csv = Callable[..., Path]


def test_a_delivery_is_taken_and_named_by_source_and_unknown_columns(mediflow: Run, inbox: Inbox, csv: Csv) -> None:
    taken = mediflow("ingest", csv("a.csv", 1, header=HEADER.replace("cost", "cost,ward")))
    assert taken.exit_code == 0 and "1 unknown columns" in taken.stdout
    assert [delivery.source for delivery in inbox.waiting()] == ["admissions"]


def test_an_encoding_titles_and_totals_are_told(mediflow: Run, tmp_path: Path) -> None:
    text = f"Bericht\n\nFälle\n{HEADER}\nP1,Gynäkologie,I10,2026-01-01,5\nSumme,,,,5\n"
    (tmp_path / "a.csv").write_bytes(text.encode("cp1252"))
    taken = mediflow("ingest", tmp_path / "a.csv")
    assert "read as windows-1252, 3 title lines and 1 total row skipped" in " ".join(taken.stdout.split())


def test_each_file_of_an_archive_is_told_by_its_place(mediflow: Run, inbox: Inbox, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        packed.writestr("secret.csv", f"{HEADER}\nP1,ICU,I10,2026-01-01,5\n")
        packed.writestr("hello.txt", "hello")
    taken = mediflow("ingest", tmp_path / "a.zip")
    assert taken.exit_code == 1 and "a.zip, file 1: admissions" in " ".join(taken.stdout.split())
    assert "a.zip, file 2: refused: no header" in " ".join(taken.stderr.split()) and "secret" not in taken.stdout
    assert len(inbox.waiting()) == 1


def test_the_same_content_under_another_name_is_one_delivery(mediflow: Run, inbox: Inbox, csv: Csv) -> None:
    twice = mediflow("ingest", csv("a.csv", 1), csv("b.csv", 1))
    assert twice.exit_code == 0 and "in the inbox already" in twice.stdout
    assert len(inbox.waiting()) == 1


def test_what_the_ledger_knows_is_not_taken_again(mediflow: Run, inbox: Inbox, lake: Lake, csv: Csv) -> None:
    mediflow("ingest", csv("a.csv", 1))
    land_all(lake, inbox)
    again = mediflow("ingest", csv("a.csv", 1))
    assert again.exit_code == 0 and "1 landed already" in again.stdout
    assert inbox.waiting() == []


def test_what_a_run_refused_of_a_landed_file_is_told(mediflow: Run, inbox: Inbox, lake: Lake, csv: Csv) -> None:
    mediflow("ingest", csv("a.csv", 1))
    [landed] = land_all(lake, inbox)
    sums = {"table": "silver/encounters", "delivery": landed.delivery.delivery_id[:12], "source": "admissions"}
    counts = {"records": 4, "accepted": 3, "quarantined": 1, "erased": 0, "balanced": True}
    lake.append_rows(operational.RECONCILIATION, [sums | counts | {"reasons": "cost_unreadable"}])
    again = mediflow("ingest", csv("a.csv", 1))
    assert "silver/encounters: 25.0% refused (cost_unreadable)" in " ".join(again.stdout.split())


def test_a_named_file_that_is_refused_fails_the_command(mediflow: Run, inbox: Inbox, csv: Csv) -> None:
    refused = mediflow("ingest", csv("a.csv", 1), csv("b.csv", 1, header="x,y"))
    assert refused.exit_code == 1 and "b.csv: refused: no header of any known source" in refused.stderr
    assert len(inbox.waiting()) == 1 and not inbox.refused.exists()


def test_unknown_files_of_a_folder_are_listed_and_kept(mediflow: Run, inbox: Inbox, csv: Csv, tmp_path: Path) -> None:
    csv("in/a.csv", 1)
    csv("in/deep/b.csv", 1, header="x,y")
    walked = mediflow("ingest", tmp_path / "in")
    assert walked.exit_code == 0 and "1 taken, 1 refused" in walked.stdout and "b.csv" in walked.stderr
    assert len(list(inbox.refused.iterdir())) == 1


def test_a_folder_without_a_delivery_fails(mediflow: Run, csv: Csv, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    csv("in/b.csv", 1, header="x,y")
    assert [mediflow("ingest", tmp_path / name).exit_code for name in ("empty", "in")] == [1, 1]


def test_a_path_that_is_not_there_is_wrong_usage(mediflow: Run, tmp_path: Path) -> None:
    assert mediflow("ingest", tmp_path / "nowhere").exit_code == 2


def test_a_broken_link_in_a_folder_is_not_passed_over(mediflow: Run, csv: Csv, tmp_path: Path) -> None:
    (csv("in/a.csv", 1).parent / "b.csv").symlink_to(tmp_path / "nowhere")
    walked = mediflow("ingest", tmp_path / "in")
    assert walked.exit_code == 1 and "1 taken, 1 not taken" in walked.stdout


def test_a_link_in_a_folder_is_told_and_not_followed(mediflow: Run, inbox: Inbox, csv: Csv, tmp_path: Path) -> None:
    (csv("in/a.csv", 1).parent / "b.csv").symlink_to(csv("out/b.csv", 2))
    (tmp_path / "in" / "folder").symlink_to(tmp_path / "out")
    walked = mediflow("ingest", tmp_path / "in")
    assert walked.exit_code == 1 and walked.stderr.count("is a link, which is not followed") == 2
    assert len(inbox.waiting()) == 1


def test_a_link_that_is_named_is_what_it_points_to(mediflow: Run, inbox: Inbox, csv: Csv, tmp_path: Path) -> None:
    (tmp_path / "latest.csv").symlink_to(csv("a.csv", 1))
    assert mediflow("ingest", tmp_path / "latest.csv").exit_code == 0
    assert [delivery.file_name for delivery in inbox.waiting()] == ["latest.csv"]


def test_a_file_that_is_still_open_for_writing_is_not_taken(mediflow: Run, inbox: Inbox, csv: Csv) -> None:
    with csv("a.csv", 1).open("a"):
        told = mediflow("ingest", csv("b.csv", 2), csv("a.csv", 1))
    assert told.exit_code == 1 and "a.csv: not taken: is still open for writing" in told.stderr
    assert len(inbox.waiting()) == 1


@pytest.mark.parametrize("name", ["", "lake", "secrets", "secrets/pseudonym.key", "ops.db", "exports"])
def test_the_home_is_no_delivery(mediflow: Run, home: Path, inbox: Inbox, csv: Csv, name: str) -> None:
    mediflow("init")
    (home / "exports").mkdir(), (home / "lake").mkdir(exist_ok=True)
    (home / "exports" / "a.csv").write_bytes(csv("a.csv", 1).read_bytes())
    refused = mediflow("ingest", home / name)
    assert refused.exit_code == 1 and "MediFlow's own" in refused.stderr
    assert inbox.waiting() == [] and not inbox.refused.exists()


def test_a_folder_around_the_home_is_walked_without_it(mediflow: Run, home: Path, inbox: Inbox, csv: Csv) -> None:
    mediflow("init")
    (home / "exports").mkdir()
    (home / "exports" / "b.csv").write_bytes(csv("b.csv", 2).read_bytes())
    csv("b.csv", 1)
    assert "MediFlow's own" in mediflow("ingest", home.parent).stderr
    assert len(inbox.waiting()) == 1 and not inbox.refused.exists()


def test_the_inbox_itself_is_not_walked(mediflow: Run, inbox: Inbox, csv: Csv) -> None:
    mediflow("ingest", csv("a.csv", 1))
    assert mediflow("ingest", inbox.folder).exit_code == 1
    assert len(inbox.waiting()) == 1


def test_a_name_cannot_steer_the_terminal(mediflow: Run, csv: Csv) -> None:
    assert "\x1b" not in mediflow("ingest", csv("a\x1b[2J.csv", 1)).output


def test_a_patch_to_records_that_are_not_open_stays_out(mediflow: Run, inbox: Inbox, lake: Lake, csv: Csv) -> None:
    lake.ensure(silver.QUARANTINE)
    patch = csv("patch.csv", header=f"_delivery_id,_record_number,cost\n{DELIVERY},1,5")
    assert mediflow("ingest", patch).exit_code == 1
    assert inbox.waiting() == []


@pytest.mark.parametrize("source", ["admissions", "synthea_patients", "synthea_conditions", "fhir", "corrections"])
def test_every_source_is_listed(mediflow: Run, source: str) -> None:
    assert f"\n{source}\t" in mediflow("sources", "list").stdout


def test_a_mapping_is_drafted_from_the_header(mediflow: Run, csv: Csv) -> None:
    draft = mediflow("sources", "suggest", csv("a.csv", 77, header="MRN,Dept,Dx,Admit Dt,Total Chrgs"))
    assert 'patient_id = "MRN"' in draft.stdout and "77" not in draft.stdout


def test_a_broken_sources_file_is_one_sentence(mediflow: Run, home: Path, csv: Csv) -> None:
    home.mkdir()
    (home / "sources.toml").write_text("[feeds")
    failed = mediflow("ingest", csv("a.csv", 1))
    assert failed.exit_code == 1 and failed.stderr.startswith("Error: sources.toml cannot be read")


def test_deliveries_of_the_generator_mark_the_home_as_synthetic(
    mediflow: Run, csv: Csv, home: Path, tmp_path: Path
) -> None:
    mediflow("ingest", csv("real.csv", 1))
    assert not (home / "synthetic").exists()
    mediflow("generate", "--rows", "50", "--out", str(tmp_path / "made"))
    mediflow("ingest", str(tmp_path / "made" / "deliveries"))
    assert (home / "synthetic").exists()
    mediflow("reset", "--yes")
    assert not (home / "synthetic").exists()


def test_how_years_of_two_digits_are_read_is_told(mediflow: Run, home: Path, csv: Csv) -> None:
    feed = '[feeds.ward]\nmatch = ["patient_id"]\ndate_formats = ["MM/dd/yy"]\n'
    home.mkdir()
    (home / "sources.toml").write_text(feed)
    assert "read as 2000 to 2099" in mediflow("ingest", csv("a.csv", 1)).stdout
    (home / "sources.toml").write_text(feed + "two_digit_years = 2039\n")
    assert "read as 1940 to 2039" in mediflow("ingest", csv("b.csv", 2)).stdout
