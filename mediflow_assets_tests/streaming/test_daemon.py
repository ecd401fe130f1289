"""The daemon, by itself: from an event produced to its row in Silver, Gold and masked; and nothing of it elsewhere."""

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mediflow_assets.defs.launching import install_dagster_home, make_storage
from mediflow_assets.synthetic.events import Sent, messages
from mediflow_assets_tests.streaming.conftest import event
from mediflow_assets_tests.streaming.hospital import StreamHome, until

NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
LONGEST_SECONDS = 60
CANARIES = ("PAT-CANARY-77001", "ENC-CANARY-77001", "Quetzalcoatl Canary", "EV-CANARY-77001")
pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]


def canary(**changed: object) -> Sent:
    patient, encounter, name, id_ = CANARIES
    told = event(patient_id=patient, encounter_id=encounter, name=name, event_id=id_, **changed)
    return Sent(patient.encode(), told, id_)


def start_daemon(home: StreamHome) -> "subprocess.Popen[bytes]":
    before = os.environ.get("DAGSTER_HOME")
    install_dagster_home(home.settings)
    make_storage()
    os.environ.pop("DAGSTER_HOME") if before is None else os.environ.update(DAGSTER_HOME=before)
    binary = Path(sys.executable).parent / "dagster-daemon"
    log = (home.folder / "daemon.out").open("ab")
    process = subprocess.Popen(
        [str(binary), "run", "-m", "mediflow_assets.definitions"],
        env=home.environment,
        stdout=log,
        stderr=log,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    home.started.append(process)
    return process


def test_events_reach_silver_gold_and_masked_by_themselves(stream_home: Callable[..., StreamHome]) -> None:
    home = stream_home()
    home.make_topic(2)
    home.send(messages(200, 5, NOW))
    daemon = start_daemon(home)
    until(lambda: home.rows("masked/encounters"), 240, daemon)
    until(lambda: not home.waiting(), 60, daemon)
    until(home.is_idle, 120, daemon)
    begun = time.monotonic()
    home.send([canary(), Sent(b"k", b'{"torn": "PAT-CANARY-77001', "torn")])
    until(lambda: CANARIES[1] in {row["encounter_id"] for row in home.rows("silver/encounters", "encounter_id")}, 180)
    took = time.monotonic() - begun
    print(f"\nfrom an event produced to its row in Silver: {took:.1f} s")
    until(home.is_idle, 120, daemon)
    assert home.rows("gold/admission_features") and home.rows("masked/stream_alerts") is not None
    os.killpg(daemon.pid, signal.SIGTERM)
    daemon.wait(60)
    assert home.scan(*CANARIES) == []
    assert took <= LONGEST_SECONDS * float(os.environ.get("MEDIFLOW_TEST_PATIENCE", "1"))
