"""The running cluster, shared by the tests of this package."""

import contextlib
import os
import random
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from mediflow_assets_tests.cluster import compose
from mediflow_assets_tests.cluster.places import Places
from mediflow_assets_tests.cluster.processes import Cluster

STREAMING = {"MEDIFLOW_LANDING": "continuous"}
"""What stands in `.env` beside the profile `streaming`."""


@contextlib.contextmanager
def started(
    profile: str = "core", only: set[str] | None = None, settings: Mapping[str, str] | None = None
) -> Iterator[Cluster]:
    """The services of a profile, or some of them, to be brought up; ended at the end, with all they wrote."""
    folder = Path(tempfile.mkdtemp(prefix="mediflow-cluster-", dir=os.environ.get("MEDIFLOW_TEST_FOLDER")))
    # PostgreSQL runs as a user of its own
    folder.chmod(0o711)
    found = compose.services(profile, settings)
    services = {name: service for name, service in found.items() if only is None or name in only}
    cluster = Cluster(services, Places.of(folder, services, random.randint(10, 250)))
    try:
        yield cluster
    finally:
        cluster.end()
        if not os.environ.get("MEDIFLOW_TEST_KEEP"):
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="package")
def cluster() -> Iterator[Cluster]:
    """All services, healthy; events are landed by the streaming service. Ended before the tests of other packages."""
    with started("streaming", settings=STREAMING) as cluster:
        cluster.took = cluster.up()  # type: ignore[attr-defined]
        yield cluster
