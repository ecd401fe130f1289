"""One file per page. A page lays out what `figures` computed; it computes nothing itself."""

from dashboard.views import executive

PAGES = {
    "executive": ("Executive Summary", executive.page),
}
"""Each page: name in the URL → title and what shows it, in the order of the menu."""
