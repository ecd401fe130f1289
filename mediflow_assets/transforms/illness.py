"""What else a patient was known to suffer from when an encounter began: of diagnoses and conditions together.

A diagnosis is known once its encounter has ended, and so is a condition that names one; every other condition from the
last day on which it may have begun.
"""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.transforms.ages import last_day
from mediflow_assets.transforms.charlson import CHARLSON
from mediflow_assets.transforms.comorbidities import Comorbidities
from mediflow_assets.transforms.elixhauser import ELIXHAUSER
from mediflow_assets.transforms.timelines import DAY, NEVER, Seconds, Timeline, days_of

CONDITION = ("_condition", "_known_on")
"""The columns of a condition among rows of encounters: its code, and the day on which it is known without one."""


def with_conditions(encounters: DataFrame, conditions: DataFrame) -> DataFrame:
    """Rows of encounters, and rows that are conditions alone."""
    named = {"_condition": "string", "_known_on": "date"}
    stays = encounters.withColumns({name: F.lit(None).cast(type_) for name, type_ in named.items()})
    known_on = F.when(F.col("onset_precision") == "recorded", F.col("onset_date")).otherwise(
        last_day(F.col("onset_date"), F.col("onset_precision"))
    )
    told = {
        "patient_key": F.col("patient_key"),
        "id_namespace": F.col("id_namespace"),
        "encounter_id": F.col("encounter_id"),
        "diagnosis_system": F.col("system"),
        "_condition": F.col("code"),
        "_known_on": known_on,
    }
    types = {field.name: field.dataType for field in stays.schema}
    absent = {name: F.lit(None).cast(type_) for name, type_ in types.items() if name not in told}
    every = told | absent
    return stays.unionByName(conditions.select(*(every[name].alias(name) for name in types)))


def comorbidities_before(rows: pa.Table, conditions: pa.Table, time: Timeline, known: Seconds) -> dict[str, pa.Array]:
    """For each encounter how many of Charlson's groups were known before, their index, and van Walraven's score."""
    told = _told(rows, conditions, time, known)
    charlson, elixhauser = (_groups_before(groups, told, time) for groups in (CHARLSON, ELIXHAUSER))
    return {
        "comorbidity_count": pa.array(_each(charlson, int.bit_count), pa.int32()),
        "charlson_index": pa.array(_each(charlson, lambda found: CHARLSON.score(_places(found))), pa.int32()),
        "elixhauser_score": pa.array(_each(elixhauser, lambda found: ELIXHAUSER.score(_places(found))), pa.int32()),
    }


def _told(rows: pa.Table, conditions: pa.Table, time: Timeline, known: Seconds) -> pa.Table:
    """Codes with their systems, whose each is, and from when on the axis it is known."""
    of_stays = pa.table(
        {
            "code": rows["diagnosis_code"],
            "system": rows["diagnosis_system"],
            "patient": pa.array(time.patient),
            "at": pa.array(known),
        }
    )
    people = pc.unique(rows["patient_key"].combine_chunks()).sort()
    patient = pc.index_in(conditions["patient_key"].combine_chunks(), people)
    stay = pc.index_in(_stay_of(conditions), _stay_of(rows)).to_numpy(zero_copy_only=False)
    has_stay = ~np.isnan(stay)
    days = days_of(conditions["_known_on"])
    of_day = time.on_axis(pc.fill_null(patient, 0).to_numpy(zero_copy_only=False), (days + 1) * DAY)
    at = np.where(days == NEVER, NEVER, of_day)
    at[has_stay] = known[stay[has_stay].astype(np.int64)]
    of_conditions = pa.table(
        {
            "code": conditions["_condition"],
            "system": conditions["diagnosis_system"],
            "patient": patient.cast(pa.int64()),
            "at": pa.array(at),
        }
    )
    told = pa.concat_tables([of_stays, of_conditions], promote_options="permissive")
    return told.filter(pc.and_(pc.is_valid(told["patient"]), pc.not_equal(told["at"], NEVER)))


def _stay_of(rows: pa.Table) -> pa.Array:
    # an encounter of another patient is none that tells when this one's condition was known
    names = ("patient_key", "id_namespace", "encounter_id")
    return pc.binary_join_element_wise(*(rows[name].combine_chunks() for name in names), "|")


def _groups_before(groups: Comorbidities, told: pa.Table, time: Timeline) -> Seconds:
    """For each encounter the groups that were known when it began, each a bit."""
    coded = pc.binary_join_element_wise(told["system"], told["code"], "|").combine_chunks().dictionary_encode()
    of_code = [groups.of(*reversed(each.split("|", 1))) for each in coded.dictionary.to_pylist()]
    most = max(map(len, of_code), default=0)
    if not most:
        return np.zeros(len(time.began), np.int64)
    # a code is of one or two groups; the last row is that of no code
    places = np.array([[*of, *[-1] * (most - len(of))] for of in [*of_code, ()]], np.int64)
    place = places[pc.fill_null(coded.indices, len(of_code)).to_numpy(zero_copy_only=False)].ravel()
    patient, at = (np.repeat(told[name].to_numpy(), most) for name in ("patient", "at"))
    is_any = place >= 0
    place, patient, at = place[is_any], patient[is_any], at[is_any]
    order = np.lexsort((at, place, patient))
    is_first = np.ones(len(order), np.bool_)
    is_first[1:] = (np.diff(patient[order]) != 0) | (np.diff(place[order]) != 0)
    first = order[is_first]
    first = first[np.argsort(at[first], kind="stable")]
    # each group of a patient comes once, so that the sum of bits is what is known by then
    total = np.concatenate(([0], np.cumsum(np.int64(1) << place[first])))
    until, since = (np.searchsorted(at[first], when) for when in (time.began + 1, time.start))
    return np.asarray(total[until] - total[since], np.int64)


def _each(found: Seconds, of: Callable[[int], int]) -> Seconds:
    """A number for each set of groups, computed once for each that there is."""
    sets, places = np.unique(found, return_inverse=True)
    return np.array([of(int(each)) for each in sets], np.int64)[places]


def _places(found: int) -> list[int]:
    return [place for place in range(found.bit_length()) if found >> place & 1]
