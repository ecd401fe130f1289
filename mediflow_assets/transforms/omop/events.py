"""OMOP's tables of events: what befell people, mapped to concepts, moved, and in the table of the concept's domain."""

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts.omop import concepts
from mediflow_assets.transforms.joins import with_few
from mediflow_assets.transforms.omop import befallen
from mediflow_assets.transforms.omop.values import (
    PERSON,
    first_day,
    last_day,
    mapped,
    moved,
    moved_day,
    number,
    own,
    with_pads,
)
from mediflow_assets.transforms.omop.visits import VISIT, VISIT_OF

MAPPING = "_m_place string, _shown string, _source int, _concept int, _table string, _ordinal int"
"""Per code and standard concept: the code as it is shown, its own concept, the standard one, the table of its domain
(null for the record's own), and which of several it is."""
UNITS = "_u_unit string, _unit_source int, _unit_concept int"
_OWN = 0


@dataclass(frozen=True)
class Names:
    """How a table of events calls what all of them have."""

    kind: str
    start: str
    start_at: str
    end: str | None = None
    end_at: str | None = None


NAMES: Mapping[str, Names] = {
    "condition_occurrence": Names(
        "condition",
        "condition_start_date",
        "condition_start_datetime",
        "condition_end_date",
        "condition_end_datetime",
    ),
    "procedure_occurrence": Names(
        "procedure", "procedure_date", "procedure_datetime", "procedure_end_date", "procedure_end_datetime"
    ),
    "drug_exposure": Names(
        "drug",
        "drug_exposure_start_date",
        "drug_exposure_start_datetime",
        "drug_exposure_end_date",
        "drug_exposure_end_datetime",
    ),
    "measurement": Names("measurement", "measurement_date", "measurement_datetime"),
    "observation": Names("observation", "observation_date", "observation_datetime"),
}


def place_of(system: Column, code: Column) -> Column:
    """A code and its system as one text."""
    return F.concat_ws("\x1f", system, code)


def placed(events: DataFrame, mapping: DataFrame, table: str) -> DataFrame:
    """The events of a table: once for each standard concept of its domain."""
    named = with_few(events, mapping, F.col("_m_place") == place_of(F.col("system"), F.col("code")))
    return named.where(F.coalesce("_table", befallen.OWN_TABLE) == table)


def rows(
    found: DataFrame, visits: DataFrame, units: DataFrame, table: str, clock: str | None, hmac_pads: DataFrame
) -> DataFrame:
    """The rows of a table from the events of people that stand in it, with the visits `by_encounter`; times are those
    of the `clock`."""
    within = with_few(found, visits, F.col(VISIT_OF) == F.col("encounter_key"))
    whole = with_pads(with_few(within, units, F.col("_u_unit") == F.col("unit")), hmac_pads)
    names = NAMES[table]
    concept = F.coalesce("_concept", F.lit(concepts.UNMAPPED))
    is_first = F.coalesce("_ordinal", F.lit(_OWN)) == _OWN
    further = F.concat_ws("|", befallen.KEY, concept.cast("string"))
    cells = {
        f"{table}_id": number(own(F.when(is_first, F.col(befallen.KEY)).otherwise(further))),
        "person_id": F.col(PERSON),
        f"{names.kind}_concept_id": concept,
        names.start: _begun(),
        names.start_at: moved(F.col(befallen.START_AT), clock),
        f"{names.kind}_type_concept_id": F.col(befallen.TYPE),
        "visit_occurrence_id": F.col(VISIT),
        f"{names.kind}_source_value": F.col("_shown"),
        f"{names.kind}_source_concept_id": F.coalesce("_source", F.lit(concepts.UNMAPPED)),
        **_ends(names, clock),
        **_besides(table),
    }
    return whole.select(*(cell.alias(name) for name, cell in cells.items()))


def _ends(names: Names, clock: str | None) -> dict[str, Column]:
    if names.end is None or names.end_at is None:
        return {}
    return {names.end: _ended(), names.end_at: moved(F.col(befallen.END_AT), clock)}


def _begun() -> Column:
    return first_day(moved_day(F.col(befallen.START)), F.col(befallen.START_TOLD))


def _ended() -> Column:
    return last_day(moved_day(F.col(befallen.END)), F.col(befallen.END_TOLD))


def _besides(table: str) -> dict[str, Column]:
    """What one table has and others have not."""
    unit = F.when(F.col("unit").isNotNull(), F.coalesce("_unit_concept", F.lit(concepts.UNMAPPED)))
    measured = {"value_as_number": F.col("value"), "unit_concept_id": unit, "unit_source_value": F.col("unit")}
    comparator = F.col("comparator")
    match table:
        case "condition_occurrence":
            return {"condition_status_concept_id": F.col(befallen.STATUS)}
        case "drug_exposure":
            return {
                "drug_exposure_end_date": F.coalesce(_ended(), _begun()),
                "verbatim_end_date": _ended(),
                "refills": F.when(F.col("dispenses") > 0, F.col("dispenses") - 1),
            }
        case "measurement":
            source = F.when(F.col("unit").isNotNull(), F.coalesce("_unit_source", F.lit(concepts.UNMAPPED)))
            operator = F.when(comparator.isNotNull(), mapped(comparator, concepts.OPERATORS))
            return measured | {"operator_concept_id": operator, "unit_source_concept_id": source}
        case "observation":
            return measured
    return {}


def periods(spans: DataFrame) -> DataFrame:
    """One row per person: from the first of their `_begin` to the last of their `_until`."""
    whole = spans.groupBy("person_id").agg(F.min("_begin").alias("_begin"), F.max("_until").alias("_until"))
    return whole.select(
        F.col("person_id").alias("observation_period_id"),
        "person_id",
        F.col("_begin").alias("observation_period_start_date"),
        F.col("_until").alias("observation_period_end_date"),
        F.lit(concepts.EHR).alias("period_type_concept_id"),
    )
