"""What comes of a stay: its length, and the risk of readmission."""

import numpy as np

from mediflow_assets.synthetic.hospital import DAY, UNPLANNED_STAY, Floats, Hospital, Ints


def log_stay_days(hospital: Hospital, diagnosis: Ints, age: Ints, conditions: Ints, setting: Ints) -> Floats:
    """Expected ln(days) of a stay, from what is known at admission; its spread is a constant."""
    stay = hospital.constants["stay"]
    days: Floats = (
        np.log(hospital.diagnosis_days[diagnosis])
        + stay["per_decade_from_60"] * (age - 60) / 10
        + stay["per_condition"] * conditions
        + stay["unplanned"] * (setting == UNPLANNED_STAY)
    )
    return days


def draw_minutes(hospital: Hospital, rng: np.random.Generator, log_days: Floats) -> Ints:
    """Lengths of stay in minutes, log-normal around `log_days`."""
    stay = hospital.constants["stay"]
    days = np.exp(log_days + stay["spread"] * rng.standard_normal(len(log_days)))
    minutes: Ints = (np.clip(days, stay["shortest_days"], stay["longest_days"]) * DAY).astype(np.int64)
    return minutes


def readmission_probability(
    hospital: Hospital,
    diagnosis: Ints,
    age: Ints,
    minutes: Ints,
    admissions: Ints,
    emergency_visits: Ints,
    conditions: Ints,
) -> Floats:
    """Probability (0 to 1) of an unplanned stay within 30 days, from what is known at discharge."""
    model = hospital.constants["readmission"]
    log_odds = (
        model["intercept"]
        + model["per_decade_from_60"] * (age - 60) / 10
        + model["per_log_day"] * np.log(minutes / DAY)
        + model["per_admission"] * admissions
        + model["per_emergency_visit"] * emergency_visits
        + model["per_condition"] * conditions
        + model["diagnosis_weight"] * hospital.diagnosis_risk[diagnosis]
    )
    probability: Floats = 1 / (1 + np.exp(-log_odds))
    return probability
