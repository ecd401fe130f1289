"""Data quality: checks and their history, grades, what became of each delivery, quarantine, freshness, anomalies."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache

import polars as pl

from dashboard.lake import Snapshot

PROMISE = timedelta(hours=24)
GRADES = ((0.9999, "A"), (0.99, "B"), (0.95, "C"))
"""From which score on a table has which grade, if its error checks hold. Else D, and F where an error check fails."""
ALL = "all deliveries"


@lru_cache(maxsize=4)
def newest_checks(check_results: Snapshot) -> pl.DataFrame:
    """table, check_name, severity, passed, failing, rows, checked_at: the last result of each check."""
    names = ("table", "check_name", "severity", "passed", "failing", "rows", "checked_at")
    found = check_results.collect(check_results.scan(*names))
    newest = found.sort("checked_at").unique(["table", "check_name"], keep="last")
    return newest.sort("passed", "table", "check_name")


@lru_cache(maxsize=4)
def history(check_results: Snapshot) -> pl.DataFrame:
    """checked_on, outcome, checks: how many checks held and failed on each day."""
    outcome = pl.when("passed").then(pl.lit("held")).otherwise(pl.lit("failed"))
    query = check_results.scan("checked_at", "passed").group_by(
        pl.col("checked_at").dt.date().alias("checked_on"), outcome.alias("outcome")
    )
    return check_results.collect(query.agg(checks=pl.len()).sort("checked_on", "outcome"))


@lru_cache(maxsize=4)
def grades(check_results: Snapshot) -> pl.DataFrame:
    """table, grade, score, checks, failed: the score is the mean over the checks of the share of rows that hold."""
    held = 1 - (pl.col("failing") / pl.max_horizontal("rows", pl.lit(1))).clip(0, 1)
    is_broken = (~pl.col("passed") & (pl.col("severity") == "error")).any()
    found = (
        newest_checks(check_results)
        .group_by("table")
        .agg(score=held.mean(), checks=pl.len(), failed=(~pl.col("passed")).sum(), is_broken=is_broken)
    )
    grade = pl.when("is_broken").then(pl.lit("F"))
    for limit, name in GRADES:
        grade = grade.when(pl.col("score") >= limit).then(pl.lit(name))
    graded = found.with_columns(grade=grade.otherwise(pl.lit("D")), score=pl.col("score").round(4))
    return graded.select("table", "grade", "score", "checks", "failed").sort("table")


@lru_cache(maxsize=4)
def reconciled(reconciliation: Snapshot) -> pl.DataFrame:
    """table, delivery, source, records, accepted, quarantined, erased, balanced."""
    names = ("table", "delivery", "source", "records", "accepted", "quarantined", "erased", "balanced")
    return reconciliation.collect(reconciliation.scan(*names).sort("table", "delivery"))


def flow(
    sums: pl.DataFrame, delivery: str = ALL, silver_rows: dict[str, int] | None = None
) -> list[tuple[str, str, int]]:
    """From, to, records: delivered → Bronze or rejected; Bronze → each Silver table, quarantine or erased.

    For all deliveries, `silver_rows` (table → rows) split what was accepted into rows and older versions or duplicates.
    """
    chosen = sums if delivery == ALL else sums.filter(pl.col("delivery") == delivery)
    found: list[tuple[str, str, int]] = []
    for row in (
        chosen.group_by("table")
        .agg(pl.col("records", "accepted", "quarantined", "erased").sum())
        .sort("table")
        .to_dicts()
    ):
        table, accepted = row["table"], row["accepted"]
        if table.startswith("bronze/"):
            found += [("delivered", table, accepted), ("delivered", "rejected", row["quarantined"]),
                      ("delivered", "erased", row["erased"])]  # fmt: skip
            continue
        judged = f"judged for {table}"
        rows = (silver_rows or {}).get(table) if delivery == ALL else None
        found += [(judged, "quarantine", row["quarantined"]), (judged, "erased", row["erased"])]
        if rows is None or rows > accepted:
            found.append((judged, table, accepted))
        else:
            found += [(judged, table, rows), (judged, "duplicates and older versions", accepted - rows)]
    return [step for step in found if step[2]]


@lru_cache(maxsize=4)
def quarantine(reasons: Snapshot) -> pl.DataFrame:
    """reason, status, table, source, records."""
    names = ("reason", "status", "table", "source", "records")
    return reasons.collect(reasons.scan(*names).sort("records", "reason", descending=[True, False]))


def freshness(tables: Iterable[tuple[str, datetime]], now: datetime) -> pl.DataFrame:
    """table, written_at, age_hours, state: against the promise of 24 hours."""
    rows = [
        {
            "table": name,
            "written_at": at,
            "age_hours": round((now - at).total_seconds() / 3600, 1),
            "state": "fresh" if now - at <= PROMISE else "late",
        }
        for name, at in tables
    ]
    schema = {"table": pl.String, "written_at": pl.Datetime("us", "UTC"), "age_hours": pl.Float64, "state": pl.String}
    return pl.DataFrame(rows, schema=schema).sort("age_hours", descending=True)


@lru_cache(maxsize=4)
def anomalies(cost_anomalies: Snapshot, cost_peers: Snapshot | None, most: int = 100_000) -> pl.DataFrame:
    """Encounters above their peers' limit, the furthest first, with the peers' quartiles and the reason."""
    money = ("cost_usd", "expected_cost_usd", "limit_usd")
    names = ("admitted_year", "department", "diagnosis_code", "encounter_class", *money, "peer_group")
    ratio = pl.col("cost_usd") / pl.col("expected_cost_usd")
    query = cost_anomalies.scan(*names).with_columns(pl.col(money).cast(pl.Float64))
    query = query.with_columns(times_expected=ratio.round(2)).sort("times_expected", descending=True).head(most)
    if cost_peers is not None:
        quartiles = ("lower_quartile_cost_usd", "upper_quartile_cost_usd")
        peers = cost_peers.scan("department", "diagnosis_code", *quartiles).with_columns(
            pl.col(quartiles).cast(pl.Float64)
        )
        query = query.join(peers, on=["department", "diagnosis_code"], how="left", maintain_order="left")
    reason = pl.format("{} times the median of {}, above the limit of {} USD", "times_expected",
                       pl.col("peer_group").str.replace_all("_", " and "), "limit_usd")  # fmt: skip
    return cost_anomalies.collect(query.with_columns(reason=reason))
