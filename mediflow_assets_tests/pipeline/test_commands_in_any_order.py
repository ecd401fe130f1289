"""Commands that write a lake, in any order: a run after them ends well, and every sum agrees."""

import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mediflow_assets.backup.backup import back_up
from mediflow_assets.backup.restore import restore
from mediflow_assets.contracts import TABLES, silver
from mediflow_assets.defs.operational import OPERATIONAL
from mediflow_assets.pipeline import operational_tables, rebuild
from mediflow_assets.pipeline import silver as silver_steps
from mediflow_assets.pipeline.discard import discard
from mediflow_assets.pipeline.upgrade import carry_forward
from mediflow_assets.privacy import key_rotation
from mediflow_assets.privacy.erasure.erase import Request, begin, finish
from mediflow_assets.privacy.erasure.premises import Premises
from mediflow_assets.secrets.pseudonym_key import PseudonymKey
from mediflow_assets.storage.maintenance import maintain
from mediflow_assets_tests.backup.conftest import kept_of
from mediflow_assets_tests.samples import ADMISSION, csv_text

pytestmark = pytest.mark.slow

PEOPLE, STAYS = 12, 36
FEW, LONG = 4, 12
"""Commands of a sequence, in every test run and among the faults."""


class Hospital:
    """A home to which commands are given, one after the other."""

    def __init__(self, house: Any, chance: random.Random) -> None:
        self.house, self.chance, self.told = house, chance, []
        self.commands: dict[str, Callable[[], None]] = {
            "deliver": self.deliver,
            "discard": self.discard,
            "replay": self.replay,
            "correct": self.correct,
            "erase": self.erase,
            "rotate": self.rotate,
            "maintain": self.maintain,
            "rebuild": self.rebuild,
            "restore": self.restore,
            "upgrade": self.upgrade,
            "run": self.run,
        }

    @property
    def root(self) -> Path:
        return Path(self.house.folder)

    @property
    def keyed(self) -> Any:
        return replace(self.house, key=PseudonymKey.load(self.root / "secrets"))

    @property
    def place(self) -> Premises:
        house, database = self.keyed, f"sqlite:///{self.root / 'ops.db'}"
        return Premises(self.root, house.lake, house.inbox, database, house.key)

    def give(self, name: str) -> None:
        self.told.append(name)
        self.commands[name]()

    def run(self) -> None:
        """Every table, with no check that stops a run."""
        self.house.land()
        house = self.keyed
        made = [
            *house.make_silver(),
            *house.make_gold(),
            *(operational_tables.make(house.context, t) for t in OPERATIONAL),
        ]
        assert not [m.contract.name for m in made if m.has_failed], self.told
        house.assert_balanced()

    def deliver(self) -> None:
        stays = [
            {
                "patient_id": f"PAT-70000{self.chance.randrange(PEOPLE):02}",
                "encounter_id": f"ENC-9000{number:02}",
                "cost": self.chance.choice(("100.00", "250.50", "much", "-1")),
            }
            for number in self.chance.sample(range(STAYS), 6)
        ]
        self.bring(csv_text(ADMISSION, [*stays, {"patient_id": ""}]) + '"broken\n')

    def bring(self, text: str) -> None:
        """Land a file, of which nothing is left outside the home's own folders."""
        self.house.deliver(text)
        shutil.rmtree(self.root / "dropped")

    def held(self, *statuses: str) -> list[dict[str, Any]]:
        rows = [row for row in self.house.rows(silver.QUARANTINE) if row["status"] in statuses]
        return self.chance.sample(rows, min(len(rows), 2))

    def discard(self) -> None:
        for row in self.held("open", "waiting")[:1]:
            discard(self.house.lake, self.root / "lake.lock", row["_delivery_id"], row["_record_number"], "no use")

    def replay(self) -> None:
        for table in silver_steps.ALL:
            assert not silver_steps.make(self.keyed.context, table, lambda row: row["status"] == "open").has_failed

    def correct(self) -> None:
        for row in self.held("open")[:1]:
            mended = {"_delivery_id": row["_delivery_id"], "_record_number": row["_record_number"], "cost": "9.00"}
            self.bring(csv_text({}, [mended]))

    def erase(self) -> None:
        known = [row["patient_id"] for row in self.house.rows(silver.PATIENTS)]
        ids = tuple(self.chance.sample(known, min(len(known), 1)))
        if ids:
            begin(self.place, Request(ids, "consent_withdrawn", "T-1", "eva"))
            finish(self.place, self.run, lambda _: None)

    def rotate(self) -> None:
        key_rotation.rotate(self.root, self.house.lake, self.place.database_url, self.run, lambda _: None)

    def maintain(self) -> None:
        assert not [tidied for tidied in maintain(self.house.lake, 1) if tidied.failure]

    def rebuild(self) -> None:
        for table in silver_steps.ALL:
            rebuild.ask(self.house.lake, table.contract)

    def upgrade(self) -> None:
        """As if an older version had written the quarantine."""
        table = self.house.lake.open(silver.QUARANTINE)
        assert table is not None
        table.alter.set_table_properties({"mediflow.format": "1"}, raise_if_not_exists=False)
        carry_forward(self.house.lake, self.root, is_asked=True)

    def restore(self) -> None:
        backup, twin = (self.root.with_name(f"{what}-{len(self.told)}") for what in ("backup", "home"))
        back_up(kept_of(self.root), backup)
        before = {table: self.house.lake.rows(table) for table in TABLES.values()}
        restore(backup, kept_of(twin))
        self.house = replace(self.house, folder=twin)
        assert {table: self.house.lake.rows(table) for table in TABLES.values()} == before


def obey(hospital: Hospital, commands: int) -> None:
    """Give as many commands as said, drawn at random, each kind once before any comes twice; then run."""
    names: list[str] = []
    while len(names) < commands:
        names += hospital.chance.sample(sorted(hospital.commands), len(hospital.commands))
    for name in names[:commands]:
        hospital.give(name)
    hospital.run()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, open_house: Callable[[Path], Any]) -> Any:
    """A home after its first run, with records in quarantine."""
    house = open_house(tmp_path_factory.mktemp("commands") / "home")
    PseudonymKey.create(house.folder / "secrets")
    hospital = Hospital(house, random.Random(0))
    hospital.deliver()
    hospital.run()
    return house


@pytest.fixture
def hospital(made: Any, tmp_path: Path, request: pytest.FixtureRequest) -> Hospital:
    """The same home for a test alone, its commands drawn by the test's seed."""
    folder = Path(shutil.copytree(made.folder, tmp_path / "home"))
    return Hospital(replace(made, folder=folder), random.Random(getattr(request, "param", 0)))


def test_after_a_record_is_discarded_every_command_and_the_next_run_end_well(hospital: Hospital) -> None:
    for then in ("erase", "rotate", "restore", "upgrade"):
        hospital.give("deliver")
        hospital.give("run") if not hospital.held("open", "waiting") else None
        hospital.give("discard")
        assert hospital.held("discarded"), "nothing was discarded"
        hospital.give(then)
    hospital.run()


@pytest.mark.parametrize("hospital", [2], indirect=True)
def test_commands_in_any_order_leave_a_lake_that_runs_and_balances(hospital: Hospital) -> None:
    obey(hospital, FEW)


@pytest.mark.faults
@pytest.mark.parametrize("hospital", range(100, 120), indirect=True)
def test_long_sequences_of_commands_leave_a_lake_that_runs_and_balances(hospital: Hospital) -> None:
    obey(hospital, LONG)
