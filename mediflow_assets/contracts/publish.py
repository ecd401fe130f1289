"""How often masked tables are published, and which period a moment is in."""

import datetime as dt
from typing import Literal
from zoneinfo import ZoneInfo

Publish = Literal["run", "day", "week", "month"]
_FORMS = {"day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m"}


def period_of(publish: Publish, zone: str | None, now: dt.datetime | None = None) -> str | None:
    """The hospital's day, week or month (ISO 8601) now, or at a moment; None where every run publishes."""
    if publish == "run":
        return None
    return (now or dt.datetime.now(dt.UTC)).astimezone(ZoneInfo(zone or "UTC")).strftime(_FORMS[publish])
