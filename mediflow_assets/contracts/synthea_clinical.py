"""Synthea's tables of observations, procedures, medications, immunizations, allergies, claims and transactions."""

from collections.abc import Iterable

from mediflow_assets.contracts import source
from mediflow_assets.contracts.identifiers import SYNTHEA
from mediflow_assets.contracts.source import EXTRA, SourceContract, Target, bronze_table, delivered
from mediflow_assets.contracts.table import Privacy as P

_PRIVACY = {
    **dict.fromkeys(("id", "patient", "encounter", "patientid", "appointmentid", "claimid"), P.RECORD_NUMBER),
    **dict.fromkeys(("date", "start", "stop", "servicedate", "fromdate", "lastbilleddate1"), P.DATE),
    "payer": P.TECHNICAL,
    "notes": P.OTHER_ID,
}


def _source(
    name: str, columns: str, table: str, read: dict[str, str], patient: str = "patient", encounter: str = "encounter"
) -> SourceContract:
    bronze = bronze_table(
        f"synthea_{name}",
        f"Synthea's {name}.csv, older and newer releases.",
        (*delivered({column: _PRIVACY.get(column, P.CLINICAL) for column in columns.split()}), EXTRA),
    )
    of_row = {"patient_id": patient, "encounter_id": encounter}
    return SourceContract(
        bronze.key[1],
        bronze,
        f"mediflow_assets.sources.synthea_clinical:{name.upper()}",
        system=SYNTHEA,
        namespace=SYNTHEA,
        patient=patient,
        encounter=encounter,
        targets=(Target(table, of_row | read),),
    )


def _same(names: Iterable[str]) -> dict[str, str]:
    return {name: name for name in names}


OBSERVATIONS = _source(
    "observations",
    "date patient encounter category code description value units type",
    source.OBSERVATIONS,
    {
        "observation_id": "patient encounter code description date",
        "text": "description",
        "value_text": "value",
        "comparator": "value",
        "unit": "units",
        "observed_at": "date",
        **_same(("category", "code", "value")),
    },
)
PROCEDURES = _source(
    "procedures",
    "start stop patient encounter system code description base_cost reasoncode reasondescription",
    source.PROCEDURES,
    {
        "procedure_id": "patient encounter code description start",
        "code": "code",
        "text": "description",
        "performed_at": "start",
        "ended_at": "stop",
        "cost_usd": "base_cost",
    },
)
MEDICATIONS = _source(
    "medications",
    "start stop patient payer encounter code description base_cost payer_coverage dispenses totalcost reasoncode "
    "reasondescription",
    source.MEDICATIONS,
    {
        "medication_id": "patient encounter code description start",
        "code": "code",
        "text": "description",
        "started_at": "start",
        "ended_at": "stop",
        "dispenses": "dispenses",
        "cost_usd": "totalcost",
    },
)
IMMUNIZATIONS = _source(
    "immunizations",
    "date patient encounter code description base_cost",
    source.MEDICATIONS,
    {
        "medication_id": "patient encounter code description date",
        "code": "code",
        "text": "description",
        "started_at": "date",
        "cost_usd": "base_cost",
    },
)
ALLERGIES = _source(
    "allergies",
    "start stop patient encounter code system description type category reaction1 description1 severity1 reaction2 "
    "description2 severity2",
    source.ALLERGIES,
    {
        "allergy_id": "patient encounter code description start",
        "kind": "type",
        "category": "category",
        "code": "code",
        "text": "description",
        "severity": "severity1 severity2",
        "reactions": "description1 description2",
        "noted_at": "start",
        "ended_at": "stop",
    },
)
CLAIMS = _source(
    "claims",
    "id patientid appointmentid servicedate status1 outstanding1 outstanding2 outstandingp lastbilleddate1",
    source.CLAIMS,
    {
        "claim_id": "id",
        "status": "status1",
        "served_at": "servicedate",
        "outstanding_usd": "outstanding1 outstanding2 outstandingp",
    },
    "patientid",
    "appointmentid",
)
CLAIMS_TRANSACTIONS = _source(
    "claims_transactions",
    "id claimid patientid appointmentid type amount fromdate procedurecode notes payments adjustments transfers",
    source.CLAIM_LINES,
    {
        "claim_line_id": "id",
        "claim_id": "claimid",
        "kind": "type",
        "code": "procedurecode",
        "text": "notes",
        "served_at": "fromdate",
        "amount_usd": "type amount payments adjustments transfers",
    },
    "patientid",
    "appointmentid",
)
SOURCES = (OBSERVATIONS, PROCEDURES, MEDICATIONS, IMMUNIZATIONS, ALLERGIES, CLAIMS, CLAIMS_TRANSACTIONS)
