"""Which names of time zones there are: those of the IANA database that Python knows."""

from typing import Any
from zoneinfo import available_timezones

from mediflow_assets.errors import SettingsInvalid


def time_zone(name: Any, where: str) -> str:
    """The zone of that name. Raises SettingsInvalid, which says where it stands, of a name that is none."""
    if not isinstance(name, str) or name not in available_timezones():
        raise SettingsInvalid(
            f"{where}: expected an IANA time zone such as 'America/New_York', 'Europe/Berlin' or 'UTC'."
        )
    return name
