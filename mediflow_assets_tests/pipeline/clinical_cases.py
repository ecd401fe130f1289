"""Records of the clinical tables that are wrong in one way each, by the one reason for which they are quarantined."""

from mediflow_assets.contracts import clinical
from mediflow_assets.transforms.validation import WAITING


def _ids(patient, encounter):
    """What is wrong with whose a record is, by the names of the two columns."""
    usual = {"placeholder": "NULL", "damaged": "1.23E+12", "is_a_name": "Quill, Ada"}
    return [
        ("patient_id_missing", {patient: ""}),
        *((f"patient_id_{why}", {patient: value}) for why, value in usual.items()),
        *((f"encounter_id_{why}", {encounter: value}) for why, value in usual.items()),
        (WAITING, {patient: "NOBODY"}),
    ]


def _begin(stem, column, **beside):
    """What is wrong with when something began; `beside` empties what else would be wrong then."""
    return [
        (f"{stem}_missing", {column: ""}),
        (f"{stem}_unreadable", {column: "winter"}),
        (f"{stem}_in_future", {column: "2024-07-02"} | beside),
        (f"{stem}_implausible", {column: "1899-12-31"} | beside),
    ]


CODE_MISSING = ("code_missing", {"CODE": "", "DESCRIPTION": ""})
ENDED_BEFORE = ("ended_before_begin", {"STOP": "2024-01-10T08:59:59Z"})
ENDED_UNREADABLE = ("ended_unreadable", {"STOP": "never"})

OBSERVATION = {
    **{"DATE": "2024-01-10T09:00:00Z", "PATIENT": "P1", "ENCOUNTER": "E1", "CATEGORY": "laboratory"},
    **{"CODE": "2160-0", "DESCRIPTION": "Creatinine", "VALUE": "1.2", "UNITS": "mg/dL", "TYPE": "numeric"},
}
OBSERVATIONS = [
    *_ids("PATIENT", "ENCOUNTER"),
    *_begin("observed", "DATE"),
    CODE_MISSING,
    ("value_unreadable", {"VALUE": "1;2"}),
]
PROCEDURE = {
    **{"START": "2024-01-10T09:00:00Z", "STOP": "2024-01-10T09:30:00Z", "PATIENT": "P1", "ENCOUNTER": "E1"},
    **{"CODE": "265764009", "DESCRIPTION": "Renal dialysis", "BASE_COST": "903.00"},
    **{"REASONCODE": "", "REASONDESCRIPTION": ""},
}
PROCEDURES = [
    *_ids("PATIENT", "ENCOUNTER"),
    *_begin("performed", "START", STOP=""),
    CODE_MISSING,
    ENDED_BEFORE,
    ENDED_UNREADABLE,
    ("cost_negative", {"BASE_COST": "-0.01"}),
    ("cost_unreadable", {"BASE_COST": "free"}),
]
MEDICATION = {
    **{"START": "2024-01-10T09:00:00Z", "STOP": "2024-03-10T09:00:00Z", "PATIENT": "P1", "PAYER": "X"},
    **{"ENCOUNTER": "E1", "CODE": "197361", "DESCRIPTION": "Amlodipine 5 MG", "BASE_COST": "25.31"},
    **{"PAYER_COVERAGE": "0", "DISPENSES": "2", "TOTALCOST": "50.62", "REASONCODE": "", "REASONDESCRIPTION": ""},
}
MEDICATIONS = [
    *_ids("PATIENT", "ENCOUNTER"),
    *_begin("started", "START", STOP=""),
    CODE_MISSING,
    ENDED_BEFORE,
    ENDED_UNREADABLE,
    ("cost_negative", {"TOTALCOST": "-0.01"}),
    ("cost_unreadable", {"TOTALCOST": "free"}),
    ("dispenses_unreadable", {"DISPENSES": "twice"}),
]
ALLERGY = {
    **{"START": "2024-01-10", "STOP": "", "PATIENT": "P1", "ENCOUNTER": "E1", "CODE": "91935009"},
    **{"SYSTEM": "SNOMED-CT", "DESCRIPTION": "Peanut", "TYPE": "allergy", "CATEGORY": "food"},
    **{"REACTION1": "247472004", "DESCRIPTION1": "Hives", "SEVERITY1": "MILD"},
    **{"REACTION2": "", "DESCRIPTION2": "", "SEVERITY2": ""},
}
ALLERGIES = [*_ids("PATIENT", "ENCOUNTER"), *_begin("noted", "START"), CODE_MISSING, ENDED_UNREADABLE]
CLAIM = {
    **{"Id": "", "PATIENTID": "P1", "APPOINTMENTID": "E1", "SERVICEDATE": "2024-01-10T09:00:00Z"},
    **{"STATUS1": "BILLED", "OUTSTANDING1": "5", "OUTSTANDING2": "3", "OUTSTANDINGP": "2"},
}
CLAIMS = [
    *_ids("PATIENTID", "APPOINTMENTID"),
    *_begin("served", "SERVICEDATE"),
    ("outstanding_unreadable", {"OUTSTANDING1": "all"}),
    ("outstanding_unreadable", {"OUTSTANDING2": "all"}),
    ("outstanding_unreadable", {"OUTSTANDINGP": "all"}),
]
CLAIM_LINE = {
    **{"ID": "", "CLAIMID": "C1", "PATIENTID": "P1", "TYPE": "CHARGE", "AMOUNT": "77.49", "FROMDATE": "2024-01-10"},
    **{"PROCEDURECODE": "185345009", "NOTES": "Encounter", "PAYMENTS": "", "TRANSFERS": "", "APPOINTMENTID": "E1"},
}
CLAIM_LINES = [
    *_ids("PATIENTID", "APPOINTMENTID"),
    *_begin("served", "FROMDATE"),
    ("line_kind_unknown", {"TYPE": "GIFT"}),
    ("amount_unreadable", {"AMOUNT": "much"}),
]
OF_SYNTHEA = [
    (clinical.OBSERVATIONS, OBSERVATION, OBSERVATIONS),
    (clinical.PROCEDURES, PROCEDURE, PROCEDURES),
    (clinical.MEDICATIONS, MEDICATION, MEDICATIONS),
    (clinical.ALLERGIES, ALLERGY, ALLERGIES),
    (clinical.CLAIMS, CLAIM, CLAIMS),
    (clinical.CLAIM_LINES, CLAIM_LINE, CLAIM_LINES),
]
"""Table, a good record of Synthea's, and what makes it a wrong one."""

_TOTAL = {"category": {"coding": [{"code": "submitted"}]}, "amount": {"value": 10, "currency": "USD"}}
BENEFIT = {
    "resourceType": "ExplanationOfBenefit",
    "patient": {"reference": "Patient/P1"},
    "use": "claim",
    "created": "2024-01-10",
    "total": [_TOTAL],
    "payment": {"amount": {"value": 8, "currency": "USD"}},
}
FHIR_TO_CLAIMS = [
    ("claim_kind_unknown", {"use": "gift"}),
    ("total_unreadable", {"total": [_TOTAL | {"amount": {"value": "much", "currency": "USD"}}]}),
    ("paid_unreadable", {"payment": {"amount": {"value": "much", "currency": "USD"}}}),
    ("currency_not_usd", {"payment": {"amount": {"value": 8, "currency": "EUR"}}}),
]

TRANSFER = {"sent": "20240110090000", "at": "20240110090000", "patient": "P1", "visit": "V1"}
HL7_TO_LOCATIONS = [
    *((why, cells) for why, cells in _ids("patient", "visit") if why != WAITING),
    ("entered_missing", {"sent": "", "at": ""}),
    ("entered_unreadable", {"at": "soon"}),
    ("entered_in_future", {"at": "20240702"}),
    ("entered_implausible", {"at": "18991231"}),
]
"""None waits for its patient: each message tells of that patient too."""


def transfer(**changed):
    """A message of a patient who is somewhere else from then on."""
    told = TRANSFER | changed
    header = f"MSH|^~\\&|ADT|H|L|W|{told['sent']}||ADT^A02|1|P|2.5"
    event, whose = f"EVN|A02|{told['sent']}||||{told['at']}", f"PID|1||{told['patient']}||Smith^Ann||1980|F"
    return "\r".join((header, event, whose, "PV1|1|I|ICU^1^2" + "|" * 16 + told["visit"]))


CASES = {contract.key[1]: cases for contract, _, cases in OF_SYNTHEA} | {
    "claims": CLAIMS + FHIR_TO_CLAIMS,
    "encounter_locations": HL7_TO_LOCATIONS,
}
