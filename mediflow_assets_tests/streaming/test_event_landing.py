"""Landing: each message once, whatever is landed again; no erased patient comes back."""

import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest

from mediflow_assets.contracts import erasure, gold, silver
from mediflow_assets.contracts.events import ENCOUNTER_EVENTS, STREAM_ALERTS
from mediflow_assets.ingest.event_lease import is_asked_for, lock_of
from mediflow_assets.ingest.tombstones import Tombstones
from mediflow_assets.pipeline.gold import GOLD
from mediflow_assets.pipeline.gold import make as make_gold
from mediflow_assets.pipeline.landed_offsets import deliveries, landed_through
from mediflow_assets.pipeline.reconciliation import reconcile
from mediflow_assets.privacy.erasure.erase import Request, begin, finish
from mediflow_assets.privacy.erasure.premises import Premises
from mediflow_assets.secrets.pseudonym_key import PseudonymKey
from mediflow_assets.sources import Feeds
from mediflow_assets.storage.lease import lake_lease
from mediflow_assets.streaming import alerts_table
from mediflow_assets.streaming.alert_query import AlertRules
from mediflow_assets.streaming.event_landing import land
from mediflow_assets.streaming.rows import rows_of
from mediflow_assets.streaming.status_table import stream_status, told_of
from mediflow_assets.transforms import alerts, events
from mediflow_assets_tests.streaming.conftest import TOPIC, Stream, event

GONE, STAYS = "PAT-9000001", "PAT-9000002"


def test_what_the_table_has_is_refused(stream: Stream) -> None:
    stream.send(event(), b"{").land()
    stream.landed.clear()
    stream.send(event(event_id="EV9"))
    again = stream.land()
    assert (again.rows, again.known) == (1, 2)
    numbers = [row["_record_number"] for row in stream.house.rows(ENCOUNTER_EVENTS)]
    assert sorted(numbers) == [0, 1, 2]
    assert deliveries(stream.house.lake) == {"kafka/encounter-events/0": 2}


def test_a_partition_that_comes_later_starts_at_its_begin(stream: Stream) -> None:
    stream.send(event(), partition=1).land()
    assert landed_through(stream.house.lake, TOPIC) == {0: -1, 1: 0}
    stream.send(event(event_id="EV2"), partition=4).land()
    assert landed_through(stream.house.lake, TOPIC) == {0: -1, 1: 0, 2: -1, 3: -1, 4: 0}


def test_ids_are_found_at_landing(stream: Stream) -> None:
    stream.send(event(patient_id=17), event(patient_id=["x"]), b"\xff").land()
    assert [row["patient_id"] for row in stream.house.rows(ENCOUNTER_EVENTS, "_record_number", "patient_id")] == [
        "17",
        None,
        None,
    ]


def test_an_erased_patient_does_not_come_back(stream: Stream) -> None:
    tombstones = Tombstones(frozenset(), b"k" * 32)
    marked = Tombstones(frozenset({tombstones.mark(GONE)}), b"k" * 32)
    stream.send(event(patient_id=GONE.lower()), event(patient_id=STAYS, encounter_id="E2"), f'{{"x {GONE}'.encode())
    landed = stream.land(marked)
    assert landed.rows == 1 and landed.refused.total() == 2
    counts = {row["table"]: row["records"] for row in stream.house.rows(erasure.ERASED)}
    assert counts == dict.fromkeys(("bronze/encounter_events", "silver/patients", "silver/encounters"), 2)
    # landed again, the offsets are known though no row stands for them
    assert landed_through(stream.house.lake, TOPIC) == {0: 2}
    stream.refresh()
    assert [row for row in reconcile(stream.house.lake) if not row["balanced"]] == []


def test_refused_records_are_counted_once_whatever_is_cut_short(stream: Stream) -> None:
    tombstones = Tombstones(frozenset(), b"k" * 32)
    marked = Tombstones(frozenset({tombstones.mark(GONE)}), b"k" * 32)
    lake = stream.house.lake
    batch = rows_of(TOPIC, 0, [(n, 0, None, event(patient_id=GONE)) for n in range(3)])

    class Cut(Exception):
        pass

    from mediflow_assets.pipeline import landed_offsets

    def cut(*_: object) -> None:
        raise Cut

    kept = landed_offsets.append
    import pytest

    with pytest.MonkeyPatch.context() as patched, pytest.raises(Cut):  # noqa: PT012
        patched.setattr(
            "mediflow_assets.streaming.event_landing.landed_offsets.append",
            lambda lake, contract, *rest: cut() if contract is ENCOUNTER_EVENTS else kept(lake, contract, *rest),
        )
        land(lake, TOPIC, [batch], {0: 2}, marked)
    land(lake, TOPIC, [batch, rows_of(TOPIC, 0, [(3, 0, None, event(patient_id=GONE))])], {0: 3}, marked)
    rows = [row for row in stream.house.rows(erasure.ERASED) if row["table"] == ENCOUNTER_EVENTS.name]
    assert sum(row["records"] for row in rows) == 4


@pytest.mark.slow
def test_erase_takes_events_away(stream: Stream) -> None:
    stream.send(
        event(patient_id=GONE, encounter_id="ENC-7001"),
        event(patient_id=STAYS, encounter_id="ENC-7002", event_id="EV2"),
        f'{{"torn": "{GONE}'.encode(),
    ).refresh()
    stream.send(event(patient_id=GONE, encounter_id="ENC-7003", event_id="EV3")).land()
    house = stream.house
    place = Premises(house.folder, house.lake, house.inbox, f"sqlite:///{house.folder / 'ops.db'}", house.key)
    begin(place, Request((GONE,), "consent_withdrawn", "T-1", "eva"))

    def rebuild() -> None:
        house.make_silver()

    assert finish(place, rebuild, lambda _: None).hits == 0
    assert [row["patient_id"] for row in house.rows(ENCOUNTER_EVENTS)] == [STAYS]
    assert [row["patient_id"] for row in house.rows(silver.PATIENTS)] == [STAYS]
    stream.refresh()
    assert [row for row in reconcile(house.lake) if not row["balanced"]] == []


@pytest.mark.slow
def test_alerts_of_a_run_say_why(stream: Stream) -> None:
    usual = [
        event(event_id=f"u{n}", encounter_id=f"U{n}", patient_id=f"P{n}", cost=900 + n, blood_pressure="120/80")
        for n in range(40)
    ]
    dear = event(event_id="dear", encounter_id="DEAR", cost=90_000, blood_pressure="200/80")
    stream.send(*usual, dear, dear).refresh()
    context = stream.house.context
    make_gold(context, next(build for build in GOLD if build.contract is gold.COST_BASELINES))
    made = alerts_table.make(context, TOPIC, is_judged_elsewhere=False)
    assert not made.has_failed
    rows = {row["rule"]: row for row in stream.house.rows(STREAM_ALERTS)}
    assert set(rows) == {"cost_above_limit", "systolic_mmhg"}
    cost, version = rows["cost_above_limit"], stream.house.lake.version(gold.COST_BASELINES)
    assert (str(cost["value"]), cost["baseline_version"], cost["mode"]) == ("90000.00", version, "run")
    assert cost["expected_high"] < 90_000 and cost["peer_group"] == "department_diagnosis_class"
    assert alerts_table.make(context, TOPIC, is_judged_elsewhere=False).is_unchanged
    stream.send(dear).refresh()
    alerts_table.make(context, TOPIC, is_judged_elsewhere=False)
    assert len(stream.house.rows(STREAM_ALERTS)) == 2


def test_of_an_erased_patient_no_alert_is_told(stream: Stream) -> None:
    tombstones = Tombstones(frozenset(), b"k" * 32)
    hot = (event(patient_id=id_, event_id=id_, encounter_id=id_, blood_pressure="220/80") for id_ in (GONE, STAYS))
    stream.send(*hot).land()
    context, lake = stream.house.context, stream.house.lake
    lake.ensure(gold.COST_BASELINES)
    tables, spark = context.tables, context.tables.session()
    marks, hmac_pads = frozenset({tombstones.mark(GONE.lower())}), PseudonymKey(tombstones.secret).hmac_pads
    rules = AlertRules(lake.read(gold.COST_BASELINES), -1, context.key.hmac_pads, marks, hmac_pads)
    validated = alerts.validated(events.as_records(tables.read(ENCOUNTER_EVENTS)), rules.reader)
    shaped = tables.stage(STREAM_ALERTS, validated)
    frames = (spark.createDataFrame(table) for table in (rules.hmac_pads_table(), rules.erased_table()))
    told = alerts.alerts_of(shaped, tables.read(gold.COST_BASELINES), {"SURGERY"}, *frames).collect()
    assert [row["patient_key"] for row in told] == [context.key.pseudonym("patient", STAYS)]
    assert [row["department"] for row in told] == ["OTHER"], "a department that the baselines do not know"


def test_an_alert_tells_the_instant_of_a_local_time(stream: Stream) -> None:
    stream.house = stream.house.with_feeds(Feeds(timezone="America/New_York"))
    stream.send(event(occurred_at="2024-01-10T23:30:00", blood_pressure="220/80")).refresh()
    stream.house.lake.ensure(gold.COST_BASELINES)
    alerts_table.make(stream.house.context, TOPIC, is_judged_elsewhere=False)
    at = dt.datetime(2024, 1, 11, 4, 30, tzinfo=dt.UTC)
    assert stream.house.row(STREAM_ALERTS)["occurred_at"] == stream.house.row(silver.ENCOUNTERS)["updated_at"] == at


def test_the_status_counts_in_the_tables(stream: Stream) -> None:
    stream.send(event(), b"{").refresh()
    stream.send(event(event_id="EV5")).land()
    noted = {"lag": {f"kafka/{TOPIC}/0": 4, f"kafka/{TOPIC}/1": 2}, "landing": {"rows_per_second": 9, "p99_ms": 70}}
    row, other = rows = stream_status(stream.house.lake, "batch", noted)
    assert (row["records"], row["quarantined"], row["landed_through"], row["judged_through"]) == (3, 1, 2, 1)
    assert str(row["quarantined_share"]) == "0.3333"
    # a partition of which nothing was landed yet is behind as well
    assert (other["partition"], other["landed_through"], other["records"]) == (f"kafka/{TOPIC}/1", -1, 0)
    told = told_of(rows)
    assert told["quarantined_share"] == 0.3333 and told["unjudged"] == 1 and told["to_bronze_p99_ms"] == 70
    assert told[f"lag kafka/{TOPIC}/0"] == 4 and told[f"lag kafka/{TOPIC}/1"] == 2


def test_who_asked_for_the_table_and_was_killed_keeps_nobody_out(tmp_path: Path) -> None:
    said = (
        "import pathlib, sys, time\n"
        "from mediflow_assets.ingest.event_lease import events_asked_for\n"
        "with events_asked_for(pathlib.Path(sys.argv[1]), 'erase'):\n"
        "    print('held', flush=True)\n"
        "    time.sleep(60)\n"
    )
    asker = subprocess.Popen([sys.executable, "-c", said, str(tmp_path)], stdout=subprocess.PIPE)
    assert asker.stdout is not None and asker.stdout.readline() == b"held\n"
    assert is_asked_for(tmp_path)
    asker.kill()
    asker.wait(30)
    # the service holds the table when it looks
    with lake_lease(lock_of(tmp_path), "stream serve"):
        assert not is_asked_for(tmp_path)
