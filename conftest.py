"""How deep the tests dig, and how many of them a change needs."""

import pytest
from hypothesis import settings

from mediflow_assets_tests import guarding

settings.register_profile("quick", max_examples=20, deadline=None)
settings.register_profile("deep", max_examples=300, deadline=None)
settings.load_profile("quick")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--changed-since`."""
    told = "of the tests that are asked for, those that guard what changed since a commit; all if it cannot be told"
    parser.addoption("--changed-since", metavar="COMMIT", help=told)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out the tests that guard nothing of what changed."""
    since = config.getoption("--changed-since")
    paths = None if since is None else guarding.changed(since)
    if paths is None:
        return
    guards = guarding.guards_of(paths)
    left_out = [item for item in items if not item.nodeid.startswith(guards)]
    items[:] = [item for item in items if item.nodeid.startswith(guards)]
    config.hook.pytest_deselected(items=left_out)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A change that needs none of the tests has passed them."""
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and session.config.getoption("--changed-since") is not None:
        session.exitstatus = pytest.ExitCode.OK
