"""The leak scan as an asset: after every other table, and a hit fails the run."""

import dagster as dg

from mediflow_assets.contracts import assurance, events, models, omop
from mediflow_assets.defs.operational import OPERATIONAL
from mediflow_assets.defs.resources import LakehouseResource
from mediflow_assets.defs.specs import check_specs_of, materialized, spec_of
from mediflow_assets.pipeline import gold as builds
from mediflow_assets.pipeline.damage import naming_damage
from mediflow_assets.privacy import leak_scan

_MADE = (
    *(build.contract for build in (*builds.GOLD, *builds.MASKED)),
    *(own.contract for own in OPERATIONAL),
    *omop.TABLES,
    models.RISK_SCORES,
    events.STREAM_ALERTS,
    events.STREAM_STATUS,
)


@dg.multi_asset(
    name="gold_leak_scans",
    specs=[spec_of(assurance.LEAK_SCANS, _MADE)],
    check_specs=check_specs_of(assurance.LEAK_SCANS),
)
def leak_scans(lakehouse: LakehouseResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Looks for identifiers in what was written since the last clean scan."""
    with naming_damage(lakehouse.context.lake, assurance.LEAK_SCANS.name):
        made = leak_scan.make(lakehouse.context, lakehouse.settings.root)
    return materialized(made, lakehouse.context)
