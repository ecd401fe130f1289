"""Every service of docker-compose.yml starts and is healthy, as local processes, in time and within its memory."""

import urllib.request

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


def test_prometheus_is_answered_by_gateway_stream_and_spark(cluster: Cluster) -> None:
    token = (cluster.places.folder / "volumes/home/secrets/metrics.token").read_bytes().hex()
    places = {
        cluster.url("serving", 8000) + "/metrics": "mediflow_requests_total",
        cluster.url("stream", 9108) + "/metrics": "mediflow_stream_lag",
        cluster.url("spark-master", 8080) + "/metrics/master/prometheus": "metrics_master_aliveWorkers",
        cluster.url("spark-worker-1", 8081) + "/metrics/prometheus": "metrics_worker_coresFree",
        cluster.url("spark-worker-2", 8082) + "/metrics/prometheus": "metrics_worker_coresFree",
    }
    for url, figure in places.items():
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
        assert figure in urllib.request.urlopen(request, timeout=10).read().decode(), url
