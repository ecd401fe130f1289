"""The sidebar: who is signed in, the data's time, the lake's version, whether anything needs a look."""

from datetime import UTC, datetime

import polars as pl
import streamlit as st

from dashboard import session
from dashboard.figures import quality
from dashboard.figures.quality import PROMISE
from dashboard.gateway import SignedIn
from dashboard.lake import open_table
from mediflow_assets.contracts import masked, operational


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
    st.caption(f"Data of {table.written_at:%Y-%m-%d %H:%M} UTC", help="When masked/encounters was last written.")
    st.caption(f"Lake version {table.version}", help="The version of masked/encounters that every page reads.")
    if age > PROMISE:
        st.warning(f"The data is {age.total_seconds() / 3600:.0f} hours old; 24 is the promise. Run 'mediflow run'.")


def _alerts() -> None:
    newest = quality.newest_checks(open_table(operational.CHECK_RESULTS))
    failed = newest.filter(~pl.col("passed"))
    errors = failed.filter(pl.col("severity") == "error").height
    if errors:
        st.error(f"Alert: {errors} of {newest.height} checks fail. See Data Quality.")
    elif failed.height:
        st.warning(f"{failed.height} of {newest.height} checks warn, none fails. See Data Quality.")
    else:
        st.caption(f"No alert: all {newest.height} checks hold.")
