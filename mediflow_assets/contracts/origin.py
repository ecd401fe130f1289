"""Where a table's rows come from: what can be made again from other tables, and what stands nowhere else."""

from mediflow_assets.contracts import assurance, events, gold, house, masked, models, silver

MADE_WHOLE = frozenset(
    table.name
    for table in (
        *gold.TABLES,
        *masked.TABLES,
        house.RECONCILIATION,
        house.QUARANTINE_REASONS,
        house.QUARANTINE_SAMPLES,
        assurance.PRIVACY_STATUS,
        models.RISK_SCORES,
        models.DRIFT,
        events.STREAM_STATUS,
    )
)
"""Tables that their step writes as a whole, from other tables."""
JUDGED = frozenset(table.name for table in silver.JUDGED)
"""Tables that can be judged anew from Bronze."""
LOGS = frozenset(table.name for table in (house.CHECK_RESULTS, assurance.LEAK_SCANS, models.MODEL_METRICS))
"""What was checked, scanned and trained: without them only the past is not known any more."""
