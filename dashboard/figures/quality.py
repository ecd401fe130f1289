"""Data quality: checks and their history, grades, what became of each delivery, quarantine, freshness, anomalies."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from dashboard.cells import mark_small, to_nearest
from dashboard.figures.once import once
from dashboard.lake import Snapshot
from mediflow_assets.contracts import TABLES, bronze
from mediflow_assets.contracts.suppression import K
from mediflow_assets.contracts.versions import OUTCOMES, contradicts

PROMISE = timedelta(hours=24)
GRADES = ((0.9999, "A"), (0.99, "B"), (0.95, "C"))
"""From which score on a table has which grade, if its error checks hold. Else D, and F where an error check fails."""
ALL = "all deliveries"
OTHERS = "other diagnoses"
_MONEY = ("cost_usd", "expected_cost_usd", "limit_usd")
_TOLD = ("lower_quartile_usd", "median_usd", "upper_quartile_usd", "times_expected", "limit_from_usd", "limit_to_usd")


@once()
def newest_checks(check_results: Snapshot) -> pl.DataFrame:
    """table, check_name, severity, passed, failing, rows, checked_at: the last result of each check."""
    names = ("table", "check_name", "severity", "passed", "failing", "rows", "checked_at")
    found = check_results.collect(check_results.scan(*names))
    newest = found.sort("checked_at").unique(["table", "check_name"], keep="last")
    return newest.sort("passed", "table", "check_name")


@once()
def checks_shown(check_results: Snapshot) -> pl.DataFrame:
    """The last result of each check, with rows of tables about people to the nearest twenty."""
    is_of_people = pl.col("table").is_in([name for name, contract in TABLES.items() if contract.names_people])
    near = pl.when(is_of_people).then(to_nearest("rows")[0]).otherwise(pl.col("rows"))
    return newest_checks(check_results).with_columns(near.alias("rows"))


@once()
def history(check_results: Snapshot) -> pl.DataFrame:
    """checked_on, outcome, checks: how many checks held and failed on each day."""
    outcome = pl.when("passed").then(pl.lit("held")).otherwise(pl.lit("failed"))
    query = check_results.scan("checked_at", "passed").group_by(
        pl.col("checked_at").dt.date().alias("checked_on"), outcome.alias("outcome")
    )
    return check_results.collect(query.agg(checks=pl.len()).sort("checked_on", "outcome"))


@once()
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


@once()
def reconciled(reconciliation: Snapshot) -> pl.DataFrame:
    """table, delivery, source, records, accepted, newest and what versions were (to the nearest twenty), quarantined,
    erased, balanced, refused: the share that is quarantined, its reasons, unknown words, and contradicts: whether more
    than a fifth of what it touches it contradicts at the same time."""
    rows = ("newest", *OUTCOMES)
    names = ("table", "delivery", "source", "records", "accepted", *rows, "quarantined", "erased", "balanced")
    refused = pl.when(pl.col("records") > 0).then((pl.col("quarantined") / pl.col("records")).round(4)).alias("refused")
    doubtful = contradicts({outcome: pl.col(outcome) for outcome in OUTCOMES}).fill_null(False).alias("contradicts")
    why = ("reasons", "unknown_words")
    found = reconciliation.scan(*names, *why).with_columns(*to_nearest(*rows), refused, doubtful)
    return reconciliation.collect(found.sort("table", "delivery"))


def flow(sums: pl.DataFrame, table: str, delivery: str = ALL) -> pl.DataFrame:
    """from, to, records: delivered → Bronze or rejected; Bronze → accepted, quarantine or erased; accepted → rows of
    one Silver table, or older versions and repeats of them."""
    kept = sums if delivery == ALL else sums.filter(pl.col("delivery") == delivery)
    mine = kept.filter(pl.col("table") == table)
    steps: list[tuple[str, str, int]] = []
    landed = kept.filter(pl.col("table").str.starts_with("bronze/") & pl.col("source").is_in(mine["source"].implode()))
    for row in _summed(landed, "table"):
        steps += [
            ("delivered", row["table"], row["accepted"]),
            ("delivered", "rejected", row["quarantined"]),
            ("delivered", "erased", row["erased"]),
        ]
    accepted = newest = 0
    for row in _summed(mine.with_columns(_bronze=_BRONZE_OF), "_bronze"):
        steps += [
            (row["_bronze"], "quarantine", row["quarantined"]),
            (row["_bronze"], "erased", row["erased"]),
            (row["_bronze"], "accepted", row["accepted"]),
        ]
        accepted, newest = accepted + row["accepted"], newest + row["newest"]
    newest = min(newest, accepted)
    steps += [("accepted", table, newest), ("accepted", "duplicates and older versions", accepted - newest)]
    schema = {"from": pl.String, "to": pl.String, "records": pl.Int64}
    return pl.DataFrame([step for step in steps if step[2]], schema=schema, orient="row")


_BRONZE_OF = pl.col("source").replace({name: source.table.name for name, source in bronze.SOURCES.items()})


def _summed(frame: pl.DataFrame, by: str) -> list[dict[str, Any]]:
    sums = frame.group_by(by).agg(pl.col("records", "accepted", "newest", "quarantined", "erased").sum())
    rows: list[dict[str, Any]] = sums.sort(by).to_dicts()
    return rows


@once()
def quarantine(reasons: Snapshot) -> pl.DataFrame:
    """reason, status, table, source, records."""
    names = ("reason", "status", "table", "source", "records")
    return reasons.collect(reasons.scan(*names).sort("records", "reason", descending=[True, False]))


@once()
def samples(quarantine_samples: Snapshot) -> pl.DataFrame:
    """reason, table, source, delivery, record, status, fields: a few records of each reason, masked."""
    names = ("reason", "table", "source", "delivery", "record", "status", "fields")
    return quarantine_samples.collect(
        quarantine_samples.scan(*names, "sample").sort("reason", "table", "sample").select(names)
    )


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


@once()
def anomalies(cost_anomalies: Snapshot) -> pl.DataFrame:
    """department, diagnosis_code, anomalies, lower_quartile_usd, median_usd, upper_quartile_usd, times_expected,
    limit_from_usd, limit_to_usd, is_hidden: dear encounters by department and diagnosis.

    A diagnosis stands by itself where eleven people have it; the others of a department are one group. A row for each
    encounter is not shown: who counts such rows counts groups of one.
    """
    cost = pl.col("cost_usd")
    found = cost_anomalies.collect(
        cost_anomalies.scan("patient_key", "department", "diagnosis_code", *_MONEY)
        .with_columns(pl.col(_MONEY).cast(pl.Float64))
        .with_columns(_people=pl.col("patient_key").n_unique().over("department", "diagnosis_code"))
        .with_columns(pl.when(pl.col("_people") >= K).then("diagnosis_code").otherwise(pl.lit(OTHERS)))
        .group_by("department", "diagnosis_code")
        .agg(
            people=pl.col("patient_key").n_unique(),
            anomalies=pl.len().cast(pl.Int64),
            lower_quartile_usd=cost.quantile(0.25, "linear"),
            median_usd=cost.median(),
            upper_quartile_usd=cost.quantile(0.75, "linear"),
            times_expected=(cost / pl.col("expected_cost_usd")).median(),
            limit_from_usd=pl.col("limit_usd").min(),
            limit_to_usd=pl.col("limit_usd").max(),
        )
        .sort("department", "diagnosis_code")
    )
    marked = mark_small(found, "people", ("department",)).drop("people")
    shown = [pl.when(~pl.col("is_hidden")).then(pl.col(name)).alias(name) for name in ("anomalies", *_TOLD)]
    told = marked.with_columns(shown).with_columns(pl.col(_TOLD).round(2))
    return told.sort("anomalies", "department", descending=[True, False], nulls_last=True)


def with_peers(found: pl.DataFrame, cost_peers: Snapshot | None) -> pl.DataFrame:
    """The groups with `peers_lower_usd`, `peers_upper_usd`: the middle half of what peers of the diagnosis cost, where
    it is shown; and the `reason` in words."""
    quartiles = {"lower_quartile_cost_usd": "peers_lower_usd", "upper_quartile_cost_usd": "peers_upper_usd"}
    if cost_peers is None:
        told = found.with_columns(pl.lit(None, pl.Float64).alias(name) for name in quartiles.values())
    else:
        peers = cost_peers.scan("department", "diagnosis_code", *quartiles).rename(quartiles)
        wide = cost_peers.collect(peers.with_columns(pl.col(*quartiles.values()).cast(pl.Float64)))
        told = found.join(wide, on=["department", "diagnosis_code"], how="left", maintain_order="left")
    ends = [pl.col(name).round(0).cast(pl.Int64) for name in ("limit_from_usd", "limit_to_usd")]
    reason = pl.format(
        "above the limit of their peers, {} to {} USD by class; half of them {} times the peers' median or more",
        *ends,
        pl.col("times_expected").round(1),
    )
    return told.with_columns(reason=pl.when(~pl.col("is_hidden")).then(reason))
