"""Measures events on their way to Gold in a large lake: `python -m mediflow_assets_tests.streaming.measuring_day FOLDER
[ENCOUNTERS]`.

A hospital is generated and made into a lake, the daemon is started, and a thousand events are sent three times. Told is
how long after the sensor's tick asked for the run each table stood: by the clock, so it counts on a quiet machine only.
"""

import datetime as dt
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import dagster as dg
import psutil

from mediflow_assets.contracts import gold, silver
from mediflow_assets.defs.launching import install_dagster_home
from mediflow_assets.synthetic.events import messages
from mediflow_assets_tests.streaming.hospital import StreamHome, until
from mediflow_assets_tests.streaming.kafka_process import KafkaProcess

ENCOUNTERS, EVENTS, TIMES = 1_000_000, 1_000, 3
NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
TOLD = (silver.ENCOUNTERS, gold.ADMISSION_FEATURES, gold.READMISSIONS, gold.COST_ANOMALIES, gold.MONTHLY_ACTIVITY)


def given_lake(home: StreamHome, encounters: int) -> None:
    """A hospital of so many encounters, divided by maintenance."""
    deliveries = home.folder / "hospital"
    for words in (
        ["generate", "--rows", str(encounters), "--out", str(deliveries)],
        ["ingest", str(deliveries / "deliveries")],
        ["run"],
        ["run", "--job", "maintain"],
    ):
        subprocess.run([sys.executable, "-m", "mediflow_assets.cli", *words], env=home.environment, check=True)


def measured(home: StreamHome, instance: dg.DagsterInstance, number: int) -> dict[str, float]:
    """Send events, and wait for the run that takes them; seconds from the tick to each table."""
    known = len(instance.get_runs())
    home.send(messages(EVENTS, 30 + number, NOW))
    until(lambda: len(instance.get_runs()) > known, 60)
    until(lambda: instance.get_runs(limit=1)[0].is_finished, 300)
    record = instance.get_run_records(limit=1)[0]
    assert record.dagster_run.is_success, record.dagster_run.status
    asked = record.create_timestamp.timestamp()
    told = {"run begun": (record.start_time or 0) - asked}
    for table in TOLD:
        event = instance.get_latest_materialization_event(dg.AssetKey(list(table.key)))
        assert event is not None
        told[table.name] = event.timestamp - asked
    told["run ended"] = (record.end_time or 0) - asked
    steps = instance.get_records_for_run(record.dagster_run.run_id, of_type=dg.DagsterEventType.STEP_SUCCESS)
    return {name: round(seconds, 1) for name, seconds in told.items()} | {"steps": len(steps.records)}


def main(folder: Path, encounters: int = ENCOUNTERS) -> None:
    """Print what was measured as JSON."""
    kafka = KafkaProcess(folder / "kafka").start()
    home = StreamHome(folder / "home", kafka, "batch", more={"MEDIFLOW_PUBLISH": "month"})
    told: dict[str, Any] = {"encounters": encounters, "load_before": psutil.getloadavg()[0]}
    try:
        home.make_topic(2)
        given_lake(home, encounters)
        install_dagster_home(home.settings)
        binaries = Path(sys.executable).parent
        daemon = subprocess.Popen(
            [str(binaries / "dagster-daemon"), "run", "-m", "mediflow_assets.definitions"],
            env=home.environment,
            stdout=(folder / "daemon.out").open("ab"),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        home.started.append(daemon)
        with dg.DagsterInstance.get() as instance:
            until(lambda: all(each.healthy for each in instance.get_daemon_statuses().values() if each.required), 120)
            time.sleep(15)
            told["seconds after the tick"] = [measured(home, instance, number) for number in range(TIMES)]
        print(json.dumps(told | {"load_after": psutil.getloadavg()[0]}, indent=1))
    finally:
        home.end()
        kafka.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
