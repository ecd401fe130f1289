"""Alerts and the live figures of HL7: by the rules of events, whichever way a message comes."""

import datetime as dt
from decimal import Decimal

import pytest

from mediflow_assets.contracts import gold, silver
from mediflow_assets.contracts.events import STREAM_ALERTS, STREAM_STATUS
from mediflow_assets.pipeline import operational_tables
from mediflow_assets.pipeline.gold import GOLD
from mediflow_assets.pipeline.gold import make as make_gold
from mediflow_assets.streaming import alerts_table
from mediflow_assets.streaming.status_table import quarantined_share, status_table, stream_status, told_of
from mediflow_assets_tests.streaming.conftest import TOPIC, event

HIGH = ("OBX|1|NM|8480-6^Systolic^LN||220|mm[Hg]|||||F", "OBX|2|NM|8462-4^Diastolic^LN||80.0|mm[Hg]|||||F")


def adt(control, *more, trigger="A01", visit="V1", begun="20240301", charged="", at="20240301120000"):
    lines = (
        f"MSH|^~\\&|ADT|H|L|W|{at}||ADT^{trigger}|{control}|P|2.5",
        f"EVN|{trigger}|{at}",
        "PID|1||12||Smith^Ann||1980|F",
        f"PV1|1|I|CARDIOLOGY{'|' * 16}{visit}{'|' * 25}{begun}|||{charged}",
        *more,
    )
    return "\r".join(lines)


def alerts(stream, elsewhere=False):
    stream.house.lake.ensure(gold.COST_BASELINES)
    assert not alerts_table.make(stream.house.context, TOPIC, elsewhere).has_failed
    return {(row["rule"], row["value"]) for row in stream.house.rows(STREAM_ALERTS)}


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_blood_pressure_outside_its_limits_alerts_from_the_topic_and_from_files(stream, elsewhere):
    stream.send(adt("1", *HIGH).encode()).land()
    stream.house.deliver(adt("2", "OBX|1|ST|85354-9^BP^LN||140/130|mm[Hg]|||||F", visit="V2"))
    found = {("systolic_mmhg", Decimal(220)), ("diastolic_mmhg", Decimal(130))}
    assert alerts(stream, elsewhere) == found
    assert alerts_table.make(stream.house.context, TOPIC, elsewhere).is_unchanged
    # the same message once more, the other way, and sent at another time
    stream.house.deliver(adt("1", *HIGH).replace("|20240301120000||ADT", "|20240301130000||ADT"))
    alerts(stream, elsewhere)
    assert len(stream.house.rows(STREAM_ALERTS)) == 2


def test_a_message_that_tells_no_begin_alerts_as_well(stream):
    stream.house.deliver(adt("1", *HIGH, trigger="A08", begun=""))
    assert alerts(stream) == {("systolic_mmhg", Decimal(220))}


@pytest.mark.parametrize(
    "more", [("OBX|1|NM|8480-6^S^LN||220|||||||F",), tuple(each.removesuffix("F") + "X" for each in HIGH), ()]
)
def test_half_a_pressure_and_one_that_was_none_say_nothing(stream, more):
    stream.house.deliver("\r".join((adt("1", *more), adt("2", *HIGH, trigger="A28"), adt("3", *HIGH, trigger="A11"))))
    assert alerts(stream) == set()


def test_a_charge_above_its_peers_alerts(stream):
    usual = [
        event(event_id=f"u{n}", encounter_id=f"U{n}", patient_id=f"P{n}", cost=900 + n, diagnosis_code=...)
        for n in range(40)
    ]
    stream.send(*usual, adt("1", charged="90000.00").encode()).refresh()
    make_gold(stream.house.context, next(build for build in GOLD if build.contract is gold.COST_BASELINES))
    assert alerts(stream) == {("cost_above_limit", Decimal("90000.00"))}
    assert stream.house.row(silver.ENCOUNTERS, encounter_id="V1")["cost_usd"] == 90000


def test_the_live_figures_count_messages_of_the_topic_and_of_files(stream):
    stream.send(event(), adt("1").encode(), b"MSH|^^^^|x").refresh()
    stream.house.deliver("\r".join((adt("2"), adt("3"), "MSH|^^^^|x")))
    assert not operational_tables.make(stream.house.context, status_table("batch", {})).has_failed
    rows = {row["partition"]: row for row in stream.house.rows(STREAM_STATUS)}
    names = ("records", "quarantined", "landed_through", "judged_through", "landing")
    assert {partition: tuple(row[name] for name in names) for partition, row in rows.items()} == {
        f"kafka/{TOPIC}/0": (1, 0, 2, 2, "batch"),
        f"kafka/hl7/{TOPIC}/0": (2, 1, 2, 2, "batch"),
        "hl7 files": (3, 1, 2, 0, "hl7 files"),
    }
    stream.house.make_silver()
    assert stream_status(stream.house.lake, "batch", {})[-1]["judged_through"] == 2


def test_no_more_than_all_messages_are_held_or_behind(stream):
    stream.send(event(), b"MSH|^^^^|x", b"MSH|^^^^|y", adt("1").encode(), b"MSH|^^^^|z").land()
    stream.house.deliver("MSH|^^^^|x\rMSH|^^^^|y\r" + adt("2"))
    rows = stream_status(stream.house.lake, "batch", {})
    shares = {row["partition"]: str(row["quarantined_share"]) for row in rows}
    assert shares == {f"kafka/{TOPIC}/0": "0.0000", f"kafka/hl7/{TOPIC}/0": "0.7500", "hl7 files": "0.6667"}
    assert quarantined_share(stream.house.lake) == 0.6
    told = told_of(rows)
    assert (told["unjudged"], told["quarantined_share"]) == (5, 0.6)


def test_files_that_an_older_release_landed_alert_nobody_years_late(stream):
    stream.house.deliver(adt("1", *HIGH), dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    stream.house.lake.set_properties(STREAM_ALERTS, checked_rows=0)
    assert alerts(stream) == set()
    stream.house.deliver(adt("2", *HIGH, visit="V2"))
    assert alerts(stream) == {("systolic_mmhg", Decimal(220))}
