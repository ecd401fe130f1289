"""Patients of another system who bear the hospital's record number are the people whom the hospital knows by it."""

from collections.abc import Iterator, Sequence

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import clinical, silver
from mediflow_assets.contracts.bronze import SOURCES
from mediflow_assets.contracts.identifiers import MRN
from mediflow_assets.contracts.source import SourceContract
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.sources.registry import sources
from mediflow_assets.sources.source import Source
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.transforms.joins import with_few
from mediflow_assets.transforms.versions import version_time

_OF, _NUMBER = "_of_patient", "_number"
RECORD, WHOSE = "_of_record", "_whose"
_PROVENANCE = ("_ingested_at", "_record_number", "_delivery_id")
_SCHEMA = (
    f"{_OF} string, {_NUMBER} string, claimed_at timestamp, version_number bigint,"
    "_ingested_at timestamp, _record_number bigint, _delivery_id string"
)
_TYPES = (pa.string(), pa.string(), pa.timestamp("us", "UTC"), pa.int64())
Person = tuple[str, str]
"""The two columns that name a person: whose id it is, and the id."""
OWN_IDS = ("encounter_id", "condition_id", *(table.primary_key[-1] for table in clinical.TABLES))


def asks_for_numbers(context: RunContext, source: SourceContract) -> bool:
    """Whether patients of a system are known by a record number that they bear."""
    system = context.feeds.systems.get(source.system)
    return system is not None and system.record_number is not None and _telling(source) is not None


def known_numbers(context: RunContext, source: SourceContract) -> DataFrame | None:
    """Each patient of a system with the record number that the newest version gives; None where none is asked for."""
    system, told = context.feeds.systems.get(source.system), _telling(source)
    if system is None or system.record_number is None or told is None:
        return None
    identifier, numbers = system.record_number, told.record_numbers
    assert numbers is not None
    names = [_OF, _NUMBER, "claimed_at", "version_number", *_PROVENANCE]

    def _numbers(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            found = numbers(batch, identifier)
            arrays = [pa.array([each[place] for each in found], type_) for place, type_ in enumerate(_TYPES)]
            yield pa.RecordBatch.from_arrays([*arrays, *(batch.column(name) for name in _PROVENANCE)], names=names)

    every = context.tables.read(told.contract.table).mapInArrow(_numbers, _SCHEMA).where(F.col(_NUMBER).isNotNull())
    dated = every.withColumns(version_time(F.col("claimed_at"), F.col("_ingested_at")))
    return _newest(dated)


def _newest(versions: DataFrame) -> DataFrame:
    """The number of each patient's newest version: by its own number where some tell no time, and all a number."""
    claimed, version = F.coalesce("claimed_at", "updated_at"), F.coalesce("version_number", F.lit(-1))
    place = ("updated_at", claimed, version, *_PROVENANCE)
    told = versions.groupBy(_OF).agg(
        F.max_by(_NUMBER, F.struct(*place)).alias("_by_time"),
        F.max_by(_NUMBER, F.struct(version, *place)).alias("_by_version"),
        F.bool_and(F.col("version_number").isNotNull()).alias("_all_count"),
        F.bool_and(F.col("claimed_at").isNotNull()).alias("_all_tell"),
    )
    number = F.when(F.col("_all_count") & ~F.col("_all_tell"), F.col("_by_version")).otherwise(F.col("_by_time"))
    return told.select(_OF, number.alias(_NUMBER))


def _telling(source: SourceContract) -> Source | None:
    return next((s for s in sources().values() if s.contract.system == source.system and s.record_numbers), None)


def under_record_numbers(frame: DataFrame, known: DataFrame, whose: DataFrame | None = None) -> DataFrame:
    """The rows of a system, those of patients who bear a record number under it; what they name themselves keeps its
    namespace in its id, for it is no number of the hospital's. `whose` tells of whom rows are that do not say so."""
    own, of = [name for name in OWN_IDS if name in frame.columns], F.col("patient_id")
    said = frame
    if whose is not None:
        said = with_few(frame, whose, (F.col(own[-1]) == F.col(RECORD)) & of.isNull())
        of = F.coalesce("patient_id", WHOSE)
    joined, is_known = with_few(said, known, of == F.col(_OF)), F.col(_NUMBER).isNotNull()
    named = {name: F.when(is_known, F.concat("id_namespace", F.lit("|"), name)).otherwise(F.col(name)) for name in own}
    of_person = {
        "patient_id": F.when(F.col("patient_id").isNotNull(), F.coalesce(_NUMBER, "patient_id")),
        "id_namespace": F.when(is_known, F.lit(MRN)).otherwise(F.col("id_namespace")),
    }
    return joined.withColumns(named | of_person).select(*frame.columns)


def linked_record_numbers(context: RunContext, rows: DataFrame, people: Sequence[Person]) -> DataFrame:
    """Rows that name several people, each of whatever system, those who bear a record number under it."""
    for source in {source.system: source for source in SOURCES.values()}.values():
        known = known_numbers(context, source)
        for namespace, id_ in people if known is not None else ():
            is_of = (F.col(id_) == F.col(_OF)) & (F.col(namespace) == context.feeds.namespaces[source.system])
            number = F.when(F.col(_NUMBER).isNotNull(), F.lit(MRN)).otherwise(F.col(namespace))
            named = {namespace: number, id_: F.coalesce(_NUMBER, id_)}
            rows = with_few(rows, known, is_of).withColumns(named).select(*rows.columns)
    return rows


def are_told_late(
    context: RunContext, contract: TableContract, people: Sequence[Person], source: SourceContract, known: DataFrame
) -> bool:
    """Whether the table has rows under a patient's own id of whom a record number has become known, or rows of the
    system under a record number that is no patient's any more."""
    namespace = context.feeds.namespaces[source.system]
    if namespace == MRN or not context.lake.rows(contract):
        return False
    stored = [context.tables.read(each) for each in (contract, silver.VERSIONS.get(contract.name)) if each]
    numbers = known.select(F.col(_NUMBER).alias(_OF)).distinct()
    is_of = F.col("source_system") == source.system
    with storage_errors(f"{contract.name} record numbers"):
        return any(
            has_any(known.join(_ids(rows, whose, id_, namespace), _OF, "left_semi"))
            or has_any(_ids(rows.where(is_of), whose, id_, MRN).join(numbers, _OF, "left_anti"))
            for rows in stored
            for whose, id_ in people
        )


def _ids(rows: DataFrame, whose: str, id_: str, namespace: str) -> DataFrame:
    named = F.col(id_).alias(_OF)
    return rows.where((F.col(whose) == namespace) & F.col(id_).isNotNull()).select(named)


def has_any(rows: DataFrame) -> bool:
    """Whether there are rows."""
    return bool(rows.limit(1).count())
