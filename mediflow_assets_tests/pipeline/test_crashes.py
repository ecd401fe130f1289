"""A run killed at any write and started again ends with the tables of one clean run, row for row."""

import datetime as dt
from collections.abc import Callable

import pytest

from mediflow_assets.contracts import bronze, silver
from mediflow_assets.ingest import landing
from mediflow_assets.pipeline import silver as steps
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.tables import Tables

pytestmark = pytest.mark.slow

RECEIVED = dt.datetime(2024, 7, 1, 12, tzinfo=dt.UTC)
LATER = RECEIVED + dt.timedelta(days=1)


class Killed(BaseException):
    """What a crash raises: no handler of the code under test may catch it."""


class Writes:
    """Counts what is written to the lake, and kills the run before, or right after, one of the writes."""

    METHODS = (
        (Lake, ("append", "overwrite_rows", "set_properties", "delete_delivery")),
        (Tables, ("append", "overwrite", "merge")),
    )

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.names: list[str] = []
        self.kill: Callable[[int, bool], bool] = lambda number, is_done: False
        for owner, methods in self.METHODS:
            for method in methods:
                monkeypatch.setattr(owner, method, self._counted(getattr(owner, method), method))

    def _counted(self, write: Callable, name: str) -> Callable:
        def counted(place, contract, *args, **kwargs):
            number = len(self.names)
            self.names.append(f"{name} {contract.name}")
            if self.kill(number, False):
                raise Killed
            result = write(place, contract, *args, **kwargs)
            if self.kill(number, True):
                raise Killed
            return result

        return counted

    def of(self, run: Callable[[], object]) -> list[str]:
        """The writes that a run makes."""
        self.names.clear()
        self.kill = lambda number, is_done: False
        run()
        return list(self.names)

    def killed(self, run: Callable[[], object], at: int, is_done: bool) -> None:
        """Run until just before the write `at`, or just after it."""
        self.names.clear()
        self.kill = lambda number, done: (number, done) == (at, is_done)
        with pytest.raises(Killed):
            run()
        self.kill = lambda number, is_done: False


@pytest.fixture
def writes(monkeypatch):
    return Writes(monkeypatch)


def kill_everywhere(writes, house, run, before=()):
    """Kill `run` at each of its writes, in a copy of the house each time, run it again, and compare.

    With `before`, only right before the writes named there.
    """
    clean = house.copy("clean")
    made = writes.of(lambda: run(clean))
    # the state right after a write is that right before the next one: only the last write needs both
    moments = [*((number, False) for number in range(1, len(made))), (len(made) - 1, True)]
    for at, is_done in [moment for moment in moments if not before or made[moment[0]] in before]:
        twin = house.copy(f"killed-{at}-{is_done}")
        writes.killed(lambda twin=twin: run(twin), at, is_done)
        run(twin)
        assert_equal(twin, clean, f"killed {'after' if is_done else 'before'} write {at}: {made[at]}")
    return made


def assert_equal(twin, clean, what):
    for name, rows in clean.everything().items():
        assert twin.everything()[name] == rows, f"{name}, {what}"


def land(place):
    landing.land_all(place.lake, place.inbox)


def test_landing(house, writes, admissions):
    house.deliver(admissions({}))
    house.receive(admissions({"encounter_id": "E2"}, {"encounter_id": "E3"}) + 'P9,"\xff\n', LATER)
    made = kill_everywhere(writes, house, land)
    assert [name for name in made if name.startswith("append")] == [
        "append bronze/admissions",
        "append bronze/rejects",
        "append bronze/deliveries",
    ]
    assert len(house.rows(bronze.ADMISSIONS)) == 1


def test_a_landing_killed_before_the_inbox_is_cleared_lands_nothing_twice(house, admissions, monkeypatch):
    house.receive(admissions({}))
    with monkeypatch.context() as patched:
        patched.setattr(type(house.inbox), "done", lambda *_: (_ for _ in ()).throw(Killed))
        with pytest.raises(Killed):
            land(house)
    land(house)
    assert len(house.rows(bronze.ADMISSIONS)) == len(house.rows(bronze.DELIVERIES)) == 1
    assert house.inbox.waiting() == []


def test_the_first_deliveries_of_patients(house, writes, admissions):
    house.deliver(admissions({}, {"patient_id": "P2", "gender": "X"}))
    before = ("append silver/quarantine", "append silver/processed")
    made = kill_everywhere(writes, house, lambda place: place.make_silver(steps.PATIENTS), before)
    assert "append silver/patients" in made


def test_a_mixed_delivery_of_encounters(house, writes, admissions):
    house.deliver(admissions({}, {"encounter_id": "E2", "cost": "x"}))
    house.make_silver(steps.PATIENTS, steps.ENCOUNTERS)
    versions = ({"cost": "1.00"}, {"diagnosis_code": "J18.9"}, {"encounter_id": "E4", "cost": "x"})
    house.deliver(admissions(*versions), LATER)
    house.make_silver(steps.PATIENTS)
    made = kill_everywhere(writes, house, lambda place: place.make_silver(steps.ENCOUNTERS))
    wanted = ["set_properties silver/encounters", "append silver/encounter_versions", "merge silver/encounters"]
    wanted += ["append silver/encounters", "append silver/quarantine", "append gold/check_results"]
    wanted += ["append silver/processed", "set_properties silver/encounters"]
    assert made == wanted


def test_a_correction(house, writes, admissions, corrections):
    delivery = house.deliver(admissions({}, {"encounter_id": "E2", "cost": "x"}, {"encounter_id": "E3", "cost": "y"}))
    house.make_silver(steps.PATIENTS, steps.ENCOUNTERS)
    house.deliver(corrections({"_delivery_id": delivery, "_record_number": 2, "cost": "5"}), LATER)
    before = ("merge silver/quarantine", "append silver/processed", "set_properties silver/encounters")
    made = kill_everywhere(writes, house, lambda place: place.make_silver(steps.ENCOUNTERS), before)
    assert set(before) <= set(made)


def test_a_patient_that_arrives_after_a_killed_run_lets_the_encounter_in(
    house, writes, synthea_encounters, synthea_patients
):
    def patient_arrives(place):
        place.deliver(synthea_patients({}), LATER)
        made = place.make_silver(steps.PATIENTS, steps.ENCOUNTERS)
        assert not any(table.has_failed for table in made)
        place.assert_balanced()
        assert "waiting" not in {row["status"] for row in place.rows(silver.QUARANTINE)}

    house.deliver(synthea_encounters({}))
    house.make_silver(steps.PATIENTS)
    run = house.copy("clean")
    made = writes.of(lambda: run.make_silver(steps.ENCOUNTERS))
    for at in (made.index("append gold/check_results"), made.index("append silver/processed")):
        twin = house.copy(f"killed-{at}")
        writes.killed(lambda twin=twin: twin.make_silver(steps.ENCOUNTERS), at, False)
        patient_arrives(twin)
        assert [row["encounter_id"] for row in twin.rows(silver.ENCOUNTERS)] == ["E1"], made[at]
