"""Updates of stays that are known: what a record of one leaves out stands in its row already."""

from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import silver
from mediflow_assets.contracts.identifiers import NAMESPACE
from mediflow_assets.pipeline.record_numbers import has_any
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.transforms.joins import with_few
from mediflow_assets.transforms.lines import IS_LINE
from mediflow_assets.transforms.validation import REASONS, is_accepted

_MAY_BE_ABSENT = ("department_missing", "admitted_at_missing")
_STAY = [NAMESPACE, "encounter_id", "patient_id"]
"""With its patient, so that whoever the stay turns out to be of, a record and what it relies on share their lot."""


def with_updates(context: RunContext, validated: DataFrame) -> DataFrame:
    """The validated records; nothing stands against one that only lacks what Silver, or a record with it, knows of its
    stay. Of lines none is an update."""
    lacking = validated.where(_lacks()).select(*_STAY).distinct()
    with storage_errors(f"{silver.ENCOUNTERS.name} updates"):
        if not has_any(lacking):
            return validated
        beside = validated.where(is_accepted() & ~F.col(IS_LINE)).select(*_STAY)
        known = lacking.join(beside, _STAY, "left_semi")
        if context.lake.rows(silver.ENCOUNTERS):
            stored = context.tables.read(silver.ENCOUNTERS).select(*_STAY)
            known = known.unionByName(lacking.join(stored, _STAY, "left_semi"))
        rows = known.distinct().collect()
    if not rows:
        return validated
    stays = context.tables.session().createDataFrame(
        sorted(map(tuple, rows)), ", ".join(f"_of_{name} string" for name in _STAY)
    )
    is_it = F.lit(True)
    for name in _STAY:
        is_it &= F.col(name) == F.col(f"_of_{name}")
    is_known = F.col(f"_of_{_STAY[0]}").isNotNull() & _lacks()
    reasons = F.when(is_known, F.array().cast("array<string>")).otherwise(F.col(REASONS))
    return with_few(validated, stays, is_it).withColumn(REASONS, reasons).select(*validated.columns)


def _lacks() -> Column:
    left = reduce(F.array_remove, _MAY_BE_ABSENT, F.col(REASONS))
    return ~is_accepted() & (F.size(left) == 0) & ~F.col(IS_LINE) & F.col("patient_key").isNotNull()
