"""Contracts of Silver tables whose rows are records of sources: each column with where it comes from."""

from dataclasses import replace

from mediflow_assets.contracts.bronze import PROVENANCE, SOURCES, sources_of
from mediflow_assets.contracts.identifiers import NAMESPACE
from mediflow_assets.contracts.masks import drop
from mediflow_assets.contracts.source import PATIENTS, SourceContract
from mediflow_assets.contracts.table import Audience, Column, Privacy, RowCheck, TableContract, Type

RECEIVED, BY_LOCAL_DAY = ("bronze/deliveries.received_at",), "later than the local day on which the record came"
WHOSE = Column(NAMESPACE, Type.STRING, "whose ids these are: mrn, synthea, fhir, or one of sources.toml",
               Privacy.TECHNICAL, drop(), nullable=False)  # fmt: skip
VERSION_TIME = Column("updated_at", Type.TIMESTAMP, "time of this version", Privacy.DATE, drop(), nullable=False,
                      derived_from=RECEIVED)  # fmt: skip
_TELLING = dict.fromkeys(source.system for source in SOURCES.values() if PATIENTS in source.by_target)
SYSTEMS = " or ".join(", ".join(_TELLING).rsplit(", ", 1))
"""The systems that tell of patients, as a sentence names them."""

_COMPUTED = {
    "patient_key": ("patient_id",),
    "encounter_key": ("encounter_id",),
    "admitting_diagnosis_code": ("diagnosis_code",),
    "admitting_diagnosis_at": ("diagnosis_code", "updated_at"),
    "diagnosis_system": ("diagnosis_code",),
    "birth_precision": ("birth_date",),
    "death_precision": ("death_date",),
    "is_deceased": ("death_date", "is_deceased"),
    "onset_precision": ("onset_date",),
    "resolved_precision": ("resolved_date",),
    "onset_age": ("onset_date",),
    "admitted_on": ("admitted_at",),
    "discharged_on": ("discharged_at",),
    "length_of_stay_days": ("admitted_at", "discharged_at"),
    "age_at_admission": ("age_at_admission", "admitted_at"),
    "system": ("code",),
    "local_code": ("code",),
    "unit_text": ("unit",),
    "observation_key": ("observation_id",),
    "procedure_key": ("procedure_id",),
    "medication_key": ("medication_id",),
    "allergy_key": ("allergy_id",),
    "claim_key": ("claim_id",),
    "claim_line_key": ("claim_line_id",),
    "encounter_location_key": ("encounter_location_id",),
    "left_at": ("entered_at",),
    "is_stretch": ("kind", "department", "room", "bed", "entered_at"),
    **{
        f"{begun}_{what}": (f"{begun}_at",)
        for begun in ("observed", "performed", "started", "noted", "served", "entered")
        for what in ("on", "precision")
    },
    "claimed_at": ("updated_at",),
    "derived": ("department", "status", "encounter_class", "age_at_admission", "gender", "zip"),
}
"""Columns that are computed from others of their row: they come from whatever those do."""


def of_records(
    name: str,
    description: str,
    columns: tuple[Column, ...],
    primary_key: tuple[str, ...],
    checks: tuple[RowCheck, ...],
    period: str | None = None,
) -> TableContract:
    """A table of records, each column of which comes from whatever the sources say, and from what it names itself."""
    table = TableContract(
        ("silver", name), description, Audience.PIPELINE, (*columns, *PROVENANCE), primary_key, checks, period=period
    )
    sources = sources_of(table)
    return replace(
        table,
        columns=tuple(
            replace(
                column, derived_from=(*(o for s in sources for o in _origins(s, table, column)), *column.derived_from)
            )
            for column in table.columns
        ),
    )


def _origins(source: SourceContract, table: TableContract, column: Column) -> tuple[str, ...]:
    if column in PROVENANCE:
        return (f"{source.table.name}.{column.name}",)
    return source.origins(table.name, _COMPUTED.get(column.name, (column.name,)))
