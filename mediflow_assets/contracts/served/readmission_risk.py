"""Whether a patient is likely to be admitted unplanned again within 30 days, told when the stay ends."""

from mediflow_assets.contracts import gold
from mediflow_assets.contracts.inputs import (
    ADMISSION_TYPE,
    AGE,
    DEPARTMENT,
    GENDER,
    HISTORY,
    MONTH,
    PRESSURE,
    category,
    count,
)
from mediflow_assets.contracts.model import ApiWords, CardWords, LateLabel, ModelContract, Probability
from mediflow_assets.contracts.readmission_measure import MEASURE

READMISSION_MODEL = "readmission-risk"
READMISSION_FEATURES = (
    AGE,
    GENDER,
    DEPARTMENT,
    ADMISSION_TYPE,
    category("diagnosis_code", "discharge diagnosis", "ICD-10 or SNOMED CT", optional=False),
    category("diagnosis_chapter", "discharge diagnosis chapter", "its ICD-10 chapter"),
    count(
        "length_of_stay_days",
        "length of stay",
        "nights between admission and discharge",
        36_525,
        "days",
        optional=False,
    ),
    category("discharge_disposition", "discharged to", "home, skilled nursing, rehab, …"),
    *HISTORY,
    *PRESSURE,
    MONTH,
)
"""Known when the patient leaves."""
_OF_THE_STAY = (
    "department",
    "diagnosis_code",
    "gender",
    "age_at_admission",
    "length_of_stay_days",
    "discharge_disposition",
)
_OF_ITS_ADMISSION = (
    "admission_type",
    "prior_admissions_12m",
    "prior_emergency_6m",
    "days_since_last_discharge",
    "comorbidity_count",
    "prior_mean_cost_usd",
    "systolic_mmhg",
    "diastolic_mmhg",
    "admission_month",
)

MODEL = ModelContract(
    name=READMISSION_MODEL,
    title="30-day readmission",
    label="Risk of readmission",
    description="Risk of readmission within 30 days, at discharge.",
    features=READMISSION_FEATURES,
    answer=Probability("readmission", "probability of an unplanned admission within 30 days"),
    target="an unplanned inpatient admission within 30 days of discharge",
    trained_from=(gold.ADMISSION_FEATURES, gold.READMISSIONS),
    scored_from=(gold.ADMISSION_FEATURES, gold.READMISSIONS),
    api=ApiWords(
        path="/predict/readmission",
        schema="Risk",
        summary="Risk of readmission",
        batch_summary="Risks of up to 10,000 stays",
        description="The probability of an unplanned admission within 30 days of discharge.",
        reply="Risk of an unplanned admission within 30 days of discharge.",
        example={
            "readmission_risk": 0.214,
            "status": "Moderate",
            "cutoffs": {"moderate": 0.15, "high": 0.31},
            "warnings": ["length_of_stay_days: not given; taken as an average patient's."],
            "drivers": [
                {"feature": "prior_admissions_12m", "label": "earlier admissions in 12 months", "contribution": 0.06}
            ],
            "model": READMISSION_MODEL,
            "model_version": "2",
            "provisional": True,
            "request_id": "order-67",
        },
        batch_request_id="order-69",
    ),
    card=CardWords(
        purpose="Tell, at discharge, which patients are likely to be admitted unplanned within 30 days, so that "
        "follow-up can be planned.",
        population="adult and other inpatients of this hospital at discharge",
        out_of_scope="to deny or delay care; for patients who died, were transferred out or left against advice; at "
        "another hospital without training there",
        exclusions=f"after {MEASURE}: episodes that ended in death, transfer out or leaving against advice, those for "
        "psychiatric disease, rehabilitation or cancer, those followed by death within 30 days without a readmission, "
        "and those of the last 30 days are left out; stays that overlap, that a transfer joins within a day, or that "
        "return on one day for the same diagnosis are one episode; nothing after a planned stay is a readmission",
        bias="no target is corrected; probabilities are calibrated on patients the forest did not see",
    ),
    derived_from=(
        *(f"{gold.READMISSIONS.name}.{name}" for name in _OF_THE_STAY),
        *(f"{gold.ADMISSION_FEATURES.name}.{name}" for name in _OF_ITS_ADMISSION),
    ),
    late_label=LateLabel(gold.READMISSIONS, "is_readmitted", "discharged_at", 30),
    form={
        "length_of_stay_days": "Nights of the stay",
        "prior_admissions_12m": "Earlier admissions, 12 months",
        "comorbidity_count": "Comorbidities (Charlson)",
    },
    position=2,
)
