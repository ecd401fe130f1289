"""What leaves the house: masked tables only, as the present policy makes them, with a manifest."""

import csv
import datetime as dt
import json
import shutil
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mediflow_assets.contracts import TABLES, masked, silver
from mediflow_assets.contracts.policy import policy_version
from mediflow_assets.contracts.profiles import Format, Profile
from mediflow_assets.errors import ExportRefused, KeyMismatch, NothingToDo, SettingsInvalid
from mediflow_assets.privacy import date_shift, export_files, leak_scan, table_export
from mediflow_assets.privacy.reidentification import Person, reidentify

pytestmark = pytest.mark.slow

STAYS = [
    {"patient_id": f"PAT-{n}", "encounter_id": f"ENC-{n}-{m}", "name": f"Nora Name{n}"}
    for n in range(6)
    for m in range(3)
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, open_house: Any) -> Any:
    house = open_house(tmp_path_factory.mktemp("exports") / "home")
    names = "patient_id,encounter_id,encounter_class,department,diagnosis_code,admission_date,discharge_date,"
    names += "cost,gender,name"
    rows = [
        f"{r['patient_id']},{r['encounter_id']},inpatient,CARDIOLOGY,I21.4,2024-01-10,2024-01-15,100,F,{r['name']}"
        for r in STAYS
    ]
    house.deliver("\n".join((names, *rows)) + "\n")
    house.make_silver()
    house.make_gold()
    leak_scan.make(house.context, house.folder)
    return house


@pytest.fixture
def house(made: Any, tmp_path: Path) -> Any:
    return replace(made, folder=Path(shutil.copytree(made.folder, tmp_path / "home")))


def export(house: Any, name: str, profile: Profile = Profile.SAFE_HARBOR, form: Format = Format.PARQUET) -> Any:
    made = table_export.export(house.lake, name, profile, form, "study 7", house.key, house.folder / "exports")
    file = made.folder / f"{made.table.split('/')[1]}.{form}"
    return made, file, json.loads((made.folder / "manifest.json").read_text())


def keys(file: Path, column: str = "patient_key") -> list[str]:
    return pq.read_table(file)[column].to_pylist()


def test_safe_harbor_gives_each_person_a_key_of_this_export_alone(house: Any) -> None:
    first, second = (export(house, "masked/encounters")[1] for _ in range(2))
    own = {row["patient_key"] for row in house.rows(masked.ENCOUNTERS)}
    assert len(set(keys(first))) == len(set(keys(second))) == len(own) == 6
    assert not set(keys(first)) & set(keys(second)) and not set(keys(first)) & own
    assert len(set(keys(first, "encounter_key"))) == len(STAYS)
    assert sorted(map(keys(first).count, set(keys(first)))) == [3] * 6


def test_limited_keeps_the_pseudonyms(house: Any) -> None:
    _, file, manifest = export(house, "encounters", Profile.LIMITED)
    assert sorted(keys(file)) == sorted(row["patient_key"] for row in house.rows(masked.ENCOUNTERS))
    assert manifest["keys"] == "pseudonyms under key_id"


def test_limited_moves_the_dates_of_a_patient_by_days_of_their_own(house: Any) -> None:
    _, file, manifest = export(house, "encounters", Profile.LIMITED)
    told = {row["encounter_key"]: row for row in house.rows(silver.ENCOUNTERS)}
    for row in pq.read_table(file).to_pylist():
        days = dt.timedelta(days=house.key.shift_days(row["patient_key"]))
        assert row["admitted_at"] == told[row["encounter_key"]]["admitted_at"] + days
        assert row["discharged_at"] == told[row["encounter_key"]]["discharged_at"] + days
    assert {column["name"] for column in manifest["columns"]} >= {"admitted_at", "discharged_at"}
    assert "admitted_year" not in pq.read_table(file).column_names


@pytest.mark.parametrize(("clock", "hours"), [(None, {0}), ("America/New_York", {8}), ("UTC", {12, 13})])
def test_the_hour_does_not_tell_in_which_half_of_the_year_a_moved_day_was(
    house: Any, clock: str | None, hours: set[int]
) -> None:
    """Eight o'clock in New York, in summer and in winter."""
    source = house.lake.read(silver.ENCOUNTERS)
    times = [dt.datetime(2024, 7, 1, 12, tzinfo=dt.UTC), dt.datetime(2024, 1, 10, 13, tzinfo=dt.UTC)]
    for name in ("admitted_at", "discharged_at"):
        spread = pa.array((times * len(source))[: len(source)], pa.timestamp("us", tz="UTC"))
        source = source.set_column(source.schema.get_field_index(name), name, spread)
    rows = house.lake.read(masked.ENCOUNTERS)
    shown = date_shift.with_shifted_dates(rows, masked.ENCOUNTERS, source, house.key, clock)
    assert {time.hour for time in shown["admitted_at"].to_pylist()} == hours


def test_limited_shows_no_date_where_the_masked_table_shows_no_year(house: Any) -> None:
    key, masked_rows = house.key, house.lake.read(masked.ENCOUNTERS)
    hidden = masked_rows.set_column(
        masked_rows.schema.get_field_index("admitted_year"), "admitted_year", pa.nulls(len(masked_rows), pa.int32())
    )
    source = house.lake.read(silver.ENCOUNTERS)
    moved = date_shift.with_shifted_dates(hidden, masked.ENCOUNTERS, source, key)
    assert moved["admitted_at"].null_count == len(moved) and moved["discharged_at"].null_count == 0


def test_the_manifest_says_what_it_is(house: Any) -> None:
    made, file, manifest = export(house, "masked/encounters")
    assert (manifest["rows"], manifest["key_id"], manifest["reason"]) == (len(STAYS), house.key.key_id, "study 7")
    assert manifest["sha256"] == export_files.digest_of(file) and manifest["export_id"] == made.export_id
    assert manifest["policy_version"] == policy_version(TABLES.values())
    assert [column["name"] for column in manifest["columns"]] == pq.read_table(file).column_names
    assert {stat.S_IMODE(path.stat().st_mode) for path in made.folder.iterdir()} == {0o600}


def test_nothing_of_silver_is_in_an_export(house: Any) -> None:
    for form in Format:
        for table in masked.TABLES:
            _, file, _ = export(house, table.name, form=form)
            found = str(pq.read_table(file).to_pylist()) if form is Format.PARQUET else file.read_text()
            assert not any(name in found for name in ("PAT-", "ENC-", "Nora"))


@pytest.mark.parametrize(
    "name", ["silver/patients", "gold/readmissions", "gold/check_results", "nothing", "bronze/erased"]
)
def test_only_masked_tables_leave(house: Any, name: str) -> None:
    with pytest.raises(ExportRefused, match="Only masked tables"):
        export(house, name)


def test_a_table_of_an_older_policy_stays(house: Any) -> None:
    state = house.lake.property_of(masked.ENCOUNTERS, "inputs")
    house.lake.set_properties(masked.ENCOUNTERS, inputs=state | {"code": "older"})
    with pytest.raises(ExportRefused, match="older policy"):
        export(house, "masked/encounters")
    assert not list((house.folder / "exports").glob("*"))


def test_a_table_under_another_key_stays(house: Any) -> None:
    with pytest.raises(KeyMismatch):
        table_export.export(
            house.lake,
            "encounters",
            Profile.LIMITED,
            Format.CSV,
            "x",
            house.with_key(b"y" * 32).key,
            house.folder / "exports",
        )


def test_a_version_that_no_clean_scan_has_looked_through_stays(house: Any) -> None:
    (house.folder / "logs").mkdir()
    (house.folder / "logs" / "gateway.log").write_text("PAT-1 was read; Nora Name1\n")
    leak_scan.make(house.context, house.folder, leak_scan.FULL)
    with pytest.raises(ExportRefused, match="mediflow leak-scan"):
        export(house, "masked/encounters")
    (house.folder / "logs" / "gateway.log").unlink()
    leak_scan.make(house.context, house.folder, leak_scan.FULL)
    export(house, "masked/encounters")
    house.lake.set_properties(masked.ENCOUNTERS, something="written since")
    with pytest.raises(ExportRefused, match="did not look through this version"):
        export(house, "masked/encounters")


def test_a_table_that_was_never_made_stays(house: Any) -> None:
    shutil.rmtree(house.folder / "lake" / "masked" / "patients")
    with pytest.raises(ExportRefused, match="mediflow run"):
        export(house, "masked/patients")


def test_no_text_of_a_csv_begins_a_formula(tmp_path: Path) -> None:
    texts = ["=1+1", "+1", "-1", "@a", " =a", "\t=a", "plain", None, "a,b\n=c", 'quote"']
    table = pa.table({"text": pa.array(texts), "number": pa.array([-1] * len(texts))})
    export_files.write(table, tmp_path / "t.csv", Format.CSV)
    with (tmp_path / "t.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["text"] for row in rows[:6]] == [f"'{text}" for text in texts[:6] if text]
    assert [row["text"] for row in rows[6:]] == ["plain", "", "a,b\n=c", 'quote"']
    assert {row["number"] for row in rows} == {"-1"}


def test_a_pseudonym_leads_back_to_its_patient(house: Any) -> None:
    key = house.key
    assert reidentify(house.lake, key.pseudonym("patient", "PAT-3"), "call", key) == Person("PAT-3", "admissions")
    found = reidentify(house.lake, key.pseudonym("encounter", "ENC-3-1").upper(), "call", key)
    assert found == Person("PAT-3", "admissions", "ENC-3-1")


@pytest.mark.parametrize("reason", ["about pat-3", "Nora Name3 asks", "NAME: nora name3"])
def test_a_reason_that_names_the_patient_is_refused(house: Any, reason: str) -> None:
    with pytest.raises(SettingsInvalid, match="names the patient"):
        reidentify(house.lake, house.key.pseudonym("patient", "PAT-3"), reason, house.key)


def test_what_is_nobodys_pseudonym(house: Any) -> None:
    with pytest.raises(NothingToDo, match="No patient"):
        reidentify(house.lake, "0" * 32, "call", house.key)
    with pytest.raises(SettingsInvalid, match="32 hex digits"):
        reidentify(house.lake, "PAT-3", "call", house.key)
    other = house.with_key(b"y" * 32).key
    with pytest.raises(KeyMismatch):
        reidentify(house.lake, other.pseudonym("patient", "PAT-3"), "call", other)
    assert len(house.rows(silver.PATIENTS)) == 6
