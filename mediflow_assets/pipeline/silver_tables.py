"""The Silver tables that sources become: how versions make up a row of each, and how rows are finished."""

from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import bronze, fhir, links, silver
from mediflow_assets.contracts import clinical as clinical_tables
from mediflow_assets.contracts.identifiers import NAMESPACE, PSEUDONYMS
from mediflow_assets.contracts.source import SourceContract
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.contracts.versions import ORDER, PLACE
from mediflow_assets.pipeline.record_numbers import Person, linked_record_numbers
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.transforms import (
    clinical,
    condition_links,
    conditions,
    local_days,
    patient_links,
    patients,
    presumed,
)
from mediflow_assets.transforms.fold import Fold
from mediflow_assets.transforms.pseudonyms import pseudonym_of, with_hmac_pads

_ADMITTING = ("diagnosis_code", "admitting_diagnosis_code", "admitting_diagnosis_at")
_NOT_GIVEN = {
    *PSEUDONYMS,
    "source_system",
    "length_of_stay_days",
    "derived",
    "cleared",
    "is_listed",
    *silver.OF_LINK,
    *clinical_tables.COMPUTED,
    *_ADMITTING[1:],
}


def _fold(contract: TableContract, **how: object) -> Fold:
    beside = {*contract.primary_key, *ORDER, *PLACE, *_NOT_GIVEN}
    return Fold(contract.primary_key, tuple(c for c in contract.column_names if c not in beside), **how)  # type: ignore[arg-type]


def _dates(*names: str) -> tuple[tuple[str, str], ...]:
    return tuple((f"{name}_date", f"{name}_precision") for name in names)


@dataclass(frozen=True)
class SilverTable:
    """A Silver table: how versions make up its rows, and what is added to these."""

    contract: TableContract
    fold: Fold | None = None
    """None where a record may become several rows, or none: `told` says which."""
    told: Callable[[RunContext, DataFrame], DataFrame] = lambda _, rows: rows
    of_patient: Callable[[DataFrame, DataFrame], DataFrame] | None = None
    """Adds what a record takes from its patient."""
    taken: tuple[str, ...] = ()
    """The columns that may come from the patient."""
    taking: Callable[[DataFrame], DataFrame] = lambda rows: rows
    """The rows that take something from their patient."""
    stripped: Callable[[DataFrame], DataFrame] = lambda rows: rows
    """Takes from rows what no version gives."""
    as_told: Callable[[DataFrame], DataFrame] = lambda rows: rows
    """Takes from stored rows what records of other tables tell of them."""
    completed: Callable[[DataFrame], DataFrame] = lambda rows: rows
    """Adds to folded rows what stands where no version gives anything, patients aside."""
    finished: Callable[[DataFrame], DataFrame] = lambda rows: rows
    """Adds what is computed of a whole row."""
    have_owners: bool = False
    """Whether each row is of one patient, whatever other records say."""
    have_lines: bool = False
    """Whether several records of a delivery may be lines of one row."""
    people: tuple[Person, ...] = ((NAMESPACE, "patient_id"),)
    """The columns that name the people of a row."""

    @property
    def sources(self) -> tuple[SourceContract, ...]:
        """The sources whose records become its rows."""
        return bronze.sources_of(self.contract)

    @property
    def has_lists(self) -> bool:
        """Whether a record may become several rows, or none."""
        return self.fold is None

    @property
    def versions(self) -> TableContract:
        """Where versions are kept that make up its rows together."""
        return silver.VERSIONS[self.contract.name]

    @property
    def kept_in(self) -> tuple[TableContract, ...]:
        """The table, and where its versions are kept."""
        return (self.contract, *versions_kept_of(self.contract))

    def keyed(self, context: RunContext, rows: DataFrame) -> DataFrame:
        """The rows with the pseudonyms that they have not got yet."""
        lacking = {name: how for name, how in PSEUDONYMS.items() if name in {*self.contract.by_name} - {*rows.columns}}
        if not lacking:
            return rows
        keys: dict[str, Column] = {
            name: pseudonym_of(domain, F.col(NAMESPACE), F.col(of)) for name, (domain, of) in lacking.items()
        }
        return with_hmac_pads(rows, context.hmac_pads).withColumns(keys)

    def rebuilt(self, context: RunContext, folded: DataFrame) -> DataFrame:
        """Folded versions as rows."""
        rows = self.completed(folded)
        if self.of_patient:
            rows = self.of_patient(rows, context.tables.read(silver.PATIENTS))
        return rows


def versions_kept_of(contract: TableContract) -> tuple[TableContract, ...]:
    """Where versions of a table's rows are kept, if anywhere."""
    kept = silver.VERSIONS.get(contract.name)
    return (kept,) if kept else ()


def _finished_encounters(rows: DataFrame) -> DataFrame:
    # the end of one version may have given way to the beginning of another
    ended_on = F.when(F.col("discharged_at").isNotNull(), F.col("discharged_on"))
    settled = presumed.with_plausible_age(rows).withColumn("discharged_on", ended_on)
    return settled.withColumn("length_of_stay_days", local_days.length_of_stay())


def _told_links(context: RunContext, rows: DataFrame) -> DataFrame:
    system = context.feeds.systems.get(fhir.SOURCE.system)
    stated = patient_links.statements(rows, system.record_number if system else None)
    told = linked_record_numbers(context, stated, LINKS.people)
    # two records of one system that bear one record number are one person already
    return told.where(~F.coalesce(F.expr(links.MERGED_INTO_ITSELF), F.lit(False)))


PATIENTS = SilverTable(
    silver.PATIENTS,
    _fold(silver.PATIENTS, begin_and_end=("birth_date", "death_date"), dates=_dates("birth", "death")),
    stripped=patients.stripped,
    completed=patients.completed,
)
ENCOUNTERS = SilverTable(
    silver.ENCOUNTERS,
    _fold(
        silver.ENCOUNTERS,
        begin_and_end=("admitted_at", "discharged_at"),
        oldest=_ADMITTING,
        ranked=("diagnosis_rank", ("diagnosis_code", "diagnosis_system")),
        # FHIR tells encounters whole: in one in progress no end is not merely not told
        undoing=("status", "in-progress", fhir.SOURCE.system, ("discharged_at", "discharge_disposition")),
        outdated=("status", "in-progress", "discharged_at"),
    ),
    of_patient=presumed.with_patient,
    taken=presumed.OF_PATIENT,
    taking=presumed.taking,
    stripped=presumed.stripped,
    completed=presumed.presumed,
    finished=_finished_encounters,
    have_owners=True,
    have_lines=True,
)
CONDITIONS = SilverTable(
    silver.CONDITIONS,
    _fold(silver.CONDITIONS, is_whole=True, dates=_dates("onset", "resolved")),
    of_patient=conditions.with_patient,
    taken=conditions.BY_AGE,
    taking=conditions.by_age,
    stripped=conditions.stripped,
    as_told=condition_links.as_told,
    finished=lambda rows: condition_links.unlinked(rows.withColumn("is_listed", F.lit(False))),
    have_owners=True,
)
LINKS = SilverTable(
    links.PATIENT_LINKS,
    told=_told_links,
    people=(("survivor_namespace", "survivor_id"), ("merged_namespace", "merged_id")),
)
CLINICAL = tuple(
    SilverTable(
        table,
        _fold(table, is_whole=True),
        of_patient=clinical.with_patient,
        finished=clinical.without_computed if table is clinical_tables.ENCOUNTER_LOCATIONS else lambda rows: rows,
        have_owners=True,
    )
    for table in clinical_tables.TABLES
)
ALL = (PATIENTS, LINKS, ENCOUNTERS, CONDITIONS, *CLINICAL)
"""In the order in which they are made: whose an encounter is depends on who is merged."""
