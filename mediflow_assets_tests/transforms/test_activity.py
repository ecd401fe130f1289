"""Monthly activity: a row for each month, department and class."""

import datetime as dt
from decimal import Decimal

from mediflow_assets.contracts import gold
from mediflow_assets.transforms.activity import monthly_activity


def test_encounters_count_in_the_month_they_began_with_what_became_of_them(encounters, frame):
    def stay(key, day, **more):
        admitted = dt.datetime.fromisoformat(day).replace(tzinfo=dt.UTC)
        return {"encounter_id": key, "admitted_at": admitted, "cost_usd": Decimal("10.00")} | more

    rows = encounters(
        stay("A", "2024-01-01T00:00"),
        stay("B", "2024-01-31T23:59"),
        stay("C", "2024-01-15", patient_id="P2", cost_usd=None),
        stay("D", "2024-01-15", status="cancelled"),
        stay("E", "2024-02-01"),
        stay("F", "2024-01-15", encounter_class=None),
        stay("G", "2024-03-01", cost_usd=None),
    )
    at_risk = frame(
        gold.READMISSIONS,
        {"encounter_key": "A", "is_readmitted": True},
        {"encounter_key": "B", "is_readmitted": False},
    )
    dear = frame(gold.COST_ANOMALIES, {"encounter_key": "B"})
    made = monthly_activity(rows, at_risk, dear)
    assert set(made.columns) == set(gold.MONTHLY_ACTIVITY.column_names)
    found = {(str(row["month"])[:7], row["encounter_class"]): row for row in made.collect()}
    names = ("encounters", "patients", "cost_usd", "index_stays", "readmitted", "anomalies")
    assert {key: tuple(row[name] for name in names) for key, row in found.items()} == {
        ("2024-01", "inpatient"): (3, 2, Decimal("20.00"), 2, 1, 1),
        ("2024-02", "inpatient"): (1, 1, Decimal("10.00"), 0, 0, 0),
        ("2024-01", "unknown"): (1, 1, Decimal("10.00"), 0, 0, 0),
        ("2024-03", "inpatient"): (1, 1, None, 0, 0, None),
    }
