"""The sidebar: who is signed in, the data's time, the lake's version, whether anything needs a look."""

from datetime import UTC, datetime, timedelta

import polars as pl
import streamlit as st

from dashboard import session
from dashboard.gateway import SignedIn
from dashboard.lake import open_table
from mediflow_assets.contracts import house, masked

PROMISE = timedelta(hours=24)


def show(user: SignedIn) -> None:
    """All of it; the banner stands above the page."""
    with st.sidebar:
        st.write(f"Signed in as **{user.name}**")
        st.button("Sign out", on_click=session.sign_out)
        session.tell(_data)
        session.tell(_alerts)


def _data() -> None:
    table = open_table(masked.ENCOUNTERS)
    age = datetime.now(UTC) - table.written_at
    st.caption(f"Data of {table.written_at:%Y-%m-%d %H:%M} UTC, version {table.version}")
    if age > PROMISE:
        st.warning(f"The data is {age.total_seconds() / 3600:.0f} hours old; 24 is the promise. Run 'mediflow run'.")


def _alerts() -> None:
    table = open_table(house.CHECK_RESULTS)
    results = table.collect(table.scan("checked_at", "table", "check_name", "passed"))
    newest = results.sort("checked_at").unique(["table", "check_name"], keep="last")
    failed = newest.filter(~pl.col("passed")).height
    if failed:
        st.error(f"Alert: {failed} of {newest.height} checks fail. See Data Quality.")
    else:
        st.caption(f"No alert: {newest.height} checks hold.")
