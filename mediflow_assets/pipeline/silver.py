"""One Silver table: judge what has arrived, merge what is accepted, quarantine the rest, settle it.

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
from mediflow_assets.pipeline.encounter_owners import owners
from mediflow_assets.pipeline.event_rules import settle_events, with_event_columns
from mediflow_assets.pipeline.known_codes import with_known_codes
from mediflow_assets.pipeline.pending import PATIENTS_VERSION, Pending, Wanted, pending
from mediflow_assets.pipeline.quarantine import forget_unsettled, held_by_delivery, set_aside
from mediflow_assets.pipeline.run_context import Workbench
from mediflow_assets.pipeline.step_result import Made
from mediflow_assets.pipeline.verdicts import SOURCE, Verdicts, count, figures
from mediflow_assets.transforms import admitting, conditions, encounters, events, fhir, patients
from mediflow_assets.transforms.feeds import FeedReader
from mediflow_assets.transforms.judging import REASONS, WAITING, is_accepted, judge
from mediflow_assets.transforms.pseudonyms import pseudonym, with_pads
from mediflow_assets.transforms.versions import is_not_older, keep_newest


@dataclass(frozen=True)
class Judged:
    """A Silver table: how each of its sources is brought into its shape, and how its rows are finished."""

    contract: TableContract
    conform: dict[str, Callable[[DataFrame, FeedReader], DataFrame]]
    finish: Callable[[Workbench, DataFrame], DataFrame]
    of_patient: Callable[[DataFrame, DataFrame], DataFrame] | None = None
    updates: dict[str, str] | None = None
    otherwise: tuple[str, tuple[str, ...]] | None = None


def _finish_patients(bench: Workbench, rows: DataFrame) -> DataFrame:
    keyed = with_pads(keep_newest(rows, ["patient_id"]), bench.pads)
    return keyed.withColumn("patient_key", pseudonym("patient", F.col("patient_id")))


def _finish_encounters(bench: Workbench, rows: DataFrame) -> DataFrame:
    newest = admitting.newest_with_admitting_diagnosis(rows)
    keyed = with_pads(newest, bench.pads)
    return keyed.withColumns(
        {
            "encounter_key": pseudonym("encounter", F.col("encounter_id")),
            "length_of_stay_days": encounters.length_of_stay(),
        }
    )


def _finish_conditions(bench: Workbench, rows: DataFrame) -> DataFrame:
    return keep_newest(rows, list(silver.CONDITIONS.primary_key))


PATIENTS = Judged(
    silver.PATIENTS,
    {
        bronze.ADMISSIONS.name: patients.from_admissions,
        bronze.SYNTHEA_PATIENTS.name: lambda frame, _: patients.from_synthea(frame),
        bronze.FHIR_RESOURCES.name: lambda frame, _: fhir.patients_of(frame),
        ENCOUNTER_EVENTS.name: events.patients_of,
    },
    _finish_patients,
)
ENCOUNTERS = Judged(
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
CONDITIONS = Judged(
    silver.CONDITIONS,
    {
        bronze.SYNTHEA_CONDITIONS.name: lambda frame, _: conditions.from_synthea(frame),
        bronze.FHIR_RESOURCES.name: lambda frame, _: fhir.conditions_of(frame),
    },
    _finish_conditions,
    of_patient=conditions.with_patient,
)
ALL = (PATIENTS, ENCOUNTERS, CONDITIONS)


def make(bench: Workbench, table: Judged, wanted: Wanted | None = None) -> Made:
    """Judge what is pending (and the open records that are `wanted` again) and settle it if the checks hold.

    Where a record that was accepted has been corrected, or the table is to be judged anew, all of Bronze is pending.
    """
    lake, contract = bench.lake, table.contract
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
        return Made(contract, lake.rows(contract), lake.version(contract), is_unchanged=True)
    change.hold_key(lake, contract, bench.key.key_id)
    forget_unsettled(lake, contract, (delivery for ids in work.deliveries.values() for delivery in ids), work.spans)
    patients_version = lake.version(silver.PATIENTS)
    records = {name: arrived(bench, bronze_of(name), work, contract) for name in table.conform}
    parts = {name: frame for name, frame in records.items() if frame is not None}
    verdicts: list[Verdicts] = []
    duplicates = 0
    if parts:
        shaped: Iterable[DataFrame] = (
            _judged(bench, table, name, records).withColumn(SOURCE, F.lit(name)) for name, records in parts.items()
        )
        if ENCOUNTER_EVENTS.name in parts:
            shaped = map(with_event_columns, shaped)
        judged = bench.tables.stage(contract, reduce(DataFrame.unionByName, shaped))
        accepted = judged.where(is_accepted())
        if ENCOUNTER_EVENTS.name in parts:
            settled = settle_events(bench, contract, judged)
            judged, accepted, duplicates = settled.judged, settled.accepted, settled.duplicates
        if contract is silver.ENCOUNTERS:
            found = owners(bench, accepted)
            if not found.are_sure:
                bench.tables.unstage(contract)
                rebuild.ask(lake, contract)
                return make(bench, table)
            judged, accepted = found.mark(bench, judged), found.mark(bench, accepted).where(is_accepted())
        verdicts = count(judged, work.spans)
        _store(bench, table, accepted)
        set_aside(bench, contract, parts, judged, work, verdicts)
        bench.tables.unstage(contract)
    results = checks.check_table(bench, contract)
    results.append(_every_record_judged(bench, contract, work, verdicts, results[0]))
    fared = quarantine_rate.fared(lake, contract, work, verdicts)
    results.append(quarantine_rate.check(fared, bench.shares, results[0]))
    checks.record(bench, contract, results)
    told = figures(verdicts, duplicates)
    made = Made(contract, results[0].rows, results[0].version, checks=results, figures=told, fared=fared)
    if not made.has_failed:
        _settle(bench, contract, work, verdicts)
        if table.of_patient:
            lake.note(contract, **{PATIENTS_VERSION: patients_version})
    return made


def bronze_of(name: str) -> TableContract:
    """The Bronze contract of a name."""
    return TABLES[name]


def _judged(bench: Workbench, table: Judged, name: str, records: DataFrame) -> DataFrame:
    """Records of one source in the table's shape, each with every reason against it."""
    frame = with_known_codes(table.conform[name](records, FeedReader(bench.feeds.feeds)), table.contract)
    if table.of_patient is None:
        return judge(frame, table.contract)
    known = judge(table.of_patient(frame, bench.tables.read(silver.PATIENTS)), table.contract)
    is_waiting = is_accepted() & F.col("patient_key").isNull()
    return known.withColumn(REASONS, F.when(is_waiting, F.array(F.lit(WAITING))).otherwise(F.col(REASONS)))


def _store(bench: Workbench, table: Judged, accepted: DataFrame) -> None:
    rows, keys = table.finish(bench, accepted), table.contract.primary_key
    # a MERGE writes the whole table anew, which new encounters alone do not need
    if not bench.tables.has_any(table.contract, accepted.select(*keys)):
        bench.tables.append(table.contract, rows)
    else:
        is_newer = is_not_older("s", "t")
        bench.tables.merge(table.contract, rows, keys, is_newer, table.updates, table.otherwise)


def _every_record_judged(
    bench: Workbench,
    contract: TableContract,
    work: Pending,
    verdicts: list[Verdicts],
    like: checks.CheckResult,
) -> checks.CheckResult:
    """Whether each new delivery's records, counted in Bronze, were all accepted or are in quarantine."""
    accepted = {verdict.delivery: verdict.accepted for verdict in verdicts}
    held = held_by_delivery(bench.lake, contract, work.spans)
    lost = 0
    for name, deliveries in work.deliveries.items():
        spans = work.spans if name == ENCOUNTER_EVENTS.name else None
        landed = records_by_delivery(bench.lake, bronze_of(name), contract, spans) if deliveries else {}
        lost += sum(abs(landed.get(d, 0) - accepted.get(d, 0) - held.get(d, 0)) for d in deliveries)
    return replace(like, name=checks.EVERY_RECORD_JUDGED, passed=lost == 0, failing=lost)


def _settle(bench: Workbench, contract: TableContract, work: Pending, verdicts: list[Verdicts]) -> None:
    """Append what was judged to `processed`: whole deliveries only, for a record judged again is counted there.

    A discarded record is not judged again where its delivery is, and counts as quarantined then as before.
    """
    by_delivery = {verdict.delivery: verdict for verdict in verdicts}
    discarded = held_by_delivery(bench.lake, contract, work.spans, ["discarded"])
    nothing = Verdicts("", 0, 0, 0)
    deliveries = [delivery for ids in work.deliveries.values() for delivery in ids]
    rows = []
    for delivery in (*deliveries, *work.corrections):
        verdict, given_up = by_delivery.get(delivery, nothing), discarded.get(delivery, 0)
        rows.append(
            {
                "target_table": contract.name,
                "_delivery_id": delivery,
                "through_record": work.spans[delivery][1] if delivery in work.spans else verdict.through,
                "records": verdict.records + given_up,
                "accepted": verdict.accepted,
                "quarantined": verdict.records - verdict.accepted + given_up,
            }
        )
    if rows:
        bench.lake.append_rows(silver.PROCESSED, rows)
