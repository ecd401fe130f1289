"""One OMOP table: made again unless nothing it depends on has changed, then judged beside its persons and visits."""

from dataclasses import replace

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import omop
from mediflow_assets.contracts.omop import rules
from mediflow_assets.contracts.omop.columns import NONE_TOLD
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline import change, checks
from mediflow_assets.pipeline.omop import vocabulary
from mediflow_assets.pipeline.omop.codes import clock_of, zone_of
from mediflow_assets.pipeline.omop.tables import OmopTable
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.pipeline.step_result import StepResult
from mediflow_assets.storage.purge import purge
from mediflow_assets.transforms.joins import with_few
from mediflow_assets.transforms.masking import in_order_of_keys

_PERSON, _DEAD, _VISIT, _SITE = "_person", "_dead", "_visit", "_site"


def make(context: RunContext, table: OmopTable) -> StepResult:
    """Make the table again unless it stands as it would; judge it; settle it only if the blocking checks hold."""
    lake, contract = context.lake, table.contract
    if context.omop.vocabulary is not None:
        # before the first table: else some would be of the old choices, and some of the new
        vocabulary.require(context.omop.vocabulary)
    change.require_key(lake, [each for each in table.depends_on if each.key[0] != omop.ZONE], context.key.key_id)
    state = change.state_of(lake, table.depends_on, context.key.key_id, __name__)
    state |= {
        "dates": context.omop.dates,
        "vocabulary": context.omop.stamp,
        "open_stay_days": str(context.open_stay_days),
        "zone": zone_of(context),
        "clock": str(clock_of(context)),
    }
    if change.is_unchanged(lake, contract, state):
        return StepResult(contract, lake.rows(contract), lake.version(contract), is_unchanged=True)
    with change.under_key(lake, contract, context.key.key_id):
        context.tables.overwrite(contract, in_order_of_keys(_whole(table.rows(context), contract), contract))
    results = checks.check_table(context, contract, lambda rows: judged_beside(context, contract, rows))
    checks.record(context, contract, results)
    shares = {f"{r.name} share": f"{r.failing / r.rows:.1%}" for r in results if r.name in rules.UNMAPPED and r.rows}
    figures = {**table.figures(context), **shares}
    made = StepResult(contract, results[0].rows, results[0].version, checks=results, figures=figures)
    if not made.has_failed:
        before = lake.property_of(contract, change.INPUTS) or state
        lake.set_properties(contract, inputs=state)
        if any(before.get(name) != state[name] for name in ("code", "dates", "zone", "clock")):
            # an older version may hold what this one would not show
            purge(lake, contract)
            made = replace(made, version=lake.version(contract))
    return made


def _whole(rows: DataFrame, contract: TableContract) -> DataFrame:
    """The rows with the columns that no source tells."""
    unused = {column.name: F.lit(None) for column in contract.columns if column.description == NONE_TOLD}
    return rows.withColumns(unused) if unused else rows


def judged_beside(context: RunContext, contract: TableContract, rows: DataFrame) -> DataFrame:
    """The rows with what their rules look at: the person's birth and death, the visit's days, the department."""
    if "person_id" in contract.by_name and contract is not omop.PERSON:
        rows = with_few(rows, _persons(context), F.col(_PERSON) == F.col("person_id"))
        if contract is not omop.DEATH:
            rows = with_few(rows, _deaths(context), F.col(_DEAD) == F.col("person_id"))
    if contract in omop.EVENTS:
        rows = with_few(rows, _visits(context), F.col(_VISIT) == F.col("visit_occurrence_id"))
    if contract is omop.VISIT_OCCURRENCE:
        sites = context.tables.read(omop.CARE_SITE)
        named = sites.select(F.col("care_site_id").alias(_SITE), F.lit(True).alias(rules.IS_SITE))
        rows = with_few(rows, named, F.col(_SITE) == F.col("care_site_id"))
    return rows


def _persons(context: RunContext) -> DataFrame:
    month, day = (F.coalesce(name, F.lit(1)) for name in ("month_of_birth", "day_of_birth"))
    return context.tables.read(omop.PERSON).select(
        F.col("person_id").alias(_PERSON),
        F.make_date("year_of_birth", month, day).alias(rules.BORN),
        F.lit(True).alias(rules.IS_PERSON),
    )


def _deaths(context: RunContext) -> DataFrame:
    deaths = context.tables.read(omop.DEATH)
    return deaths.select(F.col("person_id").alias(_DEAD), F.col("death_date").alias(rules.DIED))


def _visits(context: RunContext) -> DataFrame:
    return context.tables.read(omop.VISIT_OCCURRENCE).select(
        F.col("visit_occurrence_id").alias(_VISIT),
        F.col("visit_start_date").alias(rules.VISIT_BEGAN),
        F.col("visit_end_date").alias(rules.VISIT_ENDED),
        F.lit(True).alias(rules.IS_VISIT),
    )
