"""How deep the tests dig, how many of them a change needs, and when they have to end."""

import os
import time

import pytest
from hypothesis import settings

from mediflow_assets_tests import guarding

BEGUN = pytest.StashKey[float]()
settings.register_profile("quick", max_examples=20, deadline=None)
settings.register_profile("deep", max_examples=300, deadline=None)
settings.load_profile("quick")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--changed-since` and `--minutes`."""
    told = "of the tests that are asked for, those that guard what changed since a commit; all if it cannot be told"
    parser.addoption("--changed-since", metavar="COMMIT", help=told)
    told = "after so many minutes no further test begins: those that are left are skipped, and counted"
    parser.addoption("--minutes", type=float, help=told)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out the tests that guard nothing of what changed; those of the cluster, which take long, come last."""
    since = config.getoption("--changed-since")
    if since is None:
        return
    items.sort(key=lambda item: item.get_closest_marker("cluster") is not None)
    paths = guarding.changed(since)
    if paths is None:
        return
    guards = guarding.guards_of(paths)
    left_out = [item for item in items if not item.nodeid.startswith(guards)]
    items[:] = [item for item in items if item.nodeid.startswith(guards)]
    config.hook.pytest_deselected(items=left_out)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Names a test after the argument where its value is bytes: these may differ from one process to the next."""
    return argname if isinstance(val, bytes) else None


def pytest_configure() -> None:
    """Has every run publish masked tables, so that tests see in them what came last."""
    os.environ.setdefault("MEDIFLOW_PUBLISH", "run")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Takes the time."""
    session.config.stash[BEGUN] = time.monotonic()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips what would begin too late."""
    minutes = item.config.getoption("--minutes")
    if minutes is not None and time.monotonic() - item.config.stash[BEGUN] > minutes * 60:
        pytest.skip(f"NOT RUN: the {minutes:g} minutes are over")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A change that needs none of the tests has passed them."""
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and session.config.getoption("--changed-since") is not None:
        session.exitstatus = pytest.ExitCode.OK
