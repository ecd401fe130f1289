"""What the pages have to show of `lakes.fill`, worked out from its rows by hand: loops over lists, no Polars."""

from collections import Counter
from collections.abc import Callable
from statistics import median
from typing import Any

from dashboard.tests.lakes import encounters

SMALL = "HOSPICE"
"""The department of five people: nothing of it may show."""


def _near(count: int) -> int:
    return int((count + 10) / 20) * 20


def _metrics(page: Any) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def _table(page: Any, title: str) -> list[dict[str, Any]]:
    labels = [each.label.removeprefix("Table and download: ") for each in page.expander if "Table and" in each.label]
    frame = page.dataframe[labels.index(title)].value
    return [
        {name: None if value != value else value for name, value in row.items()} for row in frame.to_dict("records")
    ]


def _executive(page: Any) -> None:
    rows = [row for row in encounters() if row["admitted_year"] == 2024 and row["department"] != SMALL]
    stays = [dict(row, back=at % 4 == 0) for at, row in enumerate(encounters())]
    # cardiology is given up, so that all departments less those that are shown do not tell the five people's
    stays = [row for row in stays if row["admitted_year"] == 2024 and row["department"] == "SURGERY"]
    dear = [row for row in encounters()[:501] if row["admitted_year"] == 2024]
    # the total by itself, not what the cells come to
    count, cost = 100, 7000
    rate = 100 * sum(row["back"] for row in stays) / len(stays)
    assert _metrics(page) == {
        "Encounters": f"{count}",
        "Total cost": f"${cost:,}",
        "Average cost": f"${cost / count:,.0f}",
        "Patients": f"at least {_near(len({row['patient_key'] for row in rows})) - 10}",
        "30-day readmission rate": f"{rate:.1f} %",
        "Cost anomalies": f"{len(dear)}",
    }
    assert {(row["department"], row["encounters"]) for row in _table(page, "Volume by month")} == {
        ("all", 100),
        ("CARDIOLOGY", 48),
        ("SURGERY", 47),
        (SMALL, None),
    }
    wards = {row["department"]: row["cost_usd"] for row in _table(page, "Volume and cost by department")}
    assert wards == {"CARDIOLOGY": 48 * 70.0, "SURGERY": 47 * 70.0, SMALL: None}


def _clinical(page: Any) -> None:
    people: dict[tuple[str, str], set[str]] = {}
    for row in encounters():
        people.setdefault((row["age_band"], row["gender"]), set()).add(row["patient_key"])
    shown = {(row["age_band"], row["gender"]): row["patients"] for row in _table(page, "Age bands by gender")}
    assert shown == {key: _near(len(who)) if len(who) > 10 else None for key, who in people.items()}
    costs = [float(row["cost_usd"]) for row in encounters() if row["age_band"] == "65-69"]
    (old,) = (row for row in _table(page, "Cost by age band") if row["age_band"] == "65-69")
    assert (old["median_usd"], old["encounters"]) == (round(median(costs), 2), _near(len(costs)))
    nights = [1 + at % 7 for at, row in enumerate(encounters()) if row["department"] == "SURGERY"]
    (ward,) = (row for row in _table(page, "Length of stay") if row["department"] == "SURGERY")
    assert (ward["stays"], ward["median_days"]) == (_near(len(nights)), median(nights))
    (code,) = _table(page, "Most frequent diagnoses")
    assert (code["encounters"], code["average_cost_usd"]) == (31, round(900 / 31, 2))
    (month,) = _table(page, "Monthly census")
    assert (month["average_census"], month["days"]) == (13.5, 31)
    for row in _table(page, "30-day readmission by department"):
        mine = [at % 4 == 0 for at, stay in enumerate(encounters()) if stay["department"] == row["department"]]
        assert (row["readmitted"], row["index_stays"]) == (sum(mine), len(mine))
        assert row["lower"] < sum(mine) / len(mine) < row["upper"]


def _quality(page: Any) -> None:
    assert _metrics(page) == {"Checks that hold": "3 of 4", "Tables with grade A": "0 of 1", "Cost anomalies": "501"}
    assert [(row["grade"], row["failed"]) for row in _table(page, "Grade of each table")] == [("F", 1)]
    flow = {(row["from"], row["to"]): row["records"] for row in _table(page, "What became of each record")}
    rows = _near(871) + _near(9)
    assert flow == {
        ("delivered", "bronze/admissions"): 1020,
        ("delivered", "rejected"): 10,
        ("bronze/admissions", "quarantine"): 54,
        ("bronze/admissions", "erased"): 1,
        ("bronze/admissions", "accepted"): 965,
        ("accepted", "silver/encounters"): rows,
        ("accepted", "duplicates and older versions"): 965 - rows,
    }
    sums = {(row["table"], row["delivery"]): row for row in _table(page, "Reconciliation")}
    known = [sums["silver/encounters", delivery] for delivery in ("abcdefabcdef", "123456123456")]
    told = ("new", "newer", "older", "same", "conflicting", "ended")
    assert [row[name] for row in known for name in told] == [
        *map(_near, (850, 30, 20, 28, 20, 2)),
        *map(_near, (9, 0, 0, 4, 2, 0)),
    ]
    # 20 of 100 is not more than a fifth; 2 of 6 is
    assert [row["contradicts"] for row in known] == [False, True]
    assert any("1 of 4 sums" in each.value for each in page.warning)
    reasons = {(row["reason"], row["records"]) for row in _table(page, "Quarantine by reason")}
    assert reasons == {("age_impossible", 51), ("patient_unknown", 6)}
    assert [row["fields"] for row in _table(page, "Masked samples of quarantine")] == [
        "age: ###, name: (kept back)"
    ] * 2
    wards = Counter(row["department"] for row in encounters()[:501])
    dear = {row["department"]: row for row in _table(page, "Cost anomalies and their peers")}
    assert {ward: row["anomalies"] for ward, row in dear.items()} == dict(wards)
    assert "limit of their peers, 8000 to 8000 USD" in dear["SURGERY"]["reason"]
    assert "3.0 times the peers' median" in dear["SURGERY"]["reason"]
    assert (dear["SURGERY"]["peers_lower_usd"], dear["SURGERY"]["peers_upper_usd"]) == (10.0, 30.0)


def _predictions(page: Any) -> None:
    versions = {row["version"]: row["role"] for row in _table(page, "Versions")}
    assert versions == {"1": "champion", "2": "challenger"}
    r2 = next(row for row in _table(page, "Champion and challenger beside baselines") if row["metric"] == "r2")
    assert (r2["champion (version 1)"], r2["challenger (version 2)"], r2["mean"], r2["rows"]) == (2.5, 3.5, 2.5, 60)
    bins = [(row["role"], row["predicted"], row["observed"]) for row in _table(page, "Calibration")]
    assert bins == [("champion", 1.4, 2.5), ("challenger", 1.4, 3.5)]
    assert [(row["group"], row["rows"]) for row in _table(page, "Groups of patients")] == [("gender=F", 60)] * 2
    assert [(row["value"], row["has_drifted"]) for row in _table(page, "Drift")] == [(1.3, True)]


def _governance(page: Any) -> None:
    shown = _metrics(page)
    assert not shown or shown == {"Pseudonym key": "k1", "Age of the key": "12 days", "Audit log": "verified"}
    assert [row["hits"] for row in _table(page, "Leak scans")] == [0]
    assert [(row["min_k"], row["records"]) for row in _table(page, "How well people are hidden")] == [(11, 900)]
    cells = {row["table"]: (row["cells"], row["suppressed"]) for row in _table(page, "Suppressed cells")}
    assert cells["masked/monthly_activity"] == (9, 1)
    policy = {row["column"]: row["verb"] for row in _table(page, "What is masked, column by column")}
    assert (policy["patient_id"], policy["ssn"], policy["birth_date"]) == ("pseudonym(patient)", "drop", "age_band")


def _stream(page: Any) -> None:
    assert _metrics(page) == {"Events per second": "100", "Lag": "25", "Late events": "6", "Bad events": "6"}
    assert [row["alerts"] for row in _table(page, "Partitions")] == [40, 40]
    assert {row["department"]: row["alerts"] for row in _table(page, "Alerts")} == {SMALL: None, "SURGERY": 40}


EXPECTED: dict[str, Callable[[Any], None]] = {
    "executive": _executive,
    "clinical": _clinical,
    "quality": _quality,
    "predictions": _predictions,
    "governance": _governance,
    "stream": _stream,
}
"""Page → what raises where a figure is not the tables'."""
