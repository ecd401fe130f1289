"""Where a table's rows come from: what can be made again from other tables, and what stands nowhere else."""

from mediflow_assets.contracts import assurance, events, gold, links, masked, models, omop, operational, silver

MADE_WHOLE = frozenset(
    table.name
    for table in (
        *links.TABLES,
        *gold.TABLES,
        *masked.TABLES,
        operational.RECONCILIATION,
        operational.QUARANTINE_REASONS,
        operational.QUARANTINE_SAMPLES,
        assurance.PRIVACY_STATUS,
        models.RISK_SCORES,
        models.DRIFT,
        events.STREAM_STATUS,
        *omop.TABLES,
    )
)
"""Tables that their step writes as a whole, from other tables."""
VALIDATED = frozenset(table.name for table in silver.VALIDATED)
"""Tables that can be validated again from Bronze."""
LOGS = frozenset(table.name for table in (operational.CHECK_RESULTS, assurance.LEAK_SCANS, models.MODEL_METRICS))
"""What was checked, scanned and trained: without them only the past is not known any more."""
