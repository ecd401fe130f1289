"""The stream: how far it is, what came late or bad, what called for a look."""

import polars as pl

from dashboard.cells import hide_small, to_nearest
from dashboard.figures.once import once
from dashboard.lake import Snapshot
from mediflow_assets.contracts import events, hl7

MOST_ARRIVED = 20
_TOLD_OF = [table.name for table in (events.ENCOUNTER_EVENTS, hl7.HL7_EVENTS, hl7.HL7_MESSAGES)]
_BAD_SCHEMA = {"reason": pl.String, "status": pl.String, "records": pl.Int64}


@once(2)
def status(stream_status: Snapshot) -> pl.DataFrame:
    """Each partition; its alerts, which are about people, to the nearest twenty."""
    found = stream_status.collect(stream_status.scan(*events.STREAM_STATUS.column_names).sort("partition"))
    return found.with_columns(to_nearest("alerts"))


def bad_events(quarantine_reasons: Snapshot | None) -> pl.DataFrame:
    """reason, status, records: events and messages that are open or waiting in quarantine, or could not be split."""
    if quarantine_reasons is None:
        return pl.DataFrame(schema=_BAD_SCHEMA)
    is_bad = pl.col("source").is_in(_TOLD_OF) & pl.col("status").is_in(["open", "waiting", "rejected"])
    query = quarantine_reasons.scan("source", "reason", "status", "records").filter(is_bad)
    return quarantine_reasons.collect(
        query.group_by("reason", "status").agg(pl.col("records").sum()).sort("records", "reason", descending=True)
    )


@once(2)
def alerts(stream_alerts: Snapshot) -> pl.DataFrame:
    """rule, department, people, alerts, is_hidden: counts to the nearest twenty."""
    found = stream_alerts.collect(
        stream_alerts.scan("patient_key", "rule", "department")
        .group_by("rule", "department")
        .agg(people=pl.col("patient_key").n_unique().cast(pl.Int64), alerts=pl.len().cast(pl.Int64))
        .sort("rule", "department")
    )
    return hide_small(found, "people", "alerts")


@once(2)
def alert_rows(stream_alerts: Snapshot) -> pl.DataFrame:
    """alert_id, rule, department, value, expected_low, expected_high, peer_group of the groups that are shown."""
    names = ("alert_id", "rule", "department", "value", "expected_low", "expected_high", "peer_group")
    shown = alerts(stream_alerts).filter(~pl.col("is_hidden")).select("rule", "department").lazy()
    numbers = pl.col("value", "expected_low", "expected_high").cast(pl.Float64)
    query = stream_alerts.scan(*names).join(shown, on=["rule", "department"], how="semi", nulls_equal=True)
    return stream_alerts.collect(query.with_columns(numbers).with_columns(pl.col("value").round_sig_figs(2)))
