"""Bronze: what arrived, as strings, with its provenance. Append-only; nothing is validated here.

Every source stands in `SOURCES`: MediFlow's own, and those that other packages bring along.
"""

from mediflow_assets.contracts import (
    admissions,
    diagnosis_records,
    events,
    fhir,
    hl7,
    merges,
    patient_records,
    synthea,
    synthea_clinical,
)
from mediflow_assets.contracts.admissions import ADMISSIONS
from mediflow_assets.contracts.diagnosis_records import DIAGNOSIS_RECORDS
from mediflow_assets.contracts.fhir import FHIR_RESOURCES
from mediflow_assets.contracts.hl7 import HL7_MESSAGES
from mediflow_assets.contracts.identifiers import MRN
from mediflow_assets.contracts.masks import drop
from mediflow_assets.contracts.patient_records import PATIENT_RECORDS
from mediflow_assets.contracts.source import PROVENANCE, SourceContract, bronze_table, delivered, installed
from mediflow_assets.contracts.synthea import SYNTHEA_CONDITIONS, SYNTHEA_ENCOUNTERS, SYNTHEA_PATIENTS
from mediflow_assets.contracts.table import Audience, Column, Privacy, TableContract, Type
from mediflow_assets.errors import SettingsInvalid

P = Privacy

CORRECTIONS = bronze_table(
    "corrections",
    "Patches to quarantined records: the record they mend, and its new values as a JSON object.",
    delivered(
        {
            "target_delivery_id": P.TECHNICAL,
            "target_record_number": P.TECHNICAL,
            "corrections": P.OTHER_ID,
        }
    ),
)

REJECTS = bronze_table(
    "rejects",
    "Records that could not even be split into fields.",
    (
        Column("source", Type.STRING, "the source its delivery was recognised as", P.TECHNICAL, drop()),
        Column("reason", Type.STRING, "why it could not be split", P.TECHNICAL, drop(), nullable=False),
        Column("raw", Type.BINARY, "its bytes", P.OTHER_ID, drop(), nullable=False),
        Column("lines", Type.LONG, "lines it covers: a run of blank lines is one record", P.TECHNICAL, drop()),
    ),
)

DELIVERIES = TableContract(
    ("bronze", "deliveries"),
    "The ledger: one row a delivery, written last, so that its row is the delivery's commit.",
    Audience.PIPELINE,
    (
        Column("delivery_id", Type.STRING, "SHA-256 of the content", P.TECHNICAL, drop(), nullable=False),
        Column("source", Type.STRING, "what it was recognised as", P.TECHNICAL, drop(), nullable=False),
        Column("feed", Type.STRING, "the feed of sources.toml it belongs to", P.TECHNICAL, drop()),
        Column("file_name", Type.STRING, "as delivered; PHI, and stands nowhere else", P.OTHER_ID, drop()),
        Column("bytes", Type.LONG, "its size", P.TECHNICAL, drop(), unit="bytes"),
        Column("records", Type.LONG, "records counted by a second reader", P.TECHNICAL, drop(), nullable=False),
        Column("bronze", Type.LONG, "records landed in the source's table", P.TECHNICAL, drop(), nullable=False),
        Column("rejects", Type.LONG, "records set aside", P.TECHNICAL, drop(), nullable=False),
        Column("unknown_columns", Type.LONG, "columns kept as JSON", P.TECHNICAL, drop(), nullable=False),
        Column("received_at", Type.TIMESTAMP, "when it came into the inbox", P.TECHNICAL, drop(), nullable=False),
        Column("skipped", Type.LONG, "lines above the header, and total rows below the records", P.TECHNICAL, drop()),
    ),
    primary_key=("delivery_id",),
)


class _Sources(dict[str, SourceContract]):
    def __missing__(self, name: str) -> SourceContract:
        raise SettingsInvalid(
            f"The source '{name}', of which there are deliveries, is not installed. Install its package again."
        )


SOURCES = _Sources(
    (source.name, source)
    for source in (
        admissions.SOURCE,
        *synthea.SOURCES,
        *synthea_clinical.SOURCES,
        fhir.SOURCE,
        hl7.SOURCE,
        SourceContract(
            "corrections", CORRECTIONS, "mediflow_assets.sources.corrections:CORRECTIONS", text="corrections"
        ),
        events.SOURCE,
        hl7.EVENTS,
        merges.SOURCE,
        patient_records.SOURCE,
        diagnosis_records.SOURCE,
        *installed(),
    )
)
"""Every source by its name. Those without targets become no rows of Silver: corrections mend the records of others."""
BY_TABLE = {source.table.name: source for source in SOURCES.values()}
"""The same by the name of their Bronze table."""
NAMESPACES = {source.system: source.namespace for source in SOURCES.values()}
"""By source system, where `sources.toml` does not say otherwise."""


def differ_by_case(system: str, namespace: str) -> bool:
    """Whether two ids of a system may differ by case alone: record numbers never do, whoever tells them."""
    return namespace != MRN and any(source.keeps_case for source in SOURCES.values() if source.system == system)


def sources_of(table: TableContract) -> tuple[SourceContract, ...]:
    """The sources whose records become rows of a Silver table."""
    return tuple(source for source in SOURCES.values() if table.name in source.by_target)


TABLES = (*(source.table for source in SOURCES.values() if not source.is_stream), REJECTS, DELIVERIES)
"""What the landing of files writes."""

__all__ = [
    "ADMISSIONS",
    "BY_TABLE",
    "CORRECTIONS",
    "DELIVERIES",
    "DIAGNOSIS_RECORDS",
    "FHIR_RESOURCES",
    "HL7_MESSAGES",
    "NAMESPACES",
    "PATIENT_RECORDS",
    "PROVENANCE",
    "REJECTS",
    "SOURCES",
    "SYNTHEA_CONDITIONS",
    "SYNTHEA_ENCOUNTERS",
    "SYNTHEA_PATIENTS",
    "TABLES",
    "differ_by_case",
    "sources_of",
]
