"""The engine seam: a Spark Connect URL that answers, or a clear word why not."""

import socket
import subprocess
import sys

import pytest

from mediflow_assets.errors import EngineUnreachable
from mediflow_assets.storage.engine import check_remote, embedded_url, session_url


def test_the_embedded_engine_listens_on_loopback_and_is_started_once(session):
    assert embedded_url() == embedded_url()
    assert embedded_url().startswith("sc://127.0.0.1:")
    check_remote(embedded_url())


def test_the_session_is_in_utc(session):
    assert session.conf.get("spark.sql.session.timeZone") == "UTC"


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "sc://", "spark-connect", ""])
def test_what_is_no_spark_connect_url_is_refused(url):
    with pytest.raises(EngineUnreachable, match="sc://host:port"):
        check_remote(url)


def test_a_server_that_does_not_answer_is_named():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(EngineUnreachable, match=f"127.0.0.1:{port}"):
        check_remote(f"sc://127.0.0.1:{port}")


RUN = "9f1c7f0e-58c5-4f9f-8f0a-0d6f5b3f2a11"


@pytest.mark.parametrize(
    ("url", "session", "wanted"),
    [
        ("sc://host:15002", RUN, f"sc://host:15002/;user_id=mediflow;session_id={RUN}"),
        ("sc://host:15002/", RUN, f"sc://host:15002/;user_id=mediflow;session_id={RUN}"),
        ("sc://host:15002/;use_ssl=true", RUN, f"sc://host:15002/;use_ssl=true;user_id=mediflow;session_id={RUN}"),
        ("sc://host:15002", "erase", "sc://host:15002"),
        ("sc://host:15002", None, "sc://host:15002"),
    ],
)
def test_a_session_on_the_cluster_bears_the_runs_id(url, session, wanted):
    assert session_url(url, session) == wanted


_AGAIN = """
from mediflow_assets.defs.resources import EngineResource
from mediflow_assets.storage import engine

for _ in range(2):
    assert EngineResource().spark_session.range(3).count() == 3
    engine.stop_embedded()
"""


@pytest.mark.slow
def test_an_engine_that_was_stopped_can_be_started_again():
    """Its sessions end with it: nothing waits for a server that is gone."""
    said = subprocess.run([sys.executable, "-c", _AGAIN], capture_output=True, text=True, timeout=120)
    assert (said.returncode, said.stderr) == (0, "")
