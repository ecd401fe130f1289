"""Who is signed in, which pages their roles open, and how a page says that it cannot show something."""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps

import streamlit as st

from dashboard import gateway
from dashboard.gateway import GatewayProblem, SessionEnded, SignedIn
from dashboard.lake import NothingYet, NotReadable

PAGES_OF = {
    "executive": {"executive"},
    "analyst": {"executive", "clinical", "quality"},
    "clinician": {"executive", "clinical", "predictions", "stream"},
    "scorer": set(),
    "operator": {"quality", "stream"},
    "data_engineer": set(),
    "privacy_officer": {"governance"},
    "admin": {"quality", "stream"},
}
"""The pages each role opens (admin includes scorer and operator)."""

_KEY = "signed_in"
_OPENED = "page_opened"


def pages_of(roles: frozenset[str]) -> set[str]:
    """The pages that these roles open together."""
    return set().union(*(PAGES_OF.get(role, set()) for role in roles))


def current() -> SignedIn | None:
    """Who is signed in; None as soon as the token has run out."""
    user = st.session_state.get(_KEY)
    if isinstance(user, SignedIn) and not user.is_over:
        return user
    return None


def sign_in_form() -> None:
    """The form; on success the app runs again, signed in."""
    st.title("MediFlow")
    st.caption("Sign in with your MediFlow user. Your role decides which pages you see.")
    if _KEY in st.session_state:
        st.warning("Your session has ended. Sign in again.")
    with st.form("sign_in", enter_to_submit=True, width=440):
        name = st.text_input("Name", autocomplete="username")
        password = st.text_input("Password", type="password", autocomplete="current-password")
        is_sent = st.form_submit_button("Sign in")
    if not is_sent:
        return
    st.session_state.pop(_KEY, None)
    try:
        st.session_state[_KEY] = gateway.sign_in(name, password)
    except GatewayProblem as problem:
        st.error(str(problem))
        return
    st.rerun()


def sign_out() -> None:
    """Forget who was signed in."""
    st.session_state.pop(_KEY, None)


def page(name: str) -> Callable[[Callable[[SignedIn], None]], Callable[[], None]]:
    """A page: opened only by roles that may, and ending in a sentence where it cannot show something."""

    def decorate(show: Callable[[SignedIn], None]) -> Callable[[], None]:
        @wraps(show)
        def shown() -> None:
            user = current()
            if user is None:
                sign_in_form()
            elif name not in pages_of(user.roles):
                st.error("Your roles do not open this page. Ask an admin: 'mediflow users add' gives roles.")
            else:
                tell(lambda: show(user))
                if st.session_state.get(_OPENED) != name:
                    st.session_state[_OPENED] = name
                    told("page_opened", name)

        return shown

    return decorate


def told(event: str, name: str) -> None:
    """Put on the audit log that a page was opened or a file downloaded; where the gateway is down it has no log."""
    user = current()
    if user is not None:
        with suppress(GatewayProblem):
            gateway.ask(user, "POST", "/audit/events", {"event": event, "name": name})


def tell(part: Callable[[], None]) -> None:
    """Run a part of a page; what it cannot show becomes a sentence, and the rest of the page stands."""
    try:
        part()
    except NothingYet as missing:
        st.info(str(missing))
    except NotReadable as broken:
        st.warning(str(broken))
    except SessionEnded:
        # one form for the app: a second part of the page that is refused as well must not add another
        st.session_state[_KEY] = None
        st.rerun()
    except GatewayProblem as problem:
        st.error(str(problem))
