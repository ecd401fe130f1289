"""The app: sign in, then the pages that the roles open. `streamlit run dashboard/app.py`."""

import streamlit as st

from dashboard import session, sidebar
from dashboard.lake import is_synthetic
from dashboard.views import PAGES


def main() -> None:
    """One run of the app, for one user."""
    st.set_page_config(page_title="MediFlow", layout="wide")
    user = session.current()
    if user is None:
        session.sign_in_form()
        return
    allowed = session.pages_of(user.roles)
    offered = [st.Page(page, title=title, url_path=name) for name, (title, page) in PAGES.items() if name in allowed]
    sidebar.show(user)
    if is_synthetic():
        st.info("This data is synthetic: a generated hospital, no real person.")
    if not offered:
        st.info("Your roles open no page here. Ask an admin: 'mediflow users add' gives roles.")
        return
    st.navigation(offered).run()


main()
