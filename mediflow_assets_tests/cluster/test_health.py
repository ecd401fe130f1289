"""Every service of docker-compose.yml starts and is healthy, as local processes, in time and within its memory."""

import pytest

from mediflow_assets_tests.cluster.processes import Cluster

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

MOST_SECONDS = 180
MOST_BYTES = 7 << 30


def test_every_service_is_healthy_in_time(cluster: Cluster) -> None:
    assert cluster.done == {"secrets", "init"}
    assert cluster.healthy == set(cluster.services) - cluster.done
    assert cluster.took <= MOST_SECONDS  # type: ignore[attr-defined]


def test_all_services_together_take_less_than_seven_gigabytes(cluster: Cluster) -> None:
    taken = cluster.memory()
    print({name: f"{size >> 20} MiB" for name, size in taken.items()}, f"{sum(taken.values()) / 2**30:.1f} GiB")
    assert sum(taken.values()) <= MOST_BYTES
