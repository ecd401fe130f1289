"""The published rules of hospital-wide readmission, in plain Python over one patient's stays. Shares no code with what
it judges.

2017 All-Cause Hospital-Wide Measure Updates and Specifications Report (version 6.0), sections 2.2.1 and 2.2.2 and
appendix E; where no hospital, no procedure and no enrolment is delivered: a transfer is told by the disposition, a
planned stay by its type or diagnosis, and follow-up by the last day of the data or by death. The report has days alone;
of two stays of one day their hours say which came first, and whether they overlap.
"""

import datetime as dt
from dataclasses import dataclass

DAY = dt.timedelta(days=1)
MONTH = 30 * DAY
YEAR = 365 * DAY


@dataclass(frozen=True)
class Stay:
    key: str
    admitted: dt.date
    discharged: dt.date | None
    diagnosis: str | None = None
    way: str | None = None
    type: str | None = None
    status: str = "finished"
    from_hour: int | None = None
    until_hour: int | None = None


def _end(stay):
    """The last moment that a stay is known to have lasted: day and hour."""
    if stay.discharged is None:
        return stay.admitted, stay.from_hour or 0
    return stay.discharged, 24 if stay.until_hour is None else stay.until_hour


def _order(stay):
    how = {"transferred": 0, "expired": 2}.get(stay.way, 1)
    hours = (24 if hour is None else hour for hour in (stay.from_hour, stay.until_hour))
    return stay.admitted, next(hours), stay.discharged or dt.date.max, next(hours), how, stay.key


def _latest(stays):
    return max(stays, key=lambda one: (_end(one), stays.index(one)))


def _continues(stay, of):
    ended = _latest(of)
    end, hour = _end(ended)
    if stay.admitted < end:
        return True
    are_told = stay.from_hour is not None and ended.until_hour is not None
    if stay.admitted == end and are_told and stay.from_hour < hour:
        return True
    if ended.way == "transferred" and stay.admitted <= end + DAY:
        return True
    return stay.admitted == end and stay.diagnosis is not None and stay.diagnosis == ended.diagnosis


def _admissions(stays):
    """Single admissions: stays that are continuous are one."""
    found = []
    for stay in sorted(stays, key=_order):
        if found and _continues(stay, found[-1]):
            found[-1].append(stay)
        else:
            found.append([stay])
    return found


def _is_planned(stay):
    is_acute = stay.diagnosis in ("I50.9", "J18.9")
    return (stay.type in ("elective", "newborn") and not is_acute) or stay.diagnosis in ("Z51.11", "O80", "Z44.001")


def _is_in_the_house(stay, stays, last_day):
    came_again = any(other.admitted > stay.admitted for other in stays)
    return (
        stay.discharged is None and stay.status == "in-progress" and not came_again and stay.admitted + YEAR > last_day
    )


def _group(stay):
    return {"F33.1": "psychiatric", "Z44.001": "rehabilitation", "C50.911": "cancer", "Z51.11": "cancer"}.get(
        stay.diagnosis
    )


def outcomes(stays, last_day, died=None):
    """Last stay's key → (why it is no index admission, days to the readmission, whether it was readmitted)."""
    found, admissions = {}, _admissions(stays)
    for place, admission in enumerate(admissions):
        ended = [stay for stay in admission if stay.discharged]
        if not ended or any(_is_in_the_house(stay, stays, last_day) for stay in admission):
            continue
        last = _latest(ended)
        after = admissions[place + 1][0] if place + 1 < len(admissions) else None
        days = (after.admitted - last.discharged).days if after and not _is_planned(after) else None
        why = _why_not(last, days, last_day, died, after is not None)
        found[last.key] = (why, days, None if why else days is not None and days <= 30)
    return found


def _why_not(last, days, last_day, died, comes_again):
    # who comes again on the day of death was alive when he went
    if last.way == "expired" or (died and (died < last.discharged or (died == last.discharged and not comes_again))):
        return "died"
    if last.way in ("transferred", "against_advice"):
        return {"transferred": "transferred_out", "against_advice": "left_against_advice"}[last.way]
    if _group(last):
        return _group(last)
    if died and died <= last.discharged + MONTH:
        readmitted = days is not None and last.discharged + days * DAY <= died
        if not readmitted:
            return "died_after_discharge"
    return "no_follow_up" if last.discharged + MONTH > last_day else None
