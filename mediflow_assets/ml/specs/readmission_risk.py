"""How the risk of readmission is learned: from inpatient stays whose next 30 days are known."""

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.contracts import gold
from mediflow_assets.contracts.served.readmission_risk import MODEL
from mediflow_assets.ml.arrays import Floats
from mediflow_assets.ml.baselines import mean_rule
from mediflow_assets.ml.measures import OF_PROBABILITY
from mediflow_assets.ml.population import Labelled, Population, both, in_order, some_patients, stays_with_history
from mediflow_assets.ml.spec import ModelSpec
from mediflow_assets.storage.delta import Lake

MOST_STAYS = 300_000
"""Beyond these, only the stays of some patients."""
_INPATIENT = "inpatient"


def followed_up(lake: Lake, where: Any = None) -> Labelled:
    """Stays of which it is known whether the patient came back."""
    chosen = some_patients(lake.rows(gold.READMISSIONS), MOST_STAYS)
    known = both(chosen, pc.field("is_readmitted").is_valid())
    rows = in_order(stays_with_history(lake, both(known, where), chosen))
    return Labelled(rows, pc.cast(pc.cast(rows["is_readmitted"], pa.int8()), pa.float64()), rows["discharged_at"])


def not_yet_known(lake: Lake) -> pa.Table:
    """Stays that ended in the last 30 days."""
    return stays_with_history(lake, pc.field("excluded_because") == "no_follow_up")


def why_none(lake: Lake, encounters: int) -> str:
    """Why no stay has an outcome."""
    if stays := lake.rows(gold.READMISSIONS):
        return (
            f"of the {stays} inpatient stays that ended, none has an outcome that is known: each ended in the last "
            "30 days of the data, or in another way that does not count."
        )
    classes = lake.read(gold.ADMISSION_FEATURES, ["encounter_class"])["encounter_class"]
    if not pc.any(pc.equal(classes, _INPATIENT)).as_py():
        return (
            f"there are no inpatient stays: none of the {encounters} encounters is of class '{_INPATIENT}'. "
            "Deliver 'encounter_class', or name its column in sources.toml."
        )
    return "no inpatient stay has ended. Deliver 'discharge_date'."


def lace_points(rows: pd.DataFrame) -> Floats:
    """A score after LACE (van Walraven et al., CMAJ 2010;182:551-7): length of stay, acuity, comorbidity, emergency.

    The comorbidity part counts Charlson groups instead of weighing them, for only their number is at hand.
    """
    days = rows["length_of_stay_days"].fillna(0).to_numpy(np.float64)
    stay = np.select([days < 1, days < 2, days < 3, days < 4, days < 7, days < 14], [0, 1, 2, 3, 4, 5], 7)
    acute = np.where(rows["admission_type"].isin(["emergency", "urgent", "trauma"]), 3, 0)
    groups = rows["comorbidity_count"].fillna(0).to_numpy(np.float64)
    visits = rows["prior_emergency_6m"].fillna(0).to_numpy(np.float64)
    return np.asarray(stay + acute + np.where(groups >= 4, 5, groups) + np.minimum(visits, 4), dtype=np.float64)


def lace_rule(inputs: pd.DataFrame, target: Floats, rows: pd.DataFrame) -> Floats:
    """The share readmitted among training rows of as many points."""
    points = lace_points(inputs)
    share = pd.Series(target).groupby(points).agg(["sum", "count"])
    # a score that few have takes on the mean
    smoothed = (share["sum"] + 20 * target.mean()) / (share["count"] + 20)
    return np.asarray(pd.Series(lace_points(rows)).map(smoothed).fillna(target.mean()), dtype=np.float64)


SPEC = ModelSpec(
    MODEL,
    Population(followed_up, not_yet_known, why_none),
    OF_PROBABILITY,
    {"prevalence": mean_rule, "lace": lace_rule},
)
