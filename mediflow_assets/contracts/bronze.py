"""Bronze: what arrived, as strings, with its provenance. Append-only; nothing is validated here."""

from mediflow_assets.contracts.masks import drop
from mediflow_assets.contracts.table import Audience, Column, Privacy, TableContract, Type

P = Privacy

PROVENANCE = (
    Column("_delivery_id", Type.STRING, "SHA-256 of the delivery's content", P.TECHNICAL, drop(), nullable=False),
    Column("_record_number", Type.LONG, "place in the delivery, from 1", P.TECHNICAL, drop(), nullable=False),
    Column("_ingested_at", Type.TIMESTAMP, "when the delivery was received", P.TECHNICAL, drop(), nullable=False),
)
FEED = Column("_feed", Type.STRING, "the feed of sources.toml that named its columns", P.TECHNICAL, drop())
EXTRA = Column("extra", Type.STRING, "unknown columns as a JSON object", P.OTHER_ID, drop())


def _delivered(privacy_of: dict[str, Privacy]) -> tuple[Column, ...]:
    return tuple(Column(name, Type.STRING, "as delivered", privacy, drop()) for name, privacy in privacy_of.items())


def _bronze(table: str, description: str, columns: tuple[Column, ...]) -> TableContract:
    return TableContract(("bronze", table), description, Audience.PIPELINE, (*columns, *PROVENANCE))


ADMISSIONS = _bronze(
    "admissions",
    "Flat encounter exports, one record an encounter version.",
    (
        *_delivered(
            {
                "patient_id": P.RECORD_NUMBER,
                "encounter_id": P.RECORD_NUMBER,
                "encounter_class": P.CLINICAL,
                "status": P.CLINICAL,
                "name": P.NAME,
                "birth_date": P.DATE,
                "age": P.DATE,
                "gender": P.QUASI,
                "department": P.CLINICAL,
                "diagnosis_code": P.CLINICAL,
                "admission_date": P.DATE,
                "discharge_date": P.DATE,
                "discharge_disposition": P.CLINICAL,
                "admission_type": P.CLINICAL,
                "blood_pressure": P.CLINICAL,
                "cost": P.CLINICAL,
                "payer": P.CLINICAL,
                "zip": P.GEOGRAPHY,
                "updated_at": P.DATE,
            }
        ),
        EXTRA,
        FEED,
    ),
)

SYNTHEA_PATIENTS = _bronze(
    "synthea_patients",
    "Synthea's patients.csv, older and newer releases.",
    (
        *_delivered(
            {
                "id": P.RECORD_NUMBER,
                "birthdate": P.DATE,
                "deathdate": P.DATE,
                "ssn": P.SSN,
                "drivers": P.LICENCE,
                "passport": P.LICENCE,
                "prefix": P.NAME,
                "first": P.NAME,
                "middle": P.NAME,
                "last": P.NAME,
                "suffix": P.NAME,
                "maiden": P.NAME,
                "marital": P.QUASI,
                "race": P.QUASI,
                "ethnicity": P.QUASI,
                "gender": P.QUASI,
                "birthplace": P.GEOGRAPHY,
                "address": P.GEOGRAPHY,
                "city": P.GEOGRAPHY,
                "state": P.QUASI,
                "county": P.GEOGRAPHY,
                "fips": P.GEOGRAPHY,
                "zip": P.GEOGRAPHY,
                "lat": P.GEOGRAPHY,
                "lon": P.GEOGRAPHY,
                "healthcare_expenses": P.CLINICAL,
                "healthcare_coverage": P.CLINICAL,
                "income": P.QUASI,
            }
        ),
        EXTRA,
    ),
)

SYNTHEA_ENCOUNTERS = _bronze(
    "synthea_encounters",
    "Synthea's encounters.csv, older and newer releases.",
    (
        *_delivered(
            {
                "id": P.RECORD_NUMBER,
                "start": P.DATE,
                "stop": P.DATE,
                "patient": P.RECORD_NUMBER,
                "organization": P.TECHNICAL,
                "provider": P.TECHNICAL,
                "payer": P.TECHNICAL,
                "encounterclass": P.CLINICAL,
                "code": P.CLINICAL,
                "description": P.CLINICAL,
                "base_encounter_cost": P.CLINICAL,
                "total_claim_cost": P.CLINICAL,
                "payer_coverage": P.CLINICAL,
                "reasoncode": P.CLINICAL,
                "reasondescription": P.CLINICAL,
            }
        ),
        EXTRA,
    ),
)

SYNTHEA_CONDITIONS = _bronze(
    "synthea_conditions",
    "Synthea's conditions.csv, older and newer releases.",
    _delivered(
        {
            "start": P.DATE,
            "stop": P.DATE,
            "patient": P.RECORD_NUMBER,
            "encounter": P.RECORD_NUMBER,
            "system": P.CLINICAL,
            "code": P.CLINICAL,
            "description": P.CLINICAL,
        }
    ),
)

FHIR_RESOURCES = _bronze(
    "fhir_resources",
    "FHIR R4 resources, byte for byte, of NDJSON files and Bundles.",
    _delivered(
        {
            "resource_type": P.TECHNICAL,
            "resource_id": P.RECORD_NUMBER,
            "full_url": P.URL,
            "resource": P.OTHER_ID,
        }
    ),
)

CORRECTIONS = _bronze(
    "corrections",
    "Patches to quarantined records: the record they mend, and its new values as a JSON object.",
    _delivered(
        {
            "target_delivery_id": P.TECHNICAL,
            "target_record_number": P.TECHNICAL,
            "corrections": P.OTHER_ID,
        }
    ),
)

REJECTS = _bronze(
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
    ),
    primary_key=("delivery_id",),
)

FHIR_TYPES = {"silver/patients": "Patient", "silver/encounters": "Encounter", "silver/conditions": "Condition"}
"""The resource type that each Silver table is made from; the other types are kept in Bronze."""

SOURCES = {
    "admissions": ADMISSIONS,
    "synthea_patients": SYNTHEA_PATIENTS,
    "synthea_encounters": SYNTHEA_ENCOUNTERS,
    "synthea_conditions": SYNTHEA_CONDITIONS,
    "fhir": FHIR_RESOURCES,
    "corrections": CORRECTIONS,
}
TABLES = (*SOURCES.values(), REJECTS, DELIVERIES)
