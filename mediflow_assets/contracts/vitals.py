"""Gold: the vital signs of each patient as they were last known."""

from mediflow_assets.contracts.masks import drop, keep, year
from mediflow_assets.contracts.table import Audience, Column, Privacy, TableContract, Type

P, T = Privacy, Type
VITAL_SIGNS = {
    "8302-2": "body_height",
    "29463-7": "body_weight",
    "39156-5": "body_mass_index",
    "8310-5": "body_temperature",
    "8867-4": "heart_rate",
    "9279-1": "respiratory_rate",
    "2708-6": "oxygen_saturation",
    "59408-5": "oxygen_saturation",
    "8480-6": "systolic_blood_pressure",
    "8462-4": "diastolic_blood_pressure",
    "9843-4": "head_circumference",
}
"""By LOINC: https://hl7.org/fhir/R4/observation-vitalsigns.html, and pulse oximetry of US Core."""


def _o(columns: str) -> tuple[str, ...]:
    return tuple(f"silver/observations.{column}" for column in columns.split())


_FOUND = _o("code value unit components")
VITALS_LATEST = TableContract(
    ("gold", "vitals_latest"),
    "One row per patient and vital sign: the newest value observed.",
    Audience.PIPELINE,
    (
        Column("patient_key", T.STRING, "keyed pseudonym of the patient", P.PSEUDONYM, keep(), nullable=False,
               derived_from=_o("patient_key")),
        Column("vital_sign", T.STRING, ", ".join(dict.fromkeys(VITAL_SIGNS.values())), P.CLINICAL, keep(),
               nullable=False, derived_from=_o("code components")),
        Column("value", T.MEASURE, "the number found", P.CLINICAL, keep(), nullable=False, derived_from=_FOUND),
        Column("unit", T.STRING, "UCUM", P.CLINICAL, keep(), derived_from=_FOUND),
        Column("encounter_key", T.STRING, "keyed pseudonym of the encounter", P.PSEUDONYM, keep(),
               derived_from=_o("encounter_key")),
        Column("observed_at", T.TIMESTAMP, "when, UTC; null where only a day is told", P.DATE, year(),
               derived_from=_o("observed_at")),
        Column("observed_on", T.DATE, "local day of that", P.DATE, drop(), nullable=False,
               derived_from=_o("observed_on")),
    ),
    ("patient_key", "vital_sign"),
)  # fmt: skip
