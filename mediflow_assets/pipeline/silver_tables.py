"""The Silver tables that sources become: how the rows of each are finished."""

from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from mediflow_assets.contracts import bronze, links, silver
from mediflow_assets.contracts.source import SourceContract
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline.record_numbers import Person, linked_record_numbers
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.transforms import admitting, conditions, encounters, local_days, patient_links
from mediflow_assets.transforms.pseudonyms import pseudonym_of, with_hmac_pads
from mediflow_assets.transforms.versions import keep_newest


@dataclass(frozen=True)
class SilverTable:
    """A Silver table: how its rows are finished, and what a newer version of one changes."""

    contract: TableContract
    finish: Callable[[RunContext, DataFrame], DataFrame]
    of_patient: Callable[[DataFrame, DataFrame], DataFrame] | None = None
    updates: dict[str, str] | None = None
    otherwise: tuple[str, tuple[str, ...]] | None = None
    have_owners: bool = False
    """Whether each row is of one patient, whatever other records say."""
    has_lists: bool = False
    """Whether a record may become several rows, or none."""
    people: tuple[Person, ...] = (("id_namespace", "patient_id"),)
    """The columns that name the people of a row."""

    @property
    def sources(self) -> tuple[SourceContract, ...]:
        """The sources whose records become its rows."""
        return bronze.sources_of(self.contract)


def _finish_patients(context: RunContext, rows: DataFrame) -> DataFrame:
    keyed = with_hmac_pads(keep_newest(rows, silver.PATIENTS.primary_key), context.hmac_pads)
    key = pseudonym_of("patient", F.col("id_namespace"), F.col("patient_id"))
    return keyed.withColumn("patient_key", key)


def _finish_encounters(context: RunContext, rows: DataFrame) -> DataFrame:
    newest = admitting.newest_with_admitting_diagnosis(rows)
    keyed = with_hmac_pads(newest, context.hmac_pads)
    return keyed.withColumns(
        {
            "encounter_key": pseudonym_of("encounter", F.col("id_namespace"), F.col("encounter_id")),
            "length_of_stay_days": local_days.length_of_stay(),
        }
    )


def _finish_conditions(_: RunContext, rows: DataFrame) -> DataFrame:
    return keep_newest(rows, silver.CONDITIONS.primary_key)


def _finish_links(context: RunContext, rows: DataFrame) -> DataFrame:
    return linked_record_numbers(context, patient_links.statements(rows), LINKS.people)


PATIENTS = SilverTable(silver.PATIENTS, _finish_patients)
ENCOUNTERS = SilverTable(
    silver.ENCOUNTERS,
    _finish_encounters,
    of_patient=encounters.with_patient,
    updates=admitting.EARLIER,
    otherwise=(admitting.IS_EARLIER, tuple(admitting.EARLIER)),
    have_owners=True,
)
CONDITIONS = SilverTable(silver.CONDITIONS, _finish_conditions, of_patient=conditions.with_patient)
LINKS = SilverTable(
    links.PATIENT_LINKS,
    _finish_links,
    has_lists=True,
    people=(("survivor_namespace", "survivor_id"), ("merged_namespace", "merged_id")),
)
ALL = (PATIENTS, ENCOUNTERS, CONDITIONS, LINKS)
