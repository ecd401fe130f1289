"""Features of an encounter: only what was known when it began."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts.vocabulary import UNKNOWN
from mediflow_assets.transforms.illness import CONDITION, comorbidities_before, with_conditions
from mediflow_assets.transforms.readmissions import active
from mediflow_assets.transforms.timelines import DAY, NEVER, Seconds, Timeline, by_patient, count_between, days_of

_YEAR, _HALF_YEAR = 365 * DAY, 182 * DAY
_ASIS = (
    "encounter_key string, patient_key string, admitted_at timestamp, admitted_on date, department string, "
    "encounter_class string, admission_type string, gender string, age_at_admission int, "
    "admitting_diagnosis_code string, systolic_mmhg int, diastolic_mmhg int, cost_usd decimal(12,2)"
)
_HISTORY = (
    "prior_admissions_12m int, prior_emergency_6m int, days_since_last_discharge int, comorbidity_count int, "
    "charlson_index int, elixhauser_score int, prior_mean_cost_usd double"
)
_NEEDED = ("discharged_at", "discharged_on", "diagnosis_code", "diagnosis_system", "id_namespace", "encounter_id")


def admission_features(encounters: DataFrame, conditions: DataFrame) -> DataFrame:
    """One row per active encounter, with its patient's history before it.

    An encounter's end, diagnosis and cost are known once it has ended, and to those that begin at that moment or later;
    one that ends as it begins counts as over a second later, so as not to be its own history.
    """
    columns = [part.split()[0] for part in _ASIS.split(", ")]
    rows = with_conditions(active(encounters).select(*columns, *_NEEDED), conditions)
    beside = [*_NEEDED, *CONDITION]
    made = by_patient(rows, lambda table: with_history(table).drop_columns(beside), f"{_ASIS}, {_HISTORY}")
    return made.withColumns(
        {
            "encounter_class": F.coalesce("encounter_class", F.lit("unknown")),
            "admitting_diagnosis_code": F.coalesce("admitting_diagnosis_code", F.lit(UNKNOWN)),
            "admission_month": F.month("admitted_on"),
            "prior_mean_cost_usd": F.col("prior_mean_cost_usd").cast("decimal(12,2)"),
        }
    )


def with_history(rows: pa.Table) -> pa.Table:
    """The rows of encounters with what came before each, among them and the conditions."""
    is_condition = pc.is_valid(rows[CONDITION[0]])
    rows, conditions = rows.filter(pc.invert(is_condition)), rows.filter(is_condition)
    time = Timeline.of(rows)
    known = np.where(time.ended == NEVER, NEVER, np.maximum(time.ended, time.began + 1))
    is_stay = pc.fill_null(pc.equal(rows["encounter_class"], "inpatient"), False).to_numpy()
    is_emergency = pc.fill_null(pc.equal(rows["encounter_class"], "emergency"), False).to_numpy()
    stays, emergencies = np.sort(time.began[is_stay]), np.sort(time.began[is_emergency])
    mean_cost, has_cost = _mean_cost_before(time, known, rows["cost_usd"])
    began_on, ended_on = days_of(rows["admitted_on"]), days_of(rows["discharged_on"])
    days, has_stay = _days_since_last(time, known, is_stay, began_on, ended_on)
    added = {
        "prior_admissions_12m": pa.array(count_between(stays, time.began - _YEAR, time.began), pa.int32()),
        "prior_emergency_6m": pa.array(count_between(emergencies, time.began - _HALF_YEAR, time.began), pa.int32()),
        "days_since_last_discharge": pa.array(days, pa.int32(), mask=~has_stay),
        **comorbidities_before(rows, conditions, time, known),
        "prior_mean_cost_usd": pa.array(mean_cost, pa.float64(), mask=~has_cost),
    }
    for name, values in added.items():
        rows = rows.append_column(name, values)
    return rows


def _days_since_last(
    time: Timeline, known: Seconds, is_stay: np.ndarray, began_on: Seconds, ended_on: Seconds
) -> tuple[Seconds, np.ndarray]:
    """Days from the latest discharge from a stay that was known, by local date."""
    ended = np.flatnonzero(is_stay & (known != NEVER))
    ended = ended[np.lexsort((ended_on[ended], known[ended]))]
    if not len(ended):
        return np.zeros(len(known), np.int64), np.zeros(len(known), np.bool_)
    place = np.searchsorted(known[ended], time.began, "right") - 1
    last = ended[np.maximum(place, 0)]
    has_stay = (place >= 0) & (time.patient[last] == time.patient)
    days = began_on - ended_on[last]
    return np.where(has_stay, days, 0), has_stay


def _mean_cost_before(time: Timeline, known: Seconds, costs: pa.ChunkedArray) -> tuple[np.ndarray, np.ndarray]:
    """Mean billed amount of what had ended, in USD, to the cent."""
    usd = pc.cast(costs, pa.float64()).combine_chunks()
    cents = np.rint(pc.fill_null(usd, 0.0).to_numpy(zero_copy_only=False) * 100).astype(np.int64)
    billed = np.flatnonzero((known != NEVER) & pc.is_valid(usd).to_numpy(zero_copy_only=False))
    billed = billed[np.argsort(known[billed], kind="stable")]
    since = np.searchsorted(known[billed], time.start, "left")
    until = np.searchsorted(known[billed], time.began, "right")
    total, count = np.concatenate(([0], np.cumsum(cents[billed]))), until - since
    mean = (total[until] - total[since]) / np.maximum(count, 1)
    return np.rint(mean) / 100, count > 0
