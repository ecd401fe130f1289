"""Readmission within 30 days, after the measure of CMS (Hospital-Wide All-Cause Unplanned Readmission).

Stays that overlap, or that a transfer joins on one day, are one episode. An episode that ended is an index stay unless
the patient died, was transferred out or left against advice, or the data end within 30 days of it. What counts is the
next unplanned episode.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts.vocabulary import PLANNED_ADMISSION_TYPES, UNKNOWN
from mediflow_assets.transforms.timelines import DAY, NEVER, Flags, Seconds, Timeline, by_patient, seconds, timestamps

WINDOW_DAYS = 30
"""CMS Hospital Readmissions Reduction Program: within 30 days of discharge."""
EXCLUDED = {"expired": "died", "transferred": "transferred_out", "against_advice": "left_against_advice"}
"""Why an episode is no index stay, by how it ended."""
NO_FOLLOW_UP = "no_follow_up"
_DATA_END = "_data_end"
_LAST = (
    "encounter_key",
    "patient_key",
    "department",
    "diagnosis_code",
    "gender",
    "age_at_admission",
    "discharge_disposition",
)
_GIVEN = (
    "encounter_key string, patient_key string, department string, diagnosis_code string, gender string, "
    "age_at_admission int, discharge_disposition string, admitted_at timestamp, discharged_at timestamp, "
    "next_admitted_at timestamp, length_of_stay_days int, days_to_readmission int, excluded_because string"
)


def active(encounters: DataFrame) -> DataFrame:
    """Encounters that took or take place: neither cancelled nor only planned."""
    return encounters.where(~F.col("status").isin("cancelled", "planned"))


def readmissions(encounters: DataFrame) -> DataFrame:
    """One row per episode that ended, under its last stay's key: the next unplanned episode, and whether it counts.

    The data end with the newest admission or discharge of any encounter. `is_readmitted` is null where the episode is
    no index stay.
    """
    newest = active(encounters).agg(F.max(F.greatest("admitted_at", "discharged_at")).alias(_DATA_END))
    stays = active(encounters).where(F.col("encounter_class") == "inpatient")
    stays = stays.select(*_LAST, "admission_type", "admitted_at", "discharged_at").crossJoin(newest)
    is_readmitted = F.coalesce(F.col("days_to_readmission") <= WINDOW_DAYS, F.lit(False))
    return by_patient(stays, episodes, _GIVEN).withColumns(
        {
            "diagnosis_code": F.coalesce("diagnosis_code", F.lit(UNKNOWN)),
            "is_readmitted": F.when(F.col("excluded_because").isNull(), is_readmitted),
        }
    )


def episodes(stays: pa.Table) -> pa.Table:
    """Stays → episodes that ended, each with the next unplanned one after it."""
    stays = stays.sort_by([("patient_key", "ascending"), ("admitted_at", "ascending"), ("encounter_key", "ascending")])
    time = Timeline.of(stays)
    first, last = _joined(time, pc.equal(stays["discharge_disposition"], "transferred"))
    is_unplanned = ~pc.fill_null(pc.is_in(stays["admission_type"], pa.array(PLANNED_ADMISSION_TYPES)), False).to_numpy()
    following, has_following = _next_unplanned(time, first, is_unplanned)
    is_ended = time.ended[last] != NEVER
    first, last, following, has_following = (x[is_ended] for x in (first, last, following, has_following))
    rows, whole = stays.take(pa.array(last)), Timeline(time.patient[last], time.began[first], time.ended[last])
    began, ended, next_at = (whole.seconds(places) for places in (whole.began, whole.ended, following))
    last_followed = seconds(rows[_DATA_END]) // DAY - WINDOW_DAYS
    ways = rows["discharge_disposition"].to_pylist()
    late = ended // DAY > last_followed
    excluded = [EXCLUDED.get(way) or (NO_FOLLOW_UP if at_end else None) for way, at_end in zip(ways, late, strict=True)]
    return pa.table(
        {
            **{name: rows[name] for name in _LAST},
            "admitted_at": timestamps(began, np.ones(len(began), np.bool_)),
            "discharged_at": timestamps(ended, np.ones(len(ended), np.bool_)),
            "next_admitted_at": timestamps(next_at, has_following),
            "length_of_stay_days": pa.array(ended // DAY - began // DAY, pa.int32()),
            "days_to_readmission": _days(ended, next_at, has_following),
            "excluded_because": pa.array(excluded, pa.string()),
        }
    )


def _days(ended: Seconds, next_at: Seconds, is_given: Flags) -> pa.Array:
    days = np.where(is_given, next_at // DAY - ended // DAY, 0)
    return pa.array(days, pa.int32(), mask=~is_given)


def _joined(time: Timeline, is_transfer: pa.ChunkedArray) -> tuple[Seconds, Seconds]:
    """The first stay of each episode, and the one of its stays that ended last; stays are in order."""
    transferred = pc.fill_null(is_transfer, False).to_numpy()
    # an open stay lasts as long as its patient, one that ends in a transfer until the day is over
    lasts = np.where(transferred, time.end_of_day(time.ended), time.ended)
    reached = np.maximum.accumulate(np.where(time.ended == NEVER, time.end, lasts))
    is_first = np.ones(len(lasts), np.bool_)
    is_first[1:] = (time.began[1:] > reached[:-1]) | (time.patient[1:] != time.patient[:-1])
    episode = np.cumsum(is_first)
    order = np.lexsort((np.arange(len(lasts)), time.ended, episode))
    is_last = np.ones(len(order), np.bool_)
    is_last[:-1] = np.diff(episode[order]) != 0
    return np.flatnonzero(is_first), order[is_last]


def _next_unplanned(time: Timeline, first: Seconds, is_unplanned: Flags) -> tuple[Seconds, Flags]:
    """Where the next unplanned episode of each episode's patient began, and whether there is one."""
    began = np.where(is_unplanned[first], time.began[first], NEVER)
    soonest = np.minimum.accumulate(began[::-1])[::-1]
    following = np.append(soonest[1:], NEVER)
    return following, following < time.end[first]
