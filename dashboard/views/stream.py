"""Page 6, Live Stream: how far the topic was landed and judged, and what calls for a look. Refreshes by itself."""

import polars as pl
import streamlit as st

from dashboard import charts, session
from dashboard.cells import hide_small
from dashboard.gateway import SignedIn
from dashboard.lake import NothingYet, Snapshot, open_table
from mediflow_assets.contracts import TABLES

REFRESH_SECONDS = 5
NO_STREAM = "No stream is running. Start one with MEDIFLOW_LANDING=batch, or 'mediflow stream serve'."


@session.page("stream")
def page(_: SignedIn) -> None:
    """Looked at anew every five seconds."""
    st.title("Live Stream")
    _live()


@st.fragment(run_every=REFRESH_SECONDS)  # type: ignore[untyped-decorator]
def _live() -> None:
    session.tell(_status)
    session.tell(_alerts)


def _open(name: str) -> Snapshot:
    contract = TABLES.get(name)
    if contract is None:
        raise NothingYet(NO_STREAM)
    try:
        return open_table(contract)
    except NothingYet:
        raise NothingYet(NO_STREAM) from None


def _status() -> None:
    table = _open("gold/stream_status")
    found = table.collect(table.scan(*TABLES["gold/stream_status"].column_names).sort("partition"))
    if (found["landing"] == "off").all():
        st.info(NO_STREAM)
    lag = int((found["landed_through"] - found["judged_through"]).sum()) + int(found["lag"].sum())
    first, second, third, fourth = st.columns(4)
    first.metric("Events per second", charts.number(found["rows_per_second"].max()), help="Of the last landing.")
    second.metric("Lag", charts.number(lag), help="Events not landed when the landing last looked, and "
                  "landed ones not judged yet, over all partitions.")  # fmt: skip
    third.metric("Late, p99", charts.number(found["to_bronze_p99_ms"].max(), places=0) + " ms",
                 help="From the broker to Bronze, 99 of 100 events of the last landing.")  # fmt: skip
    fourth.metric("Bad events", charts.number(int(found["quarantined"].sum())),
                  help=f"Open or waiting in quarantine, of {int(found['records'].sum()):,} events.")  # fmt: skip
    charts.show("Partitions", "How far each partition was landed and judged.", found)


def _alerts() -> None:
    table = _open("masked/stream_alerts")
    people = pl.col("patient_key").n_unique()
    counts = table.collect(table.scan("patient_key", "rule", "department").group_by("rule", "department")
                           .agg(people=people, alerts=pl.len()).sort("rule", "department"))  # fmt: skip
    found = hide_small(counts, "people", "alerts")
    charts.show("Alerts", "Events outside the expected range, by rule and department. Groups of 1 to 10 people are not "
                "shown.", found, charts.bars(found, "rule", "alerts", "department"))  # fmt: skip
