"""Planted repetition: later versions, stale versions that arrive late, and records delivered twice."""

from dataclasses import dataclass, replace

import numpy as np

from mediflow_assets.synthetic.encounters import Encounters
from mediflow_assets.synthetic.hospital import DAY, FINISHED, OPEN, Flags, Hospital, Ints
from mediflow_assets.synthetic.records import NOTHING, Records, joined

STAY_STILL_OPEN, OTHER_COST, OTHER_DIAGNOSIS = range(3)


@dataclass(frozen=True)
class Versions:
    """What is delivered of the encounters, and what of it stands in the end."""

    first: Records  # one of each encounter, by number
    later: Records  # by time of update
    later_wins: Flags  # False: stale, older than what was delivered before
    final: Records  # the newest of each encounter, by number
    repeated: Ints  # indexes into `first` of the records delivered twice


def plant_versions(hospital: Hospital, rng: np.random.Generator, encounters: Encounters) -> Versions:
    """Chooses who is updated, what was wrong before, what comes twice; never an anomaly or an open stay."""
    records, planted = encounters.records, hospital.constants["planted"]
    soonest, latest = planted["updated_after_days"]
    eligible = np.flatnonzero(
        (records.status == FINISHED)
        & ~encounters.facts.is_anomaly
        & (records.updated + (latest + 1) * DAY < hospital.last_minute)
    )
    wanted = [round(planted[share] * len(records)) for share in ("update_share", "stale_share", "duplicate_share")]
    ends = np.minimum(np.cumsum(wanted), len(eligible))
    updates, stale, repeated, _ = np.split(rng.permutation(eligible), ends)
    updates = np.sort(updates)
    updated = records.updated.copy()
    updated[updates] += rng.integers(soonest * DAY, latest * DAY, len(updates))
    final = replace(records, updated=updated)
    first = _overwritten(records, updates, _earlier(hospital, rng, records.take(updates)))
    later = joined([final.take(updates), _stale(rng, records.take(stale))])
    order = np.lexsort((later.number, later.updated))
    return Versions(
        first=first,
        later=later.take(order),
        later_wins=(np.arange(len(later)) < len(updates))[order],
        final=final,
        repeated=np.sort(repeated),
    )


def _earlier(hospital: Hospital, rng: np.random.Generator, final: Records) -> Records:
    """What was delivered first of encounters that were updated later: an open stay, or a mistake."""
    count, minutes = len(final), final.discharged - final.admitted
    is_stay = final.encounter_class == hospital.classes.index("inpatient")
    what = np.where(is_stay & (rng.random(count) < 0.6), STAY_STILL_OPEN, rng.integers(1, 3, count))
    other_code = (final.diagnosis + rng.integers(1, len(hospital.codes), count)) % len(hospital.codes)
    share = np.select(
        [what == STAY_STILL_OPEN, what == OTHER_COST],
        [rng.uniform(0.2, 0.8, count), rng.choice([0.8, 0.9, 1.1, 1.25], count)],
        1.0,
    )
    is_open = what == STAY_STILL_OPEN
    return replace(
        final,
        status=np.where(is_open, OPEN, final.status),
        diagnosis=np.where(what == OTHER_DIAGNOSIS, other_code, final.diagnosis),
        discharged=np.where(is_open, NOTHING, final.discharged),
        disposition=np.where(is_open, NOTHING, final.disposition),
        cents=np.rint(final.cents * share).astype(np.int64),
        updated=np.where(is_open, final.admitted + minutes // 2, final.updated),
    )


def _stale(rng: np.random.Generator, records: Records) -> Records:
    """Versions from the time of admission, with another cost: they must not win."""
    cents = np.rint(records.cents * rng.uniform(0.4, 0.9, len(records))).astype(np.int64)
    return replace(records, cents=cents, updated=records.admitted)


def _overwritten(records: Records, at: Ints, by: Records) -> Records:
    order = np.arange(len(records))
    order[at] = len(records) + np.arange(len(at))
    return joined([records, by]).take(order)
