"""A new key: every pseudonym is another one, every join is as before, and the old key is gone."""

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from mediflow_assets.contracts import TABLES, erasure, gold, masked, silver
from mediflow_assets.errors import KeyMismatch, RotationUnfinished, SecretMissing
from mediflow_assets.pipeline import change
from mediflow_assets.pipeline.gold import GOLD, make
from mediflow_assets.privacy import key_rotation
from mediflow_assets.privacy.byte_search import Identifiers, files_of, search
from mediflow_assets.secrets import key_change
from mediflow_assets.secrets.pseudonym_key import FILE_NAME, PseudonymKey
from mediflow_assets.storage.delta import Lake

pytestmark = pytest.mark.slow

EACH = 36
KEYED = [table for table in TABLES.values() if set(erasure.SUBJECT_KEYS) & set(table.column_names)]


class Home:
    """A house with its key in a file, as a home has it."""

    def __init__(self, house: Any) -> None:
        self.house = house
        self.root: Path = house.folder
        self.url = f"sqlite:///{self.root / 'ops.db'}"

    @property
    def key(self) -> PseudonymKey:
        return PseudonymKey.load(self.root / "secrets")

    def refresh(self) -> None:
        keyed = replace(self.house, key=self.key)
        keyed.make_silver()
        keyed.make_gold()

    def rotate(self) -> key_rotation.Rotated:
        return key_rotation.rotate(self.root, self.house.lake, self.url, self.refresh, lambda _: None)

    def joined(self) -> list[Any]:
        """Rows of tables that name people, joined by their names to the ids: names that fit nobody are left out."""
        ids = {row["encounter_key"]: row["encounter_id"] for row in self.house.rows(silver.ENCOUNTERS)}
        ids |= {row["patient_key"]: row["patient_id"] for row in self.house.rows(silver.PATIENTS)}
        found = []
        for table in KEYED:
            for row in self.house.rows(table):
                found.append((table.name, *sorted(ids.get(row.get(name), "") for name in erasure.SUBJECT_KEYS)))
        return sorted(found)

    def logged(self) -> list[str]:
        with sa.create_engine(self.url).connect() as connection:
            return [row[0] for row in connection.execute(sa.text("SELECT encounter_key FROM predictions"))]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, open_house: Any) -> Any:
    """A home after a run under its own key."""
    house = open_house(tmp_path_factory.mktemp("rotation") / "home")
    key = PseudonymKey.create(house.folder / "secrets")
    house.deliver(
        "patient_id,encounter_id,encounter_class,department,diagnosis_code,admission_date,discharge_date,cost,gender\n"
        "PAT-1,ENC-1,inpatient,CARDIOLOGY,I21.4,2024-01-10,2024-01-15,1000,F\n"
        "PAT-1,ENC-2,inpatient,CARDIOLOGY,I21.4,2024-01-20,2024-01-22,900,F\n"
        "PAT-2,ENC-3,inpatient,SURGERY,I21.4,2024-02-10,2024-02-15,800,M\n"
    )
    home = Home(house)
    home.refresh()
    with sa.create_engine(home.url).begin() as connection:
        connection.exec_driver_sql("CREATE TABLE predictions (encounter_key TEXT)")
        connection.execute(sa.text("INSERT INTO predictions VALUES (:k)"), {"k": key.pseudonym("encounter", "ENC-2")})
    shutil.rmtree(house.folder / "dropped")
    return house


@pytest.fixture
def home(made: Any, tmp_path: Path) -> Home:
    return Home(replace(made, folder=Path(shutil.copytree(made.folder, tmp_path / "home"))))


def test_every_name_is_new_and_every_join_as_before(home: Home) -> None:
    old, before = home.key, home.joined()
    names = [old.pseudonym("patient", "PAT-1"), old.pseudonym("encounter", "ENC-3")]
    assert search(files_of(home.root), Identifiers(names)).hits
    rotated = home.rotate()
    assert (rotated.old_id, rotated.new_id) == (old.key_id, home.key.key_id) and old.key_id != home.key.key_id
    assert home.joined() == before
    assert search(files_of(home.root), Identifiers(names)).hits == {}
    assert home.logged() == [home.key.pseudonym("encounter", "ENC-2")] and rotated.logged == 1
    assert {home.house.lake.property_of(table, change.KEY_ID) for table in KEYED} <= {home.key.key_id, None}
    assert sorted(path.name for path in (home.root / "secrets").iterdir()) == [FILE_NAME]


STEPS = (
    (key_rotation, "rewrite"),
    (Lake, "set_properties"),
    (key_change, "begin"),
    (key_change, "swap"),
    (key_change, "end"),
    (key_rotation, "rename_subjects"),
    (key_rotation, "purge"),
    (os, "link"),
    (Path, "rename"),
)


class Killed(BaseException):
    """What a crash raises."""


def kill(monkeypatch: pytest.MonkeyPatch, at: int) -> list[str]:
    taken: list[str] = []

    def counted(step: Callable[..., Any], name: str) -> Callable[..., Any]:
        def step_or_death(*args: Any, **kwargs: Any) -> Any:
            if len(taken) == at:
                raise Killed
            taken.append(name)
            return step(*args, **kwargs)

        return step_or_death

    for owner, name in STEPS:
        monkeypatch.setattr(owner, name, counted(getattr(owner, name), name))
    return taken


def survive(home: Home, at: int, wanted: list[Any]) -> bool:
    """Kill a change of key before its step `at` and run it again; whether there was such a step."""
    is_killed = False
    with pytest.MonkeyPatch.context() as patched:
        kill(patched, at)
        try:
            home.rotate()
        except Killed:
            is_killed = True
    if is_killed:
        home.rotate()
    assert home.joined() == wanted
    assert home.logged() == [home.key.pseudonym("encounter", "ENC-2")]
    assert sorted(path.name for path in (home.root / "secrets").iterdir()) == [FILE_NAME]
    return is_killed


def twin(home: Home, at: int) -> Home:
    return Home(home.house.copy(f"killed-{at}"))


@pytest.mark.parametrize("at", [8, pytest.param(16, marks=pytest.mark.faults)])
def test_a_change_that_is_killed_is_finished_by_the_next(home: Home, at: int) -> None:
    assert survive(home, at, home.joined())


@pytest.mark.faults
def test_a_change_killed_at_each_step_is_finished_by_the_next(home: Home) -> None:
    at, wanted = 0, home.joined()
    while survive(twin(home, at), at, wanted):
        # the purges of one table after another, at the end, are alike
        at += 1 if at < EACH else 9
    assert at > EACH


def test_while_silver_is_under_both_keys_no_run_begins(home: Home) -> None:
    with pytest.MonkeyPatch.context() as patched:
        kill(patched, 8)
        with pytest.raises(Killed):
            home.rotate()
    with pytest.raises(RotationUnfinished, match="keys rotate"):
        key_change.refuse_half_changed(home.root / "secrets")
    home.rotate()
    key_change.refuse_half_changed(home.root / "secrets")


def test_tables_of_two_keys_are_not_joined(home: Home) -> None:
    home.house.lake.set_properties(gold.READMISSIONS, key_id="other")
    build = next(build for build in GOLD if build.contract is gold.MONTHLY_ACTIVITY)
    with pytest.raises(KeyMismatch, match="gold/readmissions"):
        make(replace(home.house, key=home.key).context, build)


def test_a_wrong_key_file_is_refused(home: Home) -> None:
    (home.root / "secrets" / FILE_NAME).write_bytes(b"x" * 32)
    with pytest.raises(KeyMismatch, match="silver/patients"):
        home.rotate()
    assert not (home.root / "secrets" / key_change.STATE).exists()


def test_a_key_that_others_may_read_is_refused(home: Home) -> None:
    (home.root / "secrets" / FILE_NAME).chmod(0o640)
    with pytest.raises(SecretMissing, match="readable by others"):
        home.rotate()


def test_the_key_shows_nowhere(home: Home, session: Any, capfd: pytest.CaptureFixture[str]) -> None:
    """Neither in a plan, nor in what a process prints, nor in any file of the home but its own."""
    key = home.key
    context = replace(home.house, key=key).context
    from mediflow_assets.transforms.pseudonyms import pseudonym, with_hmac_pads

    with_hmac_pads(context.tables.read(silver.PATIENTS), context.hmac_pads).select(
        pseudonym("patient", silver_id())
    ).explain(True)
    told = capfd.readouterr()
    secrets = [key.secret.hex(), *(pad.hex() for pad in key.hmac_pads)]
    assert not any(each in (told.out + told.err).lower() for each in secrets)
    assert key.secret.hex() not in repr(key) + repr(context)
    raw = [
        path for path in files_of(home.root) if key.secret in path.read_bytes() or key.hmac_pads[0] in path.read_bytes()
    ]
    assert [path.name for path in raw] == [FILE_NAME]


def silver_id() -> Any:
    from pyspark.sql import functions as F

    return F.col("patient_id")


def test_masked_names_are_those_of_silver(home: Home) -> None:
    home.rotate()
    keys = {row["patient_key"] for row in home.house.rows(silver.PATIENTS)}
    assert {row["patient_key"] for row in home.house.rows(masked.ENCOUNTERS)} <= keys
