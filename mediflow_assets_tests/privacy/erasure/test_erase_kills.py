"""An erasure killed at any of its steps and taken up again ends like one that nobody killed."""

from collections.abc import Callable
from typing import Any

import pytest

from mediflow_assets.contracts import TABLES, assurance, erasure, operational
from mediflow_assets.pipeline.reconciliation import reconcile
from mediflow_assets.privacy.erasure import cleansing, erase, removal
from mediflow_assets.privacy.erasure.journal import Journal
from mediflow_assets.storage.delta import Lake
from mediflow_assets_tests.privacy.erasure.conftest import GONE, Hospital

pytestmark = pytest.mark.slow

STEPS = (
    (Journal, "write"),
    (erase.Tombstones, "add"),
    (Lake, "append"),
    (Lake, "overwrite_rows"),
    (removal, "delete_rows"),
    (removal, "blank"),
    (cleansing, "delete_subjects"),
    (cleansing, "purge"),
    (erase, "prove"),
    (erase, "put_down"),
    (Journal, "remove"),
)
COMPARED = [table for table in TABLES.values() if table not in (operational.CHECK_RESULTS, *erasure.TABLES)]


class Killed(BaseException):
    """What a crash raises: no handler of the code under test may catch it."""


class Steps:
    """Names the steps of an erasure as they are taken, and kills it right before one of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.taken: list[str] = []
        self.kill_at: int | None = None
        for owner, name in STEPS:
            monkeypatch.setattr(owner, name, self._counted(getattr(owner, name), f"{owner.__name__}.{name}"))

    def _counted(self, step: Callable[..., Any], name: str) -> Callable[..., Any]:
        def counted(*args: Any, **kwargs: Any) -> Any:
            if len(self.taken) == self.kill_at:
                raise Killed
            self.taken.append(name)
            return step(*args, **kwargs)

        return counted

    def of(self, run: Callable[[], object]) -> list[str]:
        self.taken, self.kill_at = [], None
        run()
        return self.taken

    def killed(self, run: Callable[[], object], at: int) -> None:
        self.taken, self.kill_at = [], at
        with pytest.raises(Killed):
            run()
        self.kill_at = None


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    return Steps(monkeypatch)


def state(hospital: Hospital) -> dict[str, Any]:
    found = {table.name: hospital.house.rows(table) for table in COMPARED}
    for row in found[assurance.PRIVACY_STATUS.name]:
        # a table that was written when the kill came, before its checks were, is written once more
        del row["version"]
    gone = [(row["table"], row["records"]) for row in hospital.house.rows(erasure.ERASED)]
    return found | {"erased": sorted(gone), "proofs": len(hospital.house.rows(erasure.ERASURES))}


def finished(hospital: Hospital, steps: Steps, at: int) -> Hospital:
    """A copy of the hospital whose erasure was killed before its step `at` and then taken up again."""
    twin = hospital.copy(f"killed-{at}")
    steps.killed(lambda: twin.erase(GONE), at)
    if Journal(twin.root).read() is not None:
        twin.finish()
    elif not twin.house.rows(erasure.ERASURES):
        # killed before anything was put on disk, not right before the journal itself went
        twin.erase(GONE)
    return twin


def flaws(twin: Hospital, wanted: dict[str, Any]) -> list[str]:
    """In what an erasure's end differs from `wanted`, and what it left undone."""
    found = state(twin)
    differing = [name for name in wanted if found[name] != wanted[name]]
    left = [f"left in {place}" for place in twin.left_of(GONE, "ENC-900001", "ENC-900002")]
    unbalanced = [f"unbalanced {row['table']}" for row in reconcile(twin.house.lake) if not row["balanced"]]
    return differing + left + unbalanced + (["a journal"] if Journal(twin.root).read() is not None else [])


@pytest.fixture(scope="session")
def clean(made_hospital: Hospital) -> tuple[list[str], dict[str, Any]]:
    """The steps of an erasure that nobody killed, and the tables after it."""
    twin = made_hospital.copy("clean")
    with pytest.MonkeyPatch.context() as patched:
        taken = Steps(patched).of(lambda: twin.erase(GONE))
    return taken, state(twin)


def test_an_erasure_killed_among_its_deletions_is_finished(hospital: Hospital, steps: Steps, clean: Any) -> None:
    taken, wanted = clean
    deletions = [at for at, name in enumerate(taken) if name.endswith("delete_rows")]
    assert flaws(finished(hospital, steps, deletions[1]), wanted) == []


def test_an_erasure_killed_among_its_purges_is_finished(hospital: Hospital, steps: Steps, clean: Any) -> None:
    taken, wanted = clean
    assert (
        flaws(finished(hospital, steps, taken.index("mediflow_assets.privacy.erasure.cleansing.purge") + 3), wanted)
        == []
    )


@pytest.mark.faults
def test_an_erasure_killed_at_each_step_is_finished(hospital: Hospital, steps: Steps, clean: Any) -> None:
    taken, wanted = clean
    # purges of one table after another are alike
    alike = [at for at, name in enumerate(taken) if name.endswith(("purge", "delete_rows"))]
    for at in sorted(set(range(len(taken))) - set(alike[2:-2])):
        assert flaws(finished(hospital, steps, at), wanted) == []
