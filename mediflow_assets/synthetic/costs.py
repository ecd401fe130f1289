"""What an encounter costs, and what it was expected to cost when it began, in closed form."""

import numpy as np

from mediflow_assets.synthetic.hospital import DAY, PLANNED_STAY, Floats, Hospital
from mediflow_assets.synthetic.outcomes import log_stay_days
from mediflow_assets.synthetic.timeline import Events


def draw_costs(hospital: Hospital, rng: np.random.Generator, events: Events) -> tuple[Floats, Floats]:
    """Cost in USD, and its expectation in USD at admission, when the length of stay is not known yet.

    With ln(days) normal (m, s) and the cost's own noise normal (0, t), the mean of
    base * days**b * exp(noise) is base * exp(b * m + (b * s)**2 / 2 + t**2 / 2).
    """
    model = hospital.constants["cost"]
    spread, power = model["spread"], model["per_log_day"]
    known = (
        np.log(hospital.setting_cost[events.setting])
        + np.log(hospital.diagnosis_cost[events.diagnosis])
        + np.log(hospital.department_cost[events.department])
        + model["per_decade_from_50"] * (events.age - 50) / 10
        + model["per_condition"] * events.conditions
    )
    is_stay = events.setting <= PLANNED_STAY
    log_days = log_stay_days(hospital, events.diagnosis, events.age, events.conditions, events.setting)
    expected_stay = power * log_days + (power * hospital.constants["stay"]["spread"]) ** 2 / 2
    actual_stay = power * np.log(events.minutes / DAY)
    expected = np.exp(known + np.where(is_stay, expected_stay, 0.0) + spread**2 / 2)
    noise = spread * rng.standard_normal(len(events))
    return np.exp(known + np.where(is_stay, actual_stay, 0.0) + noise), expected
