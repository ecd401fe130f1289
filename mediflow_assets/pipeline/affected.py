"""Whose rows of a Gold table another delivery may have changed.

A row of these tables looks at its person's own records alone: at all of his encounters, and at what stands beside them
(conditions, claims, what merged records tell). Whose own records are what they were, his rows are too, but for what is
said at the tables below.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import clinical, gold, links, silver
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.contracts.vitals import VITALS_LATEST
from mediflow_assets.pipeline.row_changes import differing
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.storage.schemas import ARROW
from mediflow_assets.transforms import readmissions

BY_PERSON = (gold.ADMISSION_FEATURES, gold.READMISSIONS, gold.COST_ANOMALIES, VITALS_LATEST)
"""The tables that are made again for the people affected."""
BY_END_OF_DATA = (gold.READMISSIONS,)
"""Besides: how long an episode was followed up, and an open stay may last, is told by the newest day in the data."""
BY_MONTH = (gold.MONTHLY_ACTIVITY,)
"""The tables that are made again for the months of the encounters affected."""
_COUNTED: Mapping[TableContract, tuple[str, ...]] = {
    gold.READMISSIONS: ("encounter_key", "is_readmitted"),
    gold.COST_ANOMALIES: ("encounter_key",),
}
"""What a month's figures tell of a row: when its patient came again later than in 30 days is nothing to them."""
FOR_ALL = (gold.COST_BASELINES,)
"""Inputs that are about nobody: where a row of them differs, anybody's may."""
PERSON = "_person"


def people(context: RunContext, inputs: Iterable[TableContract], since: Mapping[str, int]) -> pa.Array | None:
    """The keys of those whose own records are not what they were at these versions of the inputs; old keys and new ones
    where somebody was merged, or is no more. None where it may be anybody."""
    found: list[pa.ChunkedArray] = []
    for contract in inputs:
        if context.lake.version(contract) != since[contract.name]:
            keys = _people_of(context, contract, since[contract.name])
            if keys is None:
                return None
            found += keys
    told = pc.unique(pa.chunked_array([chunk for each in found for chunk in each.chunks], pa.string()))
    return pc.unique(pa.concat_arrays([told, _survivors(context, told)])).drop_null()


def _people_of(context: RunContext, contract: TableContract, since: int) -> list[pa.ChunkedArray] | None:
    rows = differing(context, contract, since)
    if rows is None or (contract in FOR_ALL and len(rows)):
        return None
    if contract is clinical.CLAIMS:
        # what it adds to is the encounter, whoever it says was treated
        return [_of(context, rows["encounter_key"], "patient_key")] if len(rows) else []
    return [rows[name] for name in ("patient_key", "survivor_key") if name in contract.by_name]


def months(context: RunContext, inputs: Iterable[TableContract], since: Mapping[str, int]) -> set[dt.date] | None:
    """The months of admission, old ones and new ones, of the encounters that are not what they were at these versions,
    or of which other tables tell something else. None where it may be any month.

    Who is a patient counts there by the key alone: where somebody was merged, it may be any.
    """
    days: list[pa.ChunkedArray] = []
    keys: list[pa.Array] = []
    for contract in inputs:
        if contract is silver.PATIENTS or context.lake.version(contract) == since[contract.name]:
            continue
        rows = differing(context, contract, since[contract.name], _COUNTED.get(contract, ()))
        if rows is None or (contract is links.MERGED_PATIENTS and len(rows)):
            return None
        if contract is silver.ENCOUNTERS:
            days.append(rows["admitted_on"])
        elif len(rows):
            keys += rows["encounter_key"].chunks
    if keys:
        days.append(_of(context, pa.chunked_array(keys), "admitted_on"))
    found = {day for each in days for day in pc.unique(each).to_pylist()}
    return None if None in found else {day.replace(day=1) for day in found}


def _of(context: RunContext, encounters: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """What Silver tells of some encounters, each value once."""
    theirs = context.tables.read(silver.ENCOUNTERS).select("encounter_key", name)
    if not len(known := pc.unique(encounters).drop_null()):
        return pa.chunked_array([pa.array([], ARROW[silver.ENCOUNTERS.by_name[name].type])])
    few = context.tables.session().createDataFrame(pa.table({"_encounter": known}))
    # the few on the left, as in transforms.joins
    found = few.join(theirs, F.col("_encounter") == F.col("encounter_key")).select(name).distinct()
    with storage_errors("encounters affected"):
        return found.toArrow()[name]


def _survivors(context: RunContext, keys: pa.Array) -> pa.Array:
    """Under which keys those count now who are merged."""
    merged = context.lake.read(links.MERGED_PATIENTS, ["patient_key", "survivor_key"])
    return merged.filter(pc.is_in(merged["patient_key"], keys))["survivor_key"].combine_chunks()


def by_end_of_data(encounters: DataFrame, ends: Collection[dt.date], days: int) -> pa.Array:
    """The keys of those of whose stays another end of the data may tell otherwise: they ended late enough, or are open
    and lasted `days` at most."""
    if len(ends) < 2:
        return pa.array([], pa.string())
    earlier = F.lit(min(ends))
    followed = F.col("discharged_on") > F.date_sub(earlier, readmissions.WINDOW_DAYS)
    is_open = F.col("discharged_on").isNull() & (F.date_add("admitted_on", days) > earlier)
    stays = readmissions.active(encounters).where(F.col("encounter_class") == "inpatient")
    with storage_errors("people affected"):
        found = stays.where(followed | is_open).select("patient_key").distinct().toArrow()
    return found["patient_key"].combine_chunks()


def of_them(frame: DataFrame, keys: pa.Array) -> DataFrame:
    """The rows of some people, by their keys."""
    few = frame.sparkSession.createDataFrame(pa.table({PERSON: keys}))
    # the few on the left, as in transforms.joins
    return few.join(frame, F.col(PERSON) == F.col("patient_key")).drop(PERSON)
