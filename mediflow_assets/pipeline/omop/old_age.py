"""Who is shown as 90 in the OMOP tables: found once for all the tables of a run."""

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import links, silver
from mediflow_assets.pipeline.gold import read_shown
from mediflow_assets.pipeline.old_age import over_89_of
from mediflow_assets.pipeline.omop import codes
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.transforms.omop import befallen, visits
from mediflow_assets.transforms.omop.people import DAY, LAST, old_at_last

_KEPT = "omop old"
_SHAPE = f"patient_key string, {LAST} date"


def nobody(context: RunContext) -> DataFrame:
    """Where the real dates are chosen."""
    return context.tables.session().createDataFrame([], _SHAPE)


def old_of(context: RunContext) -> DataFrame:
    """The keys of those whom no masked table shows under 90, and of who was 90 or older on the last day that is told of
    them, with that day. Admissions alone, by which masked tables go, may end before other events, or be none."""
    inputs = (*codes.INPUTS, silver.PATIENTS, links.MERGED_PATIENTS)
    version = (*(context.lake.version(table) for table in inputs), context.open_stay_days)
    known = context.kept.get(_KEPT)
    if known is None or known[0] != version:
        with storage_errors("ages in OMOP"):
            found = {row["patient_key"]: None for row in over_89_of(context).collect()}
            found |= {row["patient_key"]: row[LAST] for row in _old_at_last(context).collect()}
        known = context.kept[_KEPT] = (version, list(found.items()))
    return context.tables.session().createDataFrame(known[1], _SHAPE)


def _old_at_last(context: RunContext) -> DataFrame:
    encounters = read_shown(context, silver.ENCOUNTERS)
    stays = visits.ended(encounters, context.open_stay_days, None)
    seen = [stays.select("patient_key", F.greatest("admitted_on", visits.END).alias(DAY))]
    seen += [
        codes.told(context, kind).select("patient_key", F.greatest(befallen.START, befallen.END).alias(DAY))
        for kind in codes.kinds(context)
    ]
    return old_at_last(read_shown(context, silver.PATIENTS), encounters, reduce(DataFrame.unionByName, seen))
