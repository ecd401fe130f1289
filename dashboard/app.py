"""The app: sign in, then the pages that the roles open. `streamlit run dashboard/app.py`."""

import streamlit as st

from dashboard import session, sidebar
from dashboard.lake import is_synthetic
from dashboard.views import PAGES

# Streamlit's tables offer a CSV that the audit log would not hear of; each has its own below it. (A comment: Streamlit
# shows texts that stand by themselves in this file.)
_NO_DOWNLOAD_OF_ITS_OWN = "<style>button[aria-label^='Download as CSV'] {display: none}</style>"


def main() -> None:
    """One run of the app, for one user."""
    st.set_page_config(page_title="MediFlow", layout="wide")
    st.html(_NO_DOWNLOAD_OF_ITS_OWN)
    user = session.current()
    if user is None:
        # under every page's address, so that whoever opens one is there once signed in
        forms = [st.Page(session.sign_in_form, title=title, url_path=name) for name, (title, _) in PAGES.items()]
        st.navigation(forms, position="hidden").run()
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
