"""What a record of a feed may be, and of which form its files then are. A new grain is a line here."""

from collections.abc import Mapping

from mediflow_assets.contracts.source import LINE_GRAIN
from mediflow_assets.sources import diagnosis_records, patient_records
from mediflow_assets.sources.admissions import FORM as ADMISSIONS
from mediflow_assets.sources.forms import Form

ENCOUNTER_GRAIN = "encounter"
PATIENT_GRAIN, DIAGNOSIS_GRAIN = "patient", "diagnosis"
FORMS: Mapping[str, Form] = {
    ENCOUNTER_GRAIN: ADMISSIONS,
    LINE_GRAIN: ADMISSIONS,
    PATIENT_GRAIN: patient_records.FORM,
    DIAGNOSIS_GRAIN: diagnosis_records.FORM,
}
