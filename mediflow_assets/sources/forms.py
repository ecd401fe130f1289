"""The forms of CSV deliveries: what a header must hold to be taken for a source. Columns come from Bronze."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mediflow_assets.contracts import bronze
from mediflow_assets.sources.aliases import ADMISSION_ALIASES, ENCOUNTER_ALIASES

CORRECTION_KEYS = {"_delivery_id": "target_delivery_id", "_record_number": "target_record_number"}

BRONZE_COLUMNS: Mapping[str, tuple[str, ...]] = {
    source: tuple(name for name in contract.column_names if not name.startswith("_"))
    for source, contract in bronze.SOURCES.items()
}
"""Per source the columns that a delivery fills, in the order in which they are stored."""

JSON_COLUMNS = ("extra", "corrections")
"""Columns that hold, as a JSON object, the cells of the file's other columns."""


@dataclass(frozen=True)
class Form:
    """One kind of CSV delivery."""

    source: str
    required: tuple[str, ...]
    distinctive: tuple[str, ...]
    """Where these are present and something else is missing, the refusal says what is missing."""
    is_closed: bool = False
    """Further columns mean that it is another table."""
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """The Bronze columns a header may name."""
        return tuple(name for name in BRONZE_COLUMNS[self.source] if name not in JSON_COLUMNS)


ADMISSIONS = Form(
    source="admissions",
    required=("patient_id", "department", "diagnosis_code", "admission_date", "cost"),
    distinctive=("patient_id",),
    aliases=ADMISSION_ALIASES,
)

SYNTHEA_PATIENTS = Form(
    source="synthea_patients",
    required=("id", "birthdate", "first", "last", "gender", "address"),
    distinctive=("birthdate", "first", "last"),
)

SYNTHEA_ENCOUNTERS = Form(
    source="synthea_encounters",
    required=("id", "start", "patient", "encounterclass", "code", "description"),
    distinctive=("encounterclass",),
    aliases=ENCOUNTER_ALIASES,
)

SYNTHEA_CONDITIONS = Form(
    source="synthea_conditions",
    required=("start", "stop", "patient", "encounter", "code", "description"),
    distinctive=("start", "encounter", "code"),
    # procedures, medications, devices and newer allergies have all of these columns, and more
    is_closed=True,
)

CSV_FORMS = (ADMISSIONS, SYNTHEA_PATIENTS, SYNTHEA_ENCOUNTERS, SYNTHEA_CONDITIONS)
