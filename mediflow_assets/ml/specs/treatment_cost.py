"""How the treatment cost is learned: from every billed encounter, unusual bills set apart."""

from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.contracts import gold
from mediflow_assets.contracts.served.treatment_cost import MODEL
from mediflow_assets.ml.baselines import group_mean_rule, mean_rule
from mediflow_assets.ml.measures import OF_AMOUNT
from mediflow_assets.ml.population import Labelled, Population, both, in_order, recent_encounters, some_patients
from mediflow_assets.ml.spec import Guards, ModelSpec
from mediflow_assets.storage.delta import Lake

MOST_ENCOUNTERS = 1_000_000
"""Beyond these, only the encounters of some patients."""
_NOTHING = pa.scalar(Decimal("0.00"), pa.decimal128(12, 2))


def billed(lake: Lake, where: Any = None) -> Labelled:
    """Encounters with a billed amount."""
    chosen = both(some_patients(lake.rows(gold.ADMISSION_FEATURES), MOST_ENCOUNTERS), where)
    rows = in_order(lake.read(gold.ADMISSION_FEATURES, where=both(chosen, pc.field("cost_usd") > _NOTHING)))
    flagged = lake.read(gold.COST_ANOMALIES, ["encounter_key"])["encounter_key"]
    is_unusual = pc.is_in(rows["encounter_key"], value_set=flagged.combine_chunks())
    return Labelled(
        rows,
        pc.cast(rows["cost_usd"], pa.float64()),
        rows["admitted_at"],
        is_unusual.to_numpy(zero_copy_only=False),
    )


def why_none(_: Lake, encounters: int) -> str:
    """Why no encounter has a billed amount."""
    return f"none of the {encounters} encounters has a billed amount to learn from. Deliver 'cost'."


SPEC = ModelSpec(
    MODEL,
    Population(billed, recent_encounters, why_none),
    OF_AMOUNT,
    {"mean": mean_rule, "department_diagnosis_mean": group_mean_rule("department", "admitting_diagnosis_code")},
    guards=Guards(alike="cost the same"),
)
