"""Page 6, Live Stream: how far the topic was landed and judged, and what calls for a look. Refreshes by itself."""

from datetime import UTC, datetime

import polars as pl
import streamlit as st

from dashboard import charts, session
from dashboard.figures import stream as figures
from dashboard.gateway import SignedIn
from dashboard.lake import NothingYet, NotReadable, Snapshot, open_table
from mediflow_assets.contracts import events, masked, operational
from mediflow_assets.contracts.table import TableContract

REFRESH_SECONDS = 5
NO_STREAM = (
    "No stream is running. Start one with MEDIFLOW_LANDING=batch and 'mediflow up', or with "
    "MEDIFLOW_LANDING=continuous and 'mediflow stream serve'."
)
_SEEN = "stream alerts seen"


@session.page("stream")
def page(_: SignedIn) -> None:
    """Looked at again every five seconds."""
    st.title("Live Stream")
    _live()


@st.fragment(run_every=REFRESH_SECONDS)  # type: ignore[untyped-decorator]
def _live() -> None:
    st.caption(f"Looked at {datetime.now(UTC):%H:%M:%S} UTC; again every {REFRESH_SECONDS} seconds.")
    session.tell(_all)


def _all() -> None:
    try:
        status = figures.status(open_table(events.STREAM_STATUS))
    except NothingYet:
        raise NothingYet(NO_STREAM) from None
    landed = status["last_landed_at"].max()
    if not status.height or (status["landing"] == "off").all():
        st.info(NO_STREAM)
    elif isinstance(landed, datetime):
        st.caption(f"The last events were landed at {landed:%Y-%m-%d %H:%M:%S} UTC.")
    for part in (lambda: _status(status), _bad, _alerts):
        session.tell(part)


def _status(found: pl.DataFrame) -> None:
    lag = int((found["landed_through"] - found["judged_through"]).sum()) + int(found["lag"].sum())
    waiting = figures.bad_events(_quiet(operational.QUARANTINE_REASONS)).filter(pl.col("status") == "waiting")
    records = f"of {int(found['records'].sum()):,} events landed so far."
    first, second, third, fourth = st.columns(4)
    first.metric(
        "Events per second",
        charts.number(found["rows_per_second"].max()),
        border=True,
        help="Over the last landing, all partitions together.",
    )
    second.metric(
        "Lag",
        charts.number(lag),
        border=True,
        help="Events not landed when the landing last looked, and landed ones not judged yet, over all "
        f"partitions, {records}",
    )
    third.metric(
        "Late events",
        charts.number(int(waiting["records"].sum())),
        border=True,
        help=f"Came before what they belong to, and wait for it; {records}",
    )
    fourth.metric(
        "Bad events",
        charts.number(int(found["quarantined"].sum())),
        border=True,
        help=f"Open or waiting in quarantine, {records}",
    )
    charts.show(
        "Partitions",
        "How far each partition was landed and judged, and how long events took to Bronze and "
        "to the alert: half and 99 of 100 of them, milliseconds. Alerts are to the nearest 20.",
        found,
    )


def _bad() -> None:
    found = figures.bad_events(open_table(operational.QUARANTINE_REASONS))
    if found.is_empty():
        st.caption("No event is late or bad.")
        return
    charts.show(
        "Late and bad events",
        "Events and HL7 messages in quarantine by reason: `waiting` came before what they belong to, "
        "`open` broke a rule, `rejected` could not be split. One with two reasons counts under both.",
        found,
        charts.bars(found, "reason", "records", "status"),
    )


def _alerts() -> None:
    try:
        table = open_table(masked.STREAM_ALERTS)
    except NothingYet:
        st.caption("No alert was raised yet.")
        return
    found = figures.alerts(table)
    shown = found.filter(~pl.col("is_hidden"))
    charts.show(
        "Alerts",
        "Events outside the expected range, by rule and department, to the nearest 20. Groups of 1 "
        "to 10 people are not shown.",
        found,
        charts.bars(shown, "rule", "alerts", "department"),
    )
    _arrived(table)


def _arrived(table: Snapshot) -> None:
    """What came since this page was opened: told one by one, as it comes, and never counted."""
    now = figures.alert_rows(table)
    seen = st.session_state.setdefault(_SEEN, {"ids": set(now["alert_id"]), "newest": now.clear()})
    fresh = now.filter(~pl.col("alert_id").is_in(list(seen["ids"])))
    if fresh.height:
        seen["ids"] |= set(fresh["alert_id"])
        seen["newest"] = pl.concat([fresh, seen["newest"]]).head(figures.MOST_ARRIVED)
        st.toast("New alerts have come.")
    if seen["newest"].is_empty():
        st.caption("No alert has come since this page was opened.")
        return
    charts.show(
        "As they come",
        "The newest alerts since this page was opened, of groups of more than 10 people: what "
        "was measured, to two digits, and what was expected.",
        seen["newest"].drop("alert_id"),
    )


def _quiet(contract: TableContract) -> Snapshot | None:
    try:
        return open_table(contract)
    except NotReadable:
        return None
