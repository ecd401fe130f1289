"""The clocks of the hospital: what they show, and which instants that is."""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from mediflow_assets.synthetic.hospital import DAY, Flags, Hospital, Ints

_STEP = 30
"""Minutes: clocks are changed at such a time, and by so much or its double."""


@dataclass(frozen=True)
class Clock:
    """Of each half hour from the hospital's first day on: how far what clocks show is from UTC, and whether they leave
    it out."""

    first_step: int
    ahead: Ints  # minutes
    left_out: Flags

    def shown(self, minutes: Ints) -> Ints:
        """What the clocks show: of a time that is left out, the first after it. Never earlier for a later time."""
        shown = minutes
        for _ in range(2):
            is_left_out = self.left_out[self._place(shown)] & (shown >= 0)
            shown = np.where(is_left_out, (shown // _STEP + 1) * _STEP, shown)
        return shown

    def instants(self, minutes: Ints) -> Ints:
        """The instants of what the clocks show; an hour that is there twice is the first one."""
        shown = self.shown(minutes)
        return np.where(shown < 0, shown, shown - self.ahead[self._place(shown)])

    def _place(self, minutes: Ints) -> Ints:
        return np.where(minutes < 0, 0, minutes // _STEP - self.first_step)


def clock_of(hospital: Hospital, timezone: str) -> Clock:
    """The clocks of a hospital in a zone."""
    zone, first = ZoneInfo(timezone), hospital.first_minute
    ahead, left_out = [], []
    for minute in range(first, hospital.last_minute + 2 * DAY, _STEP):
        local = dt.datetime(1970, 1, 1) + dt.timedelta(minutes=minute)
        there = local.replace(tzinfo=zone)
        ahead.append(int((there.utcoffset() or dt.timedelta()).total_seconds()) // 60)
        left_out.append(there.astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None) != local)
    return Clock(first // _STEP, np.array(ahead), np.array(left_out))
