"""One Silver table: validate what has arrived, merge what is accepted, quarantine the rest, settle it.

The order of the writes makes a crash harmless: the table, the quarantine, then the checks, and `processed` last.
A rerun finds the same deliveries pending, and both merges then change nothing.
"""

from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import hl7, silver
from mediflow_assets.contracts.fhir import FHIR_RESOURCES
from mediflow_assets.contracts.identifiers import NAMESPACE
from mediflow_assets.contracts.source import FEED, SourceContract
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline import (
    buckets,
    change,
    checks,
    doubts,
    every_record,
    following,
    identified,
    lines,
    named_medications,
    parts,
    possible_duplicates,
    quarantine_rate,
    rebuild,
    superseded,
    told_elsewhere,
    unread_events,
    versions_told,
    visit_moves,
    volume,
)
from mediflow_assets.pipeline.arrived import arrived
from mediflow_assets.pipeline.checked_codes import with_checked_codes
from mediflow_assets.pipeline.committing import commit
from mediflow_assets.pipeline.delivery_results import SOURCE, DeliveryResult, count, figures
from mediflow_assets.pipeline.event_rules import settle_events, union
from mediflow_assets.pipeline.folding import store
from mediflow_assets.pipeline.known_codes import with_known_codes
from mediflow_assets.pipeline.known_people import of_known_people
from mediflow_assets.pipeline.owners import THROUGH_MERGES, Owners, are_changed_by_merges, owners
from mediflow_assets.pipeline.pending import (
    ENCOUNTERS_VERSION,
    OF_ENCOUNTERS,
    PATIENTS_VERSION,
    Pending,
    Wanted,
    pending,
)
from mediflow_assets.pipeline.quarantine import forget_unsettled, quarantine_records
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.pipeline.silver_tables import (
    ALL,
    CONDITIONS,
    ENCOUNTERS,
    LINKS,
    PATIENTS,
    SilverTable,
    versions_kept_of,
)
from mediflow_assets.pipeline.step_result import StepResult
from mediflow_assets.sources.registry import source_of
from mediflow_assets.transforms.feeds import FeedReader
from mediflow_assets.transforms.validation import REASONS, WAITING, is_accepted, validate, with_ends

__all__ = ["ALL", "CONDITIONS", "ENCOUNTERS", "LINKS", "PATIENTS", "SilverTable", "make"]


@dataclass(frozen=True)
class _Validation:
    """What arrived, by Bronze table, and what was found of it: every record with its reasons, and those that count."""

    records: dict[str, DataFrame]
    validated: DataFrame
    accepted: DataFrame
    duplicates: int
    owners: Owners | None = None


def make(context: RunContext, table: SilverTable, wanted: Wanted | None = None) -> StepResult:
    """Validate what is pending (and the open records that are `wanted` again) and commit it if the checks hold.

    Where a record that was accepted has been corrected, or the table is to be validated again, all of Bronze is
    pending.
    """
    lake, contract = context.lake, table.contract
    identified.forget_at_last(context, table)
    if table.have_owners and are_changed_by_merges(lake, contract):
        rebuild.ask(lake, contract)
        lake.set_properties(contract, **{THROUGH_MERGES: False})
    work = _plan(context, contract, wanted)
    is_behind = following.is_behind(lake, table)
    if work.is_empty and not is_behind and not told_elsewhere.is_behind(lake, contract):
        return StepResult(contract, lake.rows(contract), lake.version(contract), is_unchanged=True)
    for keyed in table.kept_in:
        change.hold_key(lake, keyed, context.key.key_id)
    forget_unsettled(lake, contract, work.new, work.offset_ranges)
    patients_version, encounters_version = lake.version(silver.PATIENTS), lake.version(silver.ENCOUNTERS)
    try:
        found = _validate(context, table, work)
    except _NeedsAll:
        context.tables.unstage(table.contract)
        rebuild.ask(lake, contract)
        return make(context, table)
    delivery_results = _write(context, table, work, found) if found else []
    if is_behind:
        following.follow(context, table)
    told_elsewhere.follow(context, contract)
    made = _checked(context, table, work, delivery_results, found.duplicates if found else 0)
    if not made.has_failed:
        commit(lake, contract, work, delivery_results)
        notes: dict[str, int | bool] = {PATIENTS_VERSION: patients_version} if table.of_patient else {}
        if contract in OF_ENCOUNTERS:
            notes |= {ENCOUNTERS_VERSION: encounters_version}
        notes |= found.owners.notes if found and found.owners else {}
        lake.set_properties(contract, **({rebuild.OUTCOMES_NOTE: {}} if found else {}), **notes)
    return made


def _plan(context: RunContext, contract: TableContract, wanted: Wanted | None) -> Pending:
    lake = context.lake
    for needed in (contract, *versions_kept_of(contract), silver.QUARANTINE, silver.PROCESSED):
        lake.ensure(needed)
    visit_moves.ask_if_read_otherwise(context, contract)
    rebuild.forget_if_asked(lake, contract)
    work = pending(lake, contract, wanted)
    if work.accepted_corrected:
        rebuild.ask(lake, contract)
        rebuild.forget_if_asked(lake, contract)
        work = pending(lake, contract, wanted)
    return work


class _NeedsAll(Exception):
    """Only all of Bronze tells whose an encounter is, who a patient is, or what lines add up to."""


def _validate(context: RunContext, table: SilverTable, work: Pending) -> _Validation | None:
    """The records that have arrived, validated; None where there are none. Raises _NeedsAll."""
    arrivals = {s.table.name: arrived(context, source_of(s.table), work, table.contract) for s in table.sources}
    records = {name: frame for name, frame in arrivals.items() if frame is not None}
    if not records:
        return None
    sources = [source for source in table.sources if source.table.name in records]
    staged = _staged(context, table, records, work)
    if identified.are_found(context, table, staged):
        staged = _staged(context, table, records, work)
    staged, beside = parts.apart(staged, table.contract)
    settled = settle_events(context, table.contract, staged, sources)
    validated, accepted = settled.validated, settled.accepted
    found = None
    if table.have_owners:
        found = owners(context, table.contract, accepted, buckets.names(context, table, work))
        if not found.are_sure:
            raise _NeedsAll
        validated, accepted = found.mark(context, validated), found.mark(context, accepted).where(is_accepted())
    if table.have_lines and context.have_lines:
        if lines.have_come_apart(accepted, work):
            raise _NeedsAll
        validated, accepted = lines.with_sums(context, validated, accepted)
        accepted = accepted.where(is_accepted())
    if beside is not None:
        settled_parts = parts.settle(context, beside, accepted)
        validated = validated.unionByName(settled_parts.validated)
        accepted = accepted.unionByName(settled_parts.accepted)
    return _Validation(records, validated, accepted, settled.duplicates, found)


def _staged(context: RunContext, table: SilverTable, records: dict[str, DataFrame], work: Pending) -> DataFrame:
    sources = [source for source in table.sources if source.table.name in records]
    shaped = (
        _of_source(context, table, source, records[source.table.name]).withColumn(SOURCE, F.lit(source.table.name))
        for source in sources
    )
    return buckets.stage(context, table, union(shaped, sources), work)


def _write(context: RunContext, table: SilverTable, work: Pending, found: _Validation) -> list[DeliveryResult]:
    """The table, then the quarantine."""
    delivery_results = count(found.validated, work.offset_ranges)
    outcomes = store(context, table, found.accepted, work)
    told = {result.delivery: result for result in delivery_results}
    noted = (DeliveryResult(delivery, 0, 0, 0, 0, of) for delivery, of in outcomes.items() if delivery not in told)
    delivery_results = [*(versions_told.told(result, outcomes, work) for result in delivery_results), *noted]
    quarantine_records(context, table.contract, found.records, found.validated, work, delivery_results)
    superseded.close(context, table)
    for staged in table.kept_in:
        context.tables.unstage(staged)
    return delivery_results


def _checked(
    context: RunContext, table: SilverTable, work: Pending, delivery_results: list[DeliveryResult], duplicates: int
) -> StepResult:
    lake, contract = context.lake, table.contract
    results = checks.check_table(context, contract)
    results.append(every_record.check(context.lake, table, work, delivery_results, results[0]))
    results += versions_told.check(contract, delivery_results, work.new, results[0])
    results += doubts.check(context, contract, results[0])
    delivery_outcomes = quarantine_rate.delivery_outcomes(lake, contract, work, delivery_results)
    results.append(quarantine_rate.check(delivery_outcomes, context.shares, results[0]))
    told = figures(delivery_results, duplicates)
    if contract is silver.ENCOUNTERS:
        results += [possible_duplicates.check(lake, results[0]), volume.check(lake, work.new, results[0])]
        unread = unread_events.unread(lake, work)
        results.append(unread_events.check(unread, results[0]))
        told |= {f"{kind} not read": n for kind, n in sorted(unread.items())}
    checks.record(context, contract, results)
    return StepResult(
        contract, results[0].rows, results[0].version, checks=results, figures=told, delivery_outcomes=delivery_outcomes
    )


def _of_source(context: RunContext, table: SilverTable, source: SourceContract, records: DataFrame) -> DataFrame:
    """Records of one source in the table's shape, each with every reason against it."""
    transform = source_of(source.table).transforms()[table.contract.name]
    feeds = context.feeds_delivered if FEED in source.table.columns else ()
    zone, words = context.feeds.zone_of(source.system), context.feeds.values_of(source.system)
    authorities = context.feeds.authorities_of(source.system)
    moves = visit_moves.told(context) if source.system == hl7.SOURCE.system else None
    reader = FeedReader(feeds, context.feeds.namespaces, zone, words, authorities, moves)
    frame = with_known_codes(context, source, transform(records, reader), table.contract)
    if source.table is FHIR_RESOURCES:
        frame = named_medications.with_codes(context, table.contract, frame)
    frame = with_checked_codes(frame, table.contract)
    if FEED not in source.table.columns and not source.tells_whose:
        frame = frame.withColumn(NAMESPACE, F.lit(reader.namespaces[source.system]))
    frame = identified.by_id(context, table, source, frame, reader)
    found = of_known_people(context, table, source, frame, lambda every: transform(every, reader))
    if found is None:
        raise _NeedsAll
    frame = found
    if is_of_encounters := table.contract is silver.CONDITIONS and parts.are_among(frame):
        frame = parts.of_encounters(context, frame)
    if table.of_patient is None:
        return with_ends(validate(frame, table.contract), table.contract)
    known = validate(table.of_patient(frame, context.tables.read(silver.PATIENTS)), table.contract)
    if table.have_lines and context.have_lines:
        known = lines.with_credits(known)
    is_waiting = is_accepted() & F.col("patient_key").isNull()
    awaited = known.withColumn(REASONS, F.when(is_waiting, F.array(F.lit(WAITING))).otherwise(F.col(REASONS)))
    if is_of_encounters:
        awaited = parts.judged(context, awaited, table.contract)
    awaited = identified.awaiting(context, table, source, named_medications.awaiting(table.contract, awaited))
    return with_ends(awaited, table.contract)
