"""What an encounter is likely to be billed, told when it begins."""

from mediflow_assets.contracts import gold
from mediflow_assets.contracts.inputs import (
    ADMISSION_TYPE,
    AGE,
    CLASS,
    DEPARTMENT,
    GENDER,
    HISTORY,
    MONTH,
    PRESSURE,
    category,
)
from mediflow_assets.contracts.model import Amount, ApiWords, CardWords, ModelContract

COST_MODEL = "treatment-cost"
COST_FEATURES = (
    AGE,
    GENDER,
    DEPARTMENT,
    category(CLASS, "encounter class", "inpatient, emergency, outpatient, …", optional=False),
    ADMISSION_TYPE,
    category("admitting_diagnosis_code", "admitting diagnosis", "ICD-10 or SNOMED CT, the first known", optional=False),
    category("admitting_diagnosis_chapter", "admitting diagnosis chapter", "its ICD-10 chapter"),
    *HISTORY,
    *PRESSURE,
    MONTH,
)
"""Known when the encounter begins."""

MODEL = ModelContract(
    name=COST_MODEL,
    title="Treatment cost",
    label="Expected cost",
    description="Expected cost of an encounter, at admission.",
    features=COST_FEATURES,
    answer=Amount("cost", "USD", "expected billed amount", "cost", "costs"),
    target="billed amount of the encounter, known at its end",
    trained_from=(gold.ADMISSION_FEATURES, gold.COST_ANOMALIES),
    scored_from=(gold.ADMISSION_FEATURES,),
    api=ApiWords(
        path="/predict",
        schema="Cost",
        interval_schema="Interval",
        summary="Expected cost of an encounter",
        batch_summary="Expected costs of up to 10,000 encounters",
        description="In USD, with the interval in which 90 % of such costs lie, and what the same department and "
        "diagnosis cost.",
        reply="Expected cost.",
        example={
            "predicted_cost": 8214.5,
            "unit": "USD",
            "interval": {"lower": 3521.4, "upper": 15472.1, "coverage": 0.9},
            "peer": {"patients": 212, "lower_quartile": 4310.0, "median": 7260.5, "upper_quartile": 11870.0},
            "warnings": ["department: not seen in training; taken as an average one."],
            "drivers": [{"feature": "age_at_admission", "label": "age", "contribution": 412.7}],
            "model": COST_MODEL,
            "model_version": "3",
            "provisional": False,
            "request_id": "order-66",
        },
        batch_request_id="order-68",
    ),
    card=CardWords(
        purpose="Tell, at admission, what an encounter is likely to be billed, with a range, for planning and to "
        "notice unusual bills.",
        population="every encounter of this hospital",
        out_of_scope="to price, deny or choose care by its cost; at another hospital without training there",
        exclusions="encounters without a billed amount, cancelled and planned ones are left out; those above the limit "
        "of their peer group (gold/cost_anomalies) are not learned from, and are judged apart",
        bias="each class of encounter has its own line, factor and interval, from patients the forest did not see; "
        "predicted over actual stands in the figures, in all and by class",
    ),
    by=CLASS,
    by_why="costs differ by class",
    derived_from=tuple(
        f"{gold.ADMISSION_FEATURES.name}.{name}"
        for name in gold.ADMISSION_FEATURES.column_names
        if name not in ("encounter_key", "patient_key", "admitted_at", "admitted_on", "cost_usd")
    ),
    has_peers=True,
    position=1,
)
