"""Completed years of age, for arrays of days."""

import numpy as np

from mediflow_assets.synthetic.hospital import DAY, Hospital, Ints


class Calendar:
    """Years and birthdays of the days of the window, looked up instead of computed again each round."""

    def __init__(self, hospital: Hospital) -> None:
        """The days of the hospital's window."""
        self._first = hospital.first_minute // DAY
        self._year, self._day_of_year = _year_and_day(np.arange(self._first, hospital.last_minute // DAY + 1))

    def completed_years(self, birth: Ints, day: Ints) -> Ints:
        """Age in completed years on each day."""
        year, day_of_year = _year_and_day(birth)
        at = day - self._first
        years: Ints = self._year[at] - year - (self._day_of_year[at] < day_of_year)
        return years


def _year_and_day(days: Ints) -> tuple[Ints, Ints]:
    """The calendar year, and month * 100 + day, of days since 1970-01-01."""
    dates = days.astype("datetime64[D]")
    months = dates.astype("datetime64[M]")
    month_index = months.astype(np.int64)
    day = (dates - months).astype(np.int64) + 1
    return month_index // 12 + 1970, (month_index % 12 + 1) * 100 + day
