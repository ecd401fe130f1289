"""Records under the people whom the hospital knows, and ends that do not say whose the ended is with what they end."""

from collections.abc import Callable

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts.identifiers import MRN
from mediflow_assets.contracts.source import SourceContract
from mediflow_assets.contracts.versions import END
from mediflow_assets.pipeline.counting import kinds_of
from mediflow_assets.pipeline.record_numbers import (
    OWN_IDS,
    RECORD,
    WHOSE,
    are_told_late,
    has_any,
    known_numbers,
    under_record_numbers,
)
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.pipeline.silver_tables import SilverTable

Read = Callable[[DataFrame], DataFrame]
"""Bronze records of a source → the table's shape."""


def of_known_people(
    context: RunContext, table: SilverTable, source: SourceContract, frame: DataFrame, read: Read
) -> DataFrame | None:
    """A source's rows, those of patients who bear a record number under it; None where stored rows have to move too."""
    known = known_numbers(context, source)
    if known is None:
        return frame
    if are_told_late(context, table.contract, table.people, source, known):
        return None
    if table.has_lists:
        # a list names whom it links only when it is told out
        return frame
    if table.contract.primary_key[-1] not in OWN_IDS:
        return under_record_numbers(frame, known)
    moved = under_record_numbers(frame, known, _whose(context, table, source, frame, read))
    return None if _ended_before(context, table, source, moved) else moved


def _whose(
    context: RunContext, table: SilverTable, source: SourceContract, frame: DataFrame, read: Read
) -> DataFrame | None:
    """Whose that is which a frame ends without saying so, as any record tells; None where nothing is."""
    kinds, id_ = kinds_of(source.table, table.contract), table.contract.primary_key[-1]
    ends = frame.where(_is_nameless()).select(F.col(id_).alias(RECORD)).distinct()
    if kinds is None or not has_any(ends):
        return None
    told = read(context.tables.read(source.table).where(F.col(kinds[0]).isin(kinds[1]))).where(~_is_nameless())
    newest = F.max_by("patient_id", F.struct("_ingested_at", "_record_number")).alias(WHOSE)
    return ends.join(told, F.col(RECORD) == F.col(id_)).groupBy(RECORD).agg(newest)


def _ended_before(context: RunContext, table: SilverTable, source: SourceContract, moved: DataFrame) -> bool:
    """Whether rows under record numbers were ended before anything told whose they are."""
    namespace, id_ = context.feeds.namespaces[source.system], table.contract.primary_key[-1]
    if namespace == MRN or not context.lake.rows(table.versions):
        return False
    nameless = context.tables.read(table.versions).where(_is_nameless() & (F.col("id_namespace") == namespace))
    ends = nameless.select(F.concat("id_namespace", F.lit("|"), id_).alias(RECORD))
    numbered = moved.where(F.col("id_namespace") == MRN)
    return has_any(ends) and has_any(ends.join(numbered, F.col(RECORD) == F.col(id_)))


def _is_nameless() -> Column:
    return F.col(END.name) & F.col("patient_id").isNull()
