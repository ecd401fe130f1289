"""Records that are parts of a stay: they make no stays of their own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mediflow_assets.operations import feed_drafts
from mediflow_assets.sources import Feeds, Limits
from mediflow_assets_tests.sources.test_suggest import born, day, export, section

CODES = ["I21.4", "E11.9", "J18.9", "K35.8", "N39.0"]
EPISODES = {
    "EPI_KEY": lambda row: f"{880_000 + 13 * row}",
    "Person ID": lambda row: f"P{row // 2 % 20:03}",
    "Spell No": lambda row: f"{7_000 + row // 2}",
    "Admission Date": lambda row: day(row // 2),
    "Discharge Date": lambda row: day(row // 2, plus=4),
    "Main Diagnosis": CODES,
}


def drafted(tmp_path: Path, *files: Mapping[str, Any]) -> list[str]:
    paths = [tmp_path / f"file{number}.csv" for number, _ in enumerate(files)]
    for path, columns in zip(paths, files, strict=True):
        path.write_bytes(export(dict(columns)))
    return [each.section for each in feed_drafts.draft(paths, "ward", Feeds(), Limits())]


def test_of_ids_of_episodes_and_of_their_stay_the_latter_names_the_stay(write: Any) -> None:
    assert section(EPISODES, write)["columns"]["encounter_id"] == "Spell No"


def test_a_stay_of_episodes_may_have_a_time_of_day_in_a_column_of_its_own(write: Any) -> None:
    columns = {**EPISODES, "Admission Time": lambda row: f"{row // 2 % 24:02}:15"}
    assert section(columns, write)["columns"]["encounter_id"] == "Spell No"


def test_ids_that_stand_once_an_admission_are_not_taken_for_parts(write: Any) -> None:
    columns = {**EPISODES, "Admission Date": day, "Discharge Date": lambda row: day(row, plus=4)}
    assert section(columns, write)["columns"]["encounter_id"] != "Spell No"


def test_episodes_without_a_patient_tell_diagnoses_of_the_stays_of_another_file(tmp_path: Path) -> None:
    stays = {
        "Spell No": lambda row: f"{7_000 + row}", "ALF_PE": lambda row: f"{910_000 + row % 40}",
        "WOB": lambda row: born(row % 40), "Admission Date": day, "Discharge Date": lambda row: day(row, plus=4),
    }  # fmt: skip
    episodes = {
        "Spell No": lambda row: f"{7_000 + row // 2}", "Part": lambda row: str(1 + row % 2),
        "Start Date": lambda row: day(row // 2, plus=2 * (row % 2)), "Diagnosis": CODES,
    }  # fmt: skip
    first, second = drafted(tmp_path, episodes, stays)
    assert 'grain = "diagnosis"' in first and 'encounter_id = "Spell No"' in first and "patient_id" not in first
    assert 'diagnosis_rank = "Part"' in first and "admission_date" not in first
    assert 'patient_id = "ALF_PE"' in second and 'encounter_id = "Spell No"' in second


def test_two_files_of_stays_of_which_each_has_its_patients_stay_two(tmp_path: Path) -> None:
    columns = {**EPISODES, "Person ID": lambda row: f"P{row:03}", "Spell No": lambda row: f"{7_000 + row}"}
    assert not any("grain" in each for each in drafted(tmp_path, columns, {**columns, "Sex": ["f", "m"]}))
