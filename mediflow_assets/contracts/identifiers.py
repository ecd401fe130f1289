"""How an identifier is spelled, wherever it is stored, compared or pseudonymised, and where Bronze has one."""

import unicodedata

from mediflow_assets.contracts import bronze, events
from mediflow_assets.contracts.blanks import BLANKS

COLUMNS = {
    bronze.ADMISSIONS.name: ("patient_id", "encounter_id"),
    bronze.SYNTHEA_PATIENTS.name: ("id",),
    bronze.SYNTHEA_ENCOUNTERS.name: ("id", "patient"),
    bronze.SYNTHEA_CONDITIONS.name: ("patient", "encounter"),
    events.ENCOUNTER_EVENTS.name: ("patient_id", "encounter_id"),
}
"""The identifiers of a Bronze table by name. Those in FHIR resources are ASCII by their standard (R4, type `id`)."""


def canonical(identifier: str) -> str:
    """One spelling for one identifier: trimmed of blanks, upper case, Unicode NFC (before and after the case)."""
    upper = unicodedata.normalize("NFC", identifier).strip(BLANKS).upper()
    return unicodedata.normalize("NFC", upper)
