"""Rows that name their patient or encounter by an identifier, and by no id, meet whoever bears it, whenever that comes.

Who bears which is looked up only for tables to which such a row has come: that is noted in them.
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import fhir
from mediflow_assets.contracts.source import SourceContract
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.pipeline.silver_tables import ALL, SilverTable
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.transforms.feeds import FeedReader
from mediflow_assets.transforms.fhir.identified import bearers, is_named_so, named_by_id, waiting_for_bearers

_NOTE, _KEPT = "names_by_identifier", "bearers"


def by_id(
    context: RunContext, table: SilverTable, source: SourceContract, rows: DataFrame, reader: FeedReader
) -> DataFrame:
    """A source's rows, as those whom they name are known."""
    if not _may_be_among(table, source) or not context.lake.property_of(table.contract, _NOTE):
        return rows
    return named_by_id(rows, _bearers(context, reader), table.contract.primary_key[-1])


def forget_at_last(context: RunContext, table: SilverTable) -> None:
    """Put away who bears which identifier before the last table is made, which does not ask."""
    if table is ALL[-1] and context.kept.pop(_KEPT, None):
        context.tables.unstage(fhir.FHIR_RESOURCES)


def awaiting(context: RunContext, table: SilverTable, source: SourceContract, validated: DataFrame) -> DataFrame:
    """Validated rows, of which those wait that name somebody who is not known."""
    if not _may_be_among(table, source) or not context.lake.property_of(table.contract, _NOTE):
        return validated
    return waiting_for_bearers(validated, table.contract.primary_key[-1])


def are_found(context: RunContext, table: SilverTable, staged: DataFrame) -> bool:
    """Whether rows that were read without a look at identifiers name somebody by one: they are to be read again."""
    sources = [source for source in table.sources if _may_be_among(table, source)]
    if not sources or context.lake.property_of(table.contract, _NOTE):
        return False
    is_of = F.col("source_system") == fhir.SOURCE.system
    with storage_errors(f"{table.contract.name} identifiers"):
        found = bool(staged.where(is_of & is_named_so(table.contract.primary_key[-1])).limit(1).count())
    if found:
        context.lake.set_properties(table.contract, **{_NOTE: True})
    return found


def _bearers(context: RunContext, reader: FeedReader) -> DataFrame:
    """Who bears which identifier: all patients and encounters are read for it, once for all tables of a run."""
    version, kept = context.lake.version(fhir.FHIR_RESOURCES), context.kept.get(_KEPT)
    if kept is None or kept[0] != version:
        known = context.tables.stage(fhir.FHIR_RESOURCES, bearers(context.tables.read(fhir.FHIR_RESOURCES), reader))
        context.kept[_KEPT] = kept = version, known
    frame: DataFrame = kept[1]
    return frame


def _may_be_among(table: SilverTable, source: SourceContract) -> bool:
    return table.of_patient is not None and source.table is fhir.FHIR_RESOURCES
