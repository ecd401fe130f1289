"""One Silver table: validate what has arrived, merge what is accepted, quarantine the rest, settle it.

The order of the writes makes a crash harmless: the table, the quarantine, then the checks, and `processed` last.
A rerun finds the same deliveries pending, and both merges then change nothing.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import TABLES, bronze, silver
from mediflow_assets.contracts.events import ENCOUNTER_EVENTS
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline import change, checks, quarantine_rate, rebuild
from mediflow_assets.pipeline.arrived import arrived
from mediflow_assets.pipeline.counting import records_by_delivery
from mediflow_assets.pipeline.delivery_results import SOURCE, DeliveryResult, count, figures
from mediflow_assets.pipeline.encounter_owners import owners
from mediflow_assets.pipeline.event_rules import settle_events, with_event_columns
from mediflow_assets.pipeline.known_codes import with_known_codes
from mediflow_assets.pipeline.pending import PATIENTS_VERSION, Pending, Wanted, pending
from mediflow_assets.pipeline.quarantine import forget_unsettled, held_by_delivery, quarantine_records
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.pipeline.step_result import StepResult
from mediflow_assets.transforms import admitting, conditions, encounters, events, fhir, patients
from mediflow_assets.transforms.feeds import FeedReader
from mediflow_assets.transforms.pseudonyms import pseudonym, with_hmac_pads
from mediflow_assets.transforms.validation import REASONS, WAITING, is_accepted, validate
from mediflow_assets.transforms.versions import is_not_older, keep_newest


@dataclass(frozen=True)
class SilverTable:
    """A Silver table: how each of its sources is brought into its shape, and how its rows are finished."""

    contract: TableContract
    conform: dict[str, Callable[[DataFrame, FeedReader], DataFrame]]
    finish: Callable[[RunContext, DataFrame], DataFrame]
    of_patient: Callable[[DataFrame, DataFrame], DataFrame] | None = None
    updates: dict[str, str] | None = None
    otherwise: tuple[str, tuple[str, ...]] | None = None


def _finish_patients(context: RunContext, rows: DataFrame) -> DataFrame:
    keyed = with_hmac_pads(keep_newest(rows, ["patient_id"]), context.hmac_pads)
    return keyed.withColumn("patient_key", pseudonym("patient", F.col("patient_id")))


def _finish_encounters(context: RunContext, rows: DataFrame) -> DataFrame:
    newest = admitting.newest_with_admitting_diagnosis(rows)
    keyed = with_hmac_pads(newest, context.hmac_pads)
    return keyed.withColumns(
        {
            "encounter_key": pseudonym("encounter", F.col("encounter_id")),
            "length_of_stay_days": encounters.length_of_stay(),
        }
    )


def _finish_conditions(_: RunContext, rows: DataFrame) -> DataFrame:
    return keep_newest(rows, list(silver.CONDITIONS.primary_key))


PATIENTS = SilverTable(
    silver.PATIENTS,
    {
        bronze.ADMISSIONS.name: patients.from_admissions,
        bronze.SYNTHEA_PATIENTS.name: lambda frame, _: patients.from_synthea(frame),
        bronze.FHIR_RESOURCES.name: lambda frame, _: fhir.patients_of(frame),
        ENCOUNTER_EVENTS.name: events.patients_of,
    },
    _finish_patients,
)
ENCOUNTERS = SilverTable(
    silver.ENCOUNTERS,
    {
        bronze.ADMISSIONS.name: encounters.from_admissions,
        bronze.SYNTHEA_ENCOUNTERS.name: lambda frame, _: encounters.from_synthea(frame),
        bronze.FHIR_RESOURCES.name: lambda frame, _: fhir.encounters_of(frame),
        ENCOUNTER_EVENTS.name: events.encounters_of,
    },
    _finish_encounters,
    of_patient=encounters.with_patient,
    updates=admitting.EARLIER,
    otherwise=(admitting.IS_EARLIER, tuple(admitting.EARLIER)),
)
CONDITIONS = SilverTable(
    silver.CONDITIONS,
    {
        bronze.SYNTHEA_CONDITIONS.name: lambda frame, _: conditions.from_synthea(frame),
        bronze.FHIR_RESOURCES.name: lambda frame, _: fhir.conditions_of(frame),
    },
    _finish_conditions,
    of_patient=conditions.with_patient,
)
ALL = (PATIENTS, ENCOUNTERS, CONDITIONS)


def make(context: RunContext, table: SilverTable, wanted: Wanted | None = None) -> StepResult:  # noqa: C901
    """Validate what is pending (and the open records that are `wanted` again) and settle it if the checks hold.

    Where a record that was accepted has been corrected, or the table is to be validated again, all of Bronze is
    pending.
    """
    lake, contract = context.lake, table.contract
    for needed in (contract, silver.QUARANTINE, silver.PROCESSED):
        lake.ensure(needed)
    rebuild.forget_if_asked(lake, contract)
    sources = [bronze_of(name) for name in table.conform]
    work = pending(lake, contract, sources, wanted)
    if work.accepted_corrected:
        rebuild.ask(lake, contract)
        rebuild.forget_if_asked(lake, contract)
        work = pending(lake, contract, sources, wanted)
    if work.is_empty:
        return StepResult(contract, lake.rows(contract), lake.version(contract), is_unchanged=True)
    change.hold_key(lake, contract, context.key.key_id)
    forget_unsettled(
        lake, contract, (delivery for ids in work.deliveries.values() for delivery in ids), work.offset_ranges
    )
    patients_version = lake.version(silver.PATIENTS)
    records = {name: arrived(context, bronze_of(name), work, contract) for name in table.conform}
    parts = {name: frame for name, frame in records.items() if frame is not None}
    delivery_results: list[DeliveryResult] = []
    duplicates = 0
    if parts:
        shaped: Iterable[DataFrame] = (
            _validated(context, table, name, records).withColumn(SOURCE, F.lit(name)) for name, records in parts.items()
        )
        if ENCOUNTER_EVENTS.name in parts:
            shaped = map(with_event_columns, shaped)
        validated = context.tables.stage(contract, reduce(DataFrame.unionByName, shaped))
        accepted = validated.where(is_accepted())
        if ENCOUNTER_EVENTS.name in parts:
            settled = settle_events(context, contract, validated)
            validated, accepted, duplicates = settled.validated, settled.accepted, settled.duplicates
        if contract is silver.ENCOUNTERS:
            found = owners(context, accepted)
            if not found.are_sure:
                context.tables.unstage(contract)
                rebuild.ask(lake, contract)
                return make(context, table)
            validated, accepted = found.mark(context, validated), found.mark(context, accepted).where(is_accepted())
        delivery_results = count(validated, work.offset_ranges)
        _store(context, table, accepted)
        quarantine_records(context, contract, parts, validated, work, delivery_results)
        context.tables.unstage(contract)
    results = checks.check_table(context, contract)
    results.append(_every_record_validated(context, contract, work, delivery_results, results[0]))
    delivery_outcomes = quarantine_rate.delivery_outcomes(lake, contract, work, delivery_results)
    results.append(quarantine_rate.check(delivery_outcomes, context.shares, results[0]))
    checks.record(context, contract, results)
    told = figures(delivery_results, duplicates)
    made = StepResult(
        contract, results[0].rows, results[0].version, checks=results, figures=told, delivery_outcomes=delivery_outcomes
    )
    if not made.has_failed:
        _commit(context, contract, work, delivery_results)
        if table.of_patient:
            lake.set_properties(contract, **{PATIENTS_VERSION: patients_version})
    return made


def bronze_of(name: str) -> TableContract:
    """The Bronze contract of a name."""
    return TABLES[name]


def _validated(context: RunContext, table: SilverTable, name: str, records: DataFrame) -> DataFrame:
    """Records of one source in the table's shape, each with every reason against it."""
    frame = with_known_codes(table.conform[name](records, FeedReader(context.feeds.feeds)), table.contract)
    if table.of_patient is None:
        return validate(frame, table.contract)
    known = validate(table.of_patient(frame, context.tables.read(silver.PATIENTS)), table.contract)
    is_waiting = is_accepted() & F.col("patient_key").isNull()
    return known.withColumn(REASONS, F.when(is_waiting, F.array(F.lit(WAITING))).otherwise(F.col(REASONS)))


def _store(context: RunContext, table: SilverTable, accepted: DataFrame) -> None:
    rows, keys = table.finish(context, accepted), table.contract.primary_key
    # a MERGE writes the whole table again, which new encounters alone do not need
    if not context.tables.has_any(table.contract, accepted.select(*keys)):
        context.tables.append(table.contract, rows)
    else:
        is_newer = is_not_older("s", "t")
        context.tables.merge(table.contract, rows, keys, is_newer, table.updates, table.otherwise)


def _every_record_validated(
    context: RunContext,
    contract: TableContract,
    work: Pending,
    delivery_results: list[DeliveryResult],
    like: checks.CheckResult,
) -> checks.CheckResult:
    """Whether each new delivery's records, counted in Bronze, were all accepted or are in quarantine."""
    accepted = {result.delivery: result.accepted for result in delivery_results}
    held = held_by_delivery(context.lake, contract, work.offset_ranges)
    lost = 0
    for name, deliveries in work.deliveries.items():
        offset_ranges = work.offset_ranges if name == ENCOUNTER_EVENTS.name else None
        landed = records_by_delivery(context.lake, bronze_of(name), contract, offset_ranges) if deliveries else {}
        lost += sum(abs(landed.get(d, 0) - accepted.get(d, 0) - held.get(d, 0)) for d in deliveries)
    return replace(like, name=checks.EVERY_RECORD_VALIDATED, passed=lost == 0, failing=lost)


def _commit(
    context: RunContext, contract: TableContract, work: Pending, delivery_results: list[DeliveryResult]
) -> None:
    """Append what was validated to `processed`: whole deliveries only, for a record validated again is counted there.

    A discarded record is not validated again where its delivery is, and counts as quarantined then as before.
    """
    by_delivery = {result.delivery: result for result in delivery_results}
    discarded = held_by_delivery(context.lake, contract, work.offset_ranges, ["discarded"])
    nothing = DeliveryResult("", 0, 0, 0)
    deliveries = [delivery for ids in work.deliveries.values() for delivery in ids]
    rows = []
    for delivery in (*deliveries, *work.corrections):
        result, given_up = by_delivery.get(delivery, nothing), discarded.get(delivery, 0)
        rows.append(
            {
                "target_table": contract.name,
                "_delivery_id": delivery,
                "through_record": work.offset_ranges[delivery][1] if delivery in work.offset_ranges else result.through,
                "records": result.records + given_up,
                "accepted": result.accepted,
                "quarantined": result.records - result.accepted + given_up,
            }
        )
    if rows:
        context.lake.append_rows(silver.PROCESSED, rows)
