"""One Gold or masked table: which tables it is made from, and by which transform."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial, reduce
from operator import or_
from typing import Any

import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import clinical, events, gold, links, masked, silver
from mediflow_assets.contracts.table import Audience, TableContract
from mediflow_assets.contracts.vitals import VITALS_LATEST
from mediflow_assets.pipeline import change, checks, increment, merged, publication, renewal
from mediflow_assets.pipeline.ended import without_ended
from mediflow_assets.pipeline.old_age import over_89_of
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.pipeline.shares import Share, rows_by_share
from mediflow_assets.pipeline.shown_labels import encounters_shown
from mediflow_assets.pipeline.step_result import StepResult
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.errors import storage_errors
from mediflow_assets.storage.purge import purge
from mediflow_assets.transforms import (
    activity,
    activity_totals,
    anonymity,
    census,
    costs,
    features,
    masking,
    over_89,
    readmissions,
)
from mediflow_assets.transforms.vitals import vitals_latest

OF_PEOPLE = frozenset((silver.PATIENTS, silver.ENCOUNTERS, silver.CONDITIONS, *clinical.TABLES, events.STREAM_ALERTS))
"""Tables whose rows stand under the key of the patient of whom they were told."""
SUPPRESSION = "suppression"
"""The table property that says what local suppression did to the table."""


@dataclass(frozen=True)
class TableBuild:
    """A table made whole from others: `build` gets the inputs' frames in order, people under who survives of them."""

    contract: TableContract
    inputs: tuple[TableContract, ...]
    transform: Callable[..., DataFrame]
    counted: str | None = None
    """A column whose values are counted in the metadata."""
    is_of_people: bool = False
    """Whether `build` is also given the keys of those who are 90 or older."""
    counts_open_stays: bool = False
    """Whether `build` is also given the days that a stay without an end is taken to last at most."""
    is_anonymised: bool = False
    """Whether values are blanked until every group of quasi-identifiers counts 11 people."""
    rows_of: TableContract | None = None
    """The input without whose rows the table has none: then no engine is asked to make it."""
    by_version_of: TableContract | None = None
    """The input of which `build` is also given the version."""
    is_by_patient: bool = False
    """Whether the rows of a patient are told from the rows that the inputs have of that patient alone."""
    as_told: tuple[str, ...] = ()
    """Codes of encounters that `build` gets as Silver has them; it gives only what is computed of them."""

    @property
    def depends_on(self) -> tuple[TableContract, ...]:
        """The inputs, who of the people in them are merged, what the survivors of encounters tell, and claims."""
        beside = (links.MERGED_PATIENTS,) if OF_PEOPLE.intersection(self.inputs) else ()
        of_survivors = (silver.PATIENTS, clinical.CLAIMS) if silver.ENCOUNTERS in self.inputs else ()
        return tuple(dict.fromkeys((*self.inputs, *beside, *of_survivors)))

    def state(self, lake: Lake, key_id: str, open_stay_days: int) -> dict[str, int | str]:
        """What its content depends on, as it is now."""
        state = change.state_of(lake, self.depends_on, key_id, __name__)
        return state | {"open_stay_days": str(open_stay_days)} if self.counts_open_stays else state


def masked_build(copy: TableContract, source: TableContract) -> TableBuild:
    """The masked copy of a table, by the mask verbs of its contract alone."""
    if not source.names_people:
        return TableBuild(copy, (source,), lambda frame: masking.mask(frame, source))
    # who is 90 is known from Silver alone, and holds for every table
    inputs = (source, silver.PATIENTS, silver.ENCOUNTERS)
    return TableBuild(copy, inputs, _masked_rows(source), is_of_people=True, rows_of=source)


def _masked_rows(source: TableContract) -> Callable[..., DataFrame]:
    return lambda frame, _patients, _encounters, old: masking.mask(over_89.marked(frame, old), source)


def _masked_patients(patients: DataFrame, encounters: DataFrame, old: DataFrame) -> DataFrame:
    return masking.mask(over_89.marked(over_89.judged_at(patients, encounters), old), silver.PATIENTS)


def _suppressed(contract: TableContract, transform: Callable[..., DataFrame]) -> Callable[..., DataFrame]:
    cells = contract.small_cells
    assert cells is not None
    return lambda *frames: masking.suppress(transform(*frames), cells)


_E = silver.ENCOUNTERS

GOLD = (
    TableBuild(
        gold.ADMISSION_FEATURES,
        (_E, silver.CONDITIONS),
        features.admission_features,
        as_told=("diagnosis_code",),
        is_by_patient=True,
    ),
    TableBuild(
        gold.READMISSIONS,
        (_E, silver.PATIENTS),
        readmissions.readmissions,
        counted="excluded_because",
        counts_open_stays=True,
    ),
    TableBuild(gold.COST_BASELINES, (_E,), costs.cost_baselines),
    TableBuild(gold.COST_ANOMALIES, (_E, gold.COST_BASELINES), costs.cost_anomalies, by_version_of=gold.COST_BASELINES),
    TableBuild(gold.DEPARTMENT_COSTS, (_E,), costs.department_costs),
    TableBuild(gold.DAILY_CENSUS, (_E,), census.daily_census, counts_open_stays=True),
    TableBuild(gold.MONTHLY_ACTIVITY, (_E, gold.READMISSIONS, gold.COST_ANOMALIES), activity.monthly_activity),
    TableBuild(VITALS_LATEST, (clinical.OBSERVATIONS,), vitals_latest, rows_of=clinical.OBSERVATIONS),
    TableBuild(links.MERGED_KEYS, (links.MERGED_PATIENTS,), lambda merged: merged),
)
MASKED = (
    TableBuild(masked.PATIENTS, (silver.PATIENTS, _E), _masked_patients, is_of_people=True, is_anonymised=True),
    *(masked_build(copy, source) for copy, source in masked.COPIES.items() if copy is not masked.PATIENTS),
    TableBuild(
        masked.MONTHLY_CENSUS,
        (_E, gold.DAILY_CENSUS),
        _suppressed(masked.MONTHLY_CENSUS, census.monthly_census),
        counts_open_stays=True,
    ),
    TableBuild(masked.ACTIVITY_TOTALS, (_E, gold.MONTHLY_ACTIVITY), activity_totals.activity_totals),
    TableBuild(masked.COST_PEERS, (_E,), _suppressed(masked.COST_PEERS, costs.cost_peers)),
)


def make(context: RunContext, build: TableBuild) -> StepResult:
    """Make the table again unless nothing it depends on has changed; check it; settle it only if the checks hold."""
    lake, contract = context.lake, build.contract
    change.require_key(lake, build.depends_on, context.key.key_id)
    state = build.state(lake, context.key.key_id, context.open_stay_days)
    if change.is_unchanged(lake, contract, state):
        return StepResult(contract, lake.rows(contract), lake.version(contract), is_unchanged=True)
    if renewal.stands(context, contract, build.depends_on, state):
        return StepResult(contract, lake.rows(contract), lake.version(contract), is_unchanged=True)
    if publication.waits(lake, context.period, contract, state):
        told = {publication.WAITING: str(context.period)}
        return StepResult(contract, lake.rows(contract), lake.version(contract), is_unchanged=True, figures=told)
    publication.begin(context, contract)
    is_of_nothing = _is_of_nothing(lake, build)
    figures: dict[str, int] = {}
    with change.under_key(lake, contract, context.key.key_id):
        if not is_of_nothing:
            figures = _write(context, build, state)
    results = checks.of_no_rows(lake, contract) if is_of_nothing else checks.check_table(context, contract)
    checks.record(context, contract, results)
    figures |= _counts(lake, contract, build.counted) if build.counted else {}
    made = StepResult(contract, results[0].rows, results[0].version, checks=results, figures=figures)
    if not made.has_failed:
        before = lake.property_of(contract, change.INPUTS)
        noted = publication.note_of(context, contract) | increment.made_of(context, contract, build.depends_on)
        noted |= renewal.note_of(context, contract, build.depends_on, state)
        lake.set_properties(contract, inputs=state, **noted)
        if before and before.get("code") != state["code"]:
            # an older version may hold what this one would not show, and the leak scan looks through it
            purge(lake, contract)
            made = replace(made, version=lake.version(contract))
    return made


def _is_of_nothing(lake: Lake, build: TableBuild) -> bool:
    """Whether the table is empty, as its contract has it, and stays so."""
    if build.rows_of is None or lake.rows(build.rows_of):
        return False
    lake.ensure(build.contract)
    return not lake.rows(build.contract) and not lake.difference(build.contract)


def _write(context: RunContext, build: TableBuild, state: change.State) -> dict[str, int]:
    """Write the table: the rows that differ where it is known whose may, else all of them."""
    contract = build.contract
    if (of := increment.since_made(context, contract, build.depends_on, state)) is not None:
        return increment.write(context, contract, of, partial(_rows, context, build, of))
    if (months := increment.months_since_made(context, contract, build.depends_on, state)) is not None:
        return increment.write_months(context, contract, months, partial(_rows_of_months, context, build, months))
    increment.forget(context.lake, contract)
    of_share = partial(_rows, context, build)
    rows = rows_by_share(context, contract, of_share) if build.is_by_patient else of_share()
    if contract.audience is Audience.ANALYST:
        rows = masking.in_order_of_keys(rows, contract)
    context.tables.overwrite(contract, rows)
    context.tables.unstage(contract)
    return {}


def _rows(context: RunContext, build: TableBuild, of: increment.Increment | Share | None = None) -> DataFrame:
    frames = [read_shown(context, table, build.as_told) for table in build.inputs]
    if of is not None:
        frames = [of.only(table, frame) for table, frame in zip(build.inputs, frames, strict=True)]
    beside: list[Any] = [over_89_of(context)] if build.is_of_people else []
    if build.counts_open_stays:
        beside.append(context.open_stay_days)
    if of is not None and of.until is not None:
        beside.append(of.until)
    if build.by_version_of is not None:
        beside.append(renewal.version_of(context.lake, build.by_version_of))
    rows = build.transform(*frames, *beside)
    return _anonymised(context.lake, build.contract, rows) if build.is_anonymised else rows


def _rows_of_months(context: RunContext, build: TableBuild, months: set[dt.date]) -> DataFrame:
    """The rows of some months: the first input is encounters, and of the others these pick theirs."""
    encounters, *others = (read_shown(context, table, build.as_told) for table in build.inputs)
    day = F.col("admitted_on")
    days = [(day >= month) & (day <= F.last_day(F.lit(month))) for month in sorted(months)]
    return build.transform(encounters.where(reduce(or_, days)), *others)


def read_shown(context: RunContext, table: TableContract, as_told: tuple[str, ...] = ()) -> DataFrame:
    """A table's rows as every table outside Silver gets them: by who survives, without who is deleted."""
    if table is silver.ENCOUNTERS:
        return encounters_shown(context, as_told)
    rows = context.tables.read(table)
    if table is silver.PATIENTS:
        return without_ended(context, merged.survivors_only(context, rows))
    return merged.of_people(context, rows) if table in OF_PEOPLE else rows


def _anonymised(lake: Lake, contract: TableContract, rows: DataFrame) -> DataFrame:
    with storage_errors(f"{contract.name} groups"):
        people = anonymity.group_sizes(rows)
    lake.set_properties(contract, **{SUPPRESSION: anonymity.figures_of(people)})
    return anonymity.locally_suppressed(rows, people)


def _counts(lake: Lake, contract: TableContract, column: str) -> dict[str, int]:
    """How many rows have each value of a column of few values."""
    found = pc.value_counts(lake.read(contract, [column])[column]).to_pylist()
    return {f"{column}: {entry['values'] or 'none'}": entry["counts"] for entry in found}
