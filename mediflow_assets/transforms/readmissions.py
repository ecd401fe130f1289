"""Readmission within 30 days, after the measure that `contracts.readmission_measure` names.

All is by local days; of two stays of one day their times tell which came first. Stays that overlap, that a transfer
joins within a day, or that return on one day for the same diagnosis, are one episode; one of its stays whose end nobody
told holds it open only while the patient may be in the house. The next episode alone counts: where it is planned,
nothing after it is a readmission.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import readmission_measure as measure
from mediflow_assets.contracts.vocabulary import OPEN_STAY_DAYS, PLANNED_ADMISSION_TYPES, UNKNOWN
from mediflow_assets.transforms.ages import last_day
from mediflow_assets.transforms.joins import with_few
from mediflow_assets.transforms.timelines import NEVER, Flags, Seconds, by_patient, days_of

WINDOW_DAYS = measure.WINDOW_DAYS
EXCLUDED = {"expired": "died", "transferred": "transferred_out", "against_advice": "left_against_advice"}
"""Why an episode is no index stay, by how it ended."""
DIED, CENSORED, NO_FOLLOW_UP = "died", "died_after_discharge", "no_follow_up"
DEAD, DIED_ON = "_dead", "_died_on"
_DATA_END = "_data_end"
_STRIDE = 10**7
"""Days between two patients: far more than between any two days of one."""
_LAST = (
    "encounter_key",
    "patient_key",
    "department",
    "diagnosis_code",
    "gender",
    "age_at_admission",
    "discharge_disposition",
    "discharged_at",
)
_GIVEN = (
    "encounter_key string, patient_key string, department string, diagnosis_code string, gender string, "
    "age_at_admission int, discharge_disposition string, discharged_at timestamp, admitted_at timestamp, "
    "admitted_on date, discharged_on date, next_admitted_on date, length_of_stay_days int, days_to_readmission int, "
    "excluded_because string"
)
_PLACE = "_place"
_ORDER = ("patient_key", "admitted_on", "admitted_at", "discharged_on", "discharged_at", _PLACE, "encounter_key")
_FIRST_BUT, _LAST_BUT = "transferred", "expired"
"""How a stay ended tells of two that no time tells apart: nobody is transferred after, or comes after, a death."""
_DAY, _OF_DAY = 86_400, 1 << 18
"""Seconds of a day; and room for those between a local day's begin and a time on it, in whatever zone."""


def active(encounters: DataFrame) -> DataFrame:
    """Encounters that took or take place: neither cancelled nor only planned."""
    return encounters.where(~F.col("status").isin("cancelled", "planned"))


def end_of_data(encounters: DataFrame) -> DataFrame:
    """One row: the newest day on which anybody was admitted or discharged."""
    return active(encounters).agg(F.max(F.greatest("admitted_on", "discharged_on")).alias(_DATA_END))


def readmissions(
    encounters: DataFrame, patients: DataFrame, days: int = OPEN_STAY_DAYS, until: str | None = None
) -> DataFrame:
    """One row per episode that ended, under its last stay's key: the next one if unplanned, and whether it counts.

    The data end with the newest admission or discharge of any encounter, or on the day `until` where these are not all
    encounters. `is_readmitted` is null where the episode is no index stay. A stay in progress lasts `days` at most.
    """
    happened = active(encounters)
    stays = happened.where(F.col("encounter_class") == "inpatient")
    beside = ("admission_type", "status", "admitted_at", "admitted_on", "discharged_on")
    stays = stays.select(*_LAST, *beside)
    if until is None:
        stays = stays.crossJoin(end_of_data(encounters))
    else:
        stays = stays.withColumn(_DATA_END, F.lit(until).cast("date"))
    deaths = deaths_of(happened, patients)
    known = with_few(stays, deaths, F.col("patient_key") == F.col(DEAD)).select(*stays.columns, DIED_ON)
    is_readmitted = F.coalesce(F.col("days_to_readmission") <= WINDOW_DAYS, F.lit(False))
    return by_patient(known, partial(episodes, days=days), _GIVEN).withColumns(
        {
            "diagnosis_code": F.coalesce("diagnosis_code", F.lit(UNKNOWN)),
            "is_readmitted": F.when(F.col("excluded_because").isNull(), is_readmitted),
        }
    )


def deaths_of(happened: DataFrame, patients: DataFrame) -> DataFrame:
    """The last day on which patients may have died, as they themselves or an encounter tells: the earliest."""
    died = last_day(F.col("death_date"), F.col("death_precision")).alias("_on")
    told = patients.where(F.col("death_date").isNotNull()).select("patient_key", died)
    seen = happened.where(F.col("discharge_disposition") == "expired").where(F.col("discharged_on").isNotNull())
    every = told.unionByName(seen.select("patient_key", F.col("discharged_on").alias("_on")))
    return every.groupBy(F.col("patient_key").alias(DEAD)).agg(F.min("_on").alias(DIED_ON))


@dataclass(frozen=True)
class _Stays:
    """Stays of many patients in order; `began` and `ended` (NEVER where open) are days, and `began_at` and `ended_at`
    the same to the second where a time tells it."""

    rows: pa.Table
    patient: Seconds
    began: Seconds
    ended: Seconds
    began_at: Seconds
    ended_at: Seconds

    @classmethod
    def of(cls, rows: pa.Table) -> "_Stays":
        way = rows["discharge_disposition"]
        place = _is(way, _LAST_BUT).astype(np.int8) - _is(way, _FIRST_BUT)
        rows = rows.append_column(_PLACE, pa.array(place)).sort_by([(name, "ascending") for name in _ORDER])
        keys = rows["patient_key"].combine_chunks()
        patient = pc.index_in(keys, pc.unique(keys)).to_numpy(zero_copy_only=False).astype(np.int64)
        began, ended = days_of(rows["admitted_on"]), days_of(rows["discharged_on"])
        began_at = _within(began, rows["admitted_at"], 0)
        # of an open stay no more is known than that it began: the next one bounds it
        known = _within(ended, rows["discharged_at"], _OF_DAY - 1)
        return cls(rows, patient, began, ended, began_at, np.where(ended == NEVER, began_at, known))

    def lasting(self, days: int) -> Flags:
        """Stays in progress whose patient has not come again, and that are not longer ago than `days`."""
        newest = np.zeros(len(self.began), np.int64)
        np.maximum.at(newest, self.patient, self.began)
        is_recent = self.began + days > days_of(self.rows[_DATA_END])
        is_open = (self.ended == NEVER) & _is(self.rows["status"], "in-progress")
        return np.asarray(is_open & is_recent & (newest[self.patient] == self.began))

    def joined(self) -> tuple[Seconds, Seconds]:
        """The first stay of each episode, and the one of its stays that ended last (an earlier one where none did)."""
        axis = self.patient * _STRIDE
        reach, places = axis * _OF_DAY + self.ended_at, np.arange(len(self.patient))
        reached = np.maximum.accumulate(reach)
        last = np.maximum.accumulate(np.where(reach >= reached, places, 0))
        before, gap = last[:-1], (axis + self.began)[1:] - reached[:-1] // _OF_DAY
        told = (
            np.asarray(self.rows["admitted_at"].is_valid())[1:]
            & np.asarray(self.rows["discharged_at"].is_valid())[before]
        )
        overlaps = told & (gap == 0) & ((axis * _OF_DAY + self.began_at)[1:] < reached[:-1])
        transferred = _is(self.rows["discharge_disposition"], "transferred")[before]
        code = pc.fill_null(self.rows["diagnosis_code"].combine_chunks().dictionary_encode().indices, -1).to_numpy()
        same_again = (gap == 0) & (code[1:] == code[before]) & (code[1:] >= 0)
        goes_on = (gap < 0) | overlaps | same_again | (transferred & (gap <= measure.TRANSFER_DAYS))
        is_first = np.concatenate(([True], ~goes_on | (self.patient[1:] != self.patient[:-1])))
        first = np.flatnonzero(is_first)
        known = np.where(self.ended == NEVER, (axis - _STRIDE // 2) * _OF_DAY, reach)
        ended = np.maximum.accumulate(np.where(known >= np.maximum.accumulate(known), places, 0))
        return first, ended[np.append(first[1:], len(last)) - 1]


def _within(days: Seconds, times: pa.ChunkedArray, otherwise: int) -> Seconds:
    """Days to the second, in an order that holds within a day in any zone; `otherwise` where no time tells it."""
    seconds = pc.fill_null(times.cast(pa.timestamp("s", "UTC"), safe=False).cast(pa.int64()), 0).to_numpy()
    of_day = np.where(np.asarray(times.is_valid()), seconds - days * _DAY + _DAY, otherwise)
    return np.asarray(days * _OF_DAY + np.clip(of_day, 0, _OF_DAY - 1))


def episodes(stays: pa.Table, days: int = OPEN_STAY_DAYS) -> pa.Table:
    """Stays → episodes that ended, each with the next one after it if that is unplanned."""
    all_ = _Stays.of(stays)
    first, last = all_.joined()
    following, has_following, comes_again = _next_unplanned(all_, first)
    is_ended = (last >= first) & (all_.ended[last] != NEVER) & ~np.logical_or.reduceat(all_.lasting(days), first)
    first, last, following = first[is_ended], last[is_ended], following[is_ended]
    has_following, comes_again = has_following[is_ended], comes_again[is_ended]
    rows, began, ended = all_.rows.take(pa.array(last)), all_.began[first], all_.ended[last]
    return pa.table(
        {
            **{name: rows[name] for name in _LAST},
            "admitted_at": all_.rows["admitted_at"].take(pa.array(first)),
            "admitted_on": _dates(began),
            "discharged_on": _dates(ended),
            "next_admitted_on": _dates(following, has_following),
            "length_of_stay_days": pa.array(ended - began, pa.int32()),
            "days_to_readmission": pa.array(
                np.where(has_following, following - ended, 0), pa.int32(), mask=~has_following
            ),
            "excluded_because": _exclusions(rows, ended, np.where(has_following, following, NEVER), comes_again),
        }
    )


def _next_unplanned(stays: _Stays, first: Seconds) -> tuple[Seconds, Flags, Flags]:
    """When the next episode of each episode's patient began, whether there is one that is unplanned, and whether there
    is any."""
    planned = pc.fill_null(pc.is_in(stays.rows["admission_type"], pa.array(PLANNED_ADMISSION_TYPES)), False).to_numpy()
    code = stays.rows["diagnosis_code"]
    planned = (planned & ~_begins(code, measure.ACUTE)) | _begins(code, measure.ALWAYS_PLANNED)
    planned |= _matches(stays.rows["department"], measure.REHABILITATION_DEPARTMENT)
    is_same = np.append(stays.patient[first][1:] == stays.patient[first][:-1], False)
    counts = is_same & np.append(~planned[first][1:], False)
    return np.append(stays.began[first][1:], 0), counts, is_same


def _exclusions(rows: pa.Table, ended: Seconds, readmitted: Seconds, comes_again: Flags) -> pa.Array:
    """Why each episode, here its last stay, is no index stay; null where it is one."""
    died, code, department = days_of(rows[DIED_ON]), rows["diagnosis_code"], rows["department"]
    until = np.minimum(ended + WINDOW_DAYS, died)
    psychiatric = _begins(code, measure.PSYCHIATRIC) | _matches(department, measure.PSYCHIATRIC_DEPARTMENT)
    rehabilitation = _begins(code, measure.REHABILITATION) | _matches(department, measure.REHABILITATION_DEPARTMENT)
    found = {
        **{reason: _is(rows["discharge_disposition"], way) for way, reason in EXCLUDED.items()},
        "psychiatric": psychiatric,
        "rehabilitation": rehabilitation,
        "cancer": _begins(code, measure.CANCER),
        CENSORED: (died <= ended + WINDOW_DAYS) & (readmitted > until),
        NO_FOLLOW_UP: ended > days_of(rows[_DATA_END]) - WINDOW_DAYS,
    }
    # who comes again on the day on which he died was alive when he went
    found[DIED] = found[DIED] | (died < ended) | ((died == ended) & ~comes_again)
    reasons = np.select(list(found.values()), list(found), "")
    return pa.array(reasons.tolist(), pa.string(), mask=reasons == "")


def _is(column: pa.ChunkedArray, value: str) -> Flags:
    return np.asarray(pc.fill_null(pc.equal(column, value), False).to_numpy())


def _begins(codes: pa.ChunkedArray, pattern: str) -> Flags:
    """Whether codes, whose point does not count, match a pattern."""
    return _matches(pc.replace_substring(codes, ".", ""), pattern)


def _matches(texts: pa.ChunkedArray, pattern: str) -> Flags:
    return np.asarray(pc.fill_null(pc.match_substring_regex(texts, pattern), False).to_numpy())


def _dates(days: Seconds, is_given: Flags | None = None) -> pa.Array:
    given = np.ones(len(days), np.bool_) if is_given is None else is_given
    return pa.array(np.where(given, days, 0).astype(np.int32), pa.int32(), mask=~given).cast(pa.date32())
