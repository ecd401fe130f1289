"""The generator as a whole: repeatable, counted, and it refuses what cannot be."""

import hashlib

import pytest

from mediflow_assets.errors import SettingsInvalid
from mediflow_assets.synthetic import generate

OLDER_DEPARTMENTS = {"CARDIOLOGY", "NEUROLOGY", "ONCOLOGY", "PEDIATRICS", "GENERAL MEDICINE"}
OLDER_CODES = {"M54.5", "I10", "Z00.00", "F32.9", "E11.9", "J06.9"}


def fingerprints(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_same_seed_gives_the_same_bytes(hospital, tmp_path):
    generate(tmp_path, 5_000, 7)
    assert fingerprints(tmp_path) == fingerprints(hospital.folder)


def test_another_seed_gives_another_hospital(hospital, tmp_path):
    generate(tmp_path, 5_000, 8)
    assert not set(fingerprints(tmp_path).values()) & set(fingerprints(hospital.folder).values())


def test_the_summary_counts_what_is_in_the_files(hospital):
    assert hospital.summary["records"] == {file: len(lines) - 1 for file, lines in hospital.lines.items()}
    assert hospital.summary["encounters"] == len(hospital.newest) == 5_000
    assert hospital.summary["patients"] == len(hospital.by_patient)


def test_all_records_are_accounted_for(hospital):
    told = hospital.told
    planted = told.duplicates + told.updates + told.stale_versions + sum(told.broken.values())
    assert told.records == told.encounters + planted == sum(hospital.summary["records"].values())


def test_the_values_of_the_older_program_are_among_the_new_ones(hospital):
    delivered = {name: {row[name] for row in hospital.newest.values()} for name in hospital.header}
    assert delivered["department"] >= OLDER_DEPARTMENTS
    assert delivered["diagnosis_code"] >= OLDER_CODES
    assert delivered["gender"] == {"M", "F", "O"}


def test_names_ask_for_real_csv_and_real_unicode(hospital):
    names = [row["name"] for row in hospital.newest.values()]
    assert any("," in name for name in names) and any('"' in name for name in names)
    assert any(not name.isascii() for name in names)


@pytest.mark.parametrize("rows", [1, 2, 30])
def test_the_smallest_hospitals_have_exactly_the_rows_asked_for(tmp_path, rows):
    assert generate(tmp_path, rows, 1).encounters == rows


def test_progress_ends_with_everything_done(tmp_path):
    told = []
    generate(tmp_path, 100, 1, lambda step, done, total: told.append((step, done, total)))
    assert told[0] == ("simulate", 0, 100) and told[-1] == ("write", 5, 5)


@pytest.mark.parametrize(("rows", "seed"), [(0, 7), (-1, 7), (10**9, 7), (100, -1)])
def test_impossible_numbers_are_refused(tmp_path, rows, seed):
    with pytest.raises(SettingsInvalid):
        generate(tmp_path, rows, seed)


def test_a_folder_in_use_is_refused(tmp_path):
    (tmp_path / "kept.txt").write_text("mine")
    with pytest.raises(SettingsInvalid, match="not empty"):
        generate(tmp_path, 10, 1)


def test_a_file_is_refused_as_output(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(SettingsInvalid, match="is a file"):
        generate(tmp_path / "out", 10, 1)
