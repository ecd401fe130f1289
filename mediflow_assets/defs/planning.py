"""What a refresh plans: every table, or all but those that nothing it brings can change.

Each table that is planned costs Dagster's events, and a look. All are planned where the last refresh failed, and where
the last one that planned all is too long ago, or was by another code or other settings.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from mediflow_assets.contracts import bronze
from mediflow_assets.contracts.omop import ZONE
from mediflow_assets.contracts.publish import period_of
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.defs import jobs
from mediflow_assets.defs.assets import graph
from mediflow_assets.defs.bucket import in_bucket
from mediflow_assets.defs.run_tags import ALL_PLANNED, LEFT_OUT
from mediflow_assets.errors import DeliveryRefused, MediFlowError
from mediflow_assets.pipeline import idle, settled
from mediflow_assets.pipeline.damage import look_at
from mediflow_assets.settings import Settings
from mediflow_assets.sources import Feeds
from mediflow_assets.storage.delta import Lake

EVERY = dt.timedelta(hours=6)
"""All are planned after so long, so that no table's freshness, promised within 24 hours, is in doubt."""


MOST_DROPPED = 200
"""More files are not recognised one by one before a run: a sensor has a minute for all that it does."""


@dataclass(frozen=True)
class Planned:
    """The assets of a refresh, None for all of them, and the tags of its run."""

    keys: tuple[dg.AssetKey, ...] | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    def request(self, tags: Mapping[str, str], run_config: Mapping[str, Any] | None = None) -> dg.RunRequest:
        """The run, as a sensor asks for it."""
        keys = None if self.keys is None else list(self.keys)
        return dg.RunRequest(asset_selection=keys, tags={**self.tags, **tags}, run_config=run_config or {})


def planned(instance: dg.DagsterInstance, settings: Settings) -> Planned:
    """What a refresh of the home has to plan."""
    rules = settled.stamp_of_rules(settings.sources_file, settings.secrets, settings.model_dump_json())
    everything = Planned(tags={ALL_PLANNED: rules})
    if not _made_all(instance, rules):
        return everything
    waiting = _waiting(settings)
    if waiting is None or bronze.CORRECTIONS in waiting:
        return everything
    period = period_of(settings.publish, settings.timezone)
    try:
        lake = Lake(settings.lake_root)
        undelivered = idle.undelivered(lake) - waiting
        found = idle.idle(lake, undelivered, settings.pseudonym_key().key_id, period)
        if any(look_at(lake, table) for table in found):
            # a run that makes it sets it right
            return everything
    except MediFlowError:
        # a run says what is wrong with the table
        return everything
    made = {key for asset in graph.TABLES for key in asset.keys if settings.omop or key.path[0] != ZONE}
    left_out = {dg.AssetKey(list(table.key)) for table in found} & made
    if not left_out:
        return everything
    return Planned(tuple(sorted(made - left_out)), {LEFT_OUT: ",".join(sorted(t.name for t in undelivered))})


def waits_for(settings: Settings) -> str | None:
    """The period that has to close before the masked tables show what has come; None where they show all."""
    lake, period = Lake(settings.lake_root), period_of(settings.publish, settings.timezone)
    is_behind = idle.are_behind(lake, settings.pseudonym_key().key_id, period, settings.open_stay_days)
    return period if is_behind else None


def _waiting(settings: Settings) -> frozenset[TableContract] | None:
    """The Bronze tables that records wait for, as far as it is known; None where nobody can tell before they land."""
    inbox = settings.open_inbox(Feeds.load(settings.sources_file, settings.timezone))
    if in_bucket(settings.inbox_uri):
        return None
    try:
        dropped = inbox.dropped()
        if len(dropped) > MOST_DROPPED:
            return None
        sources = [inbox.source_of(path) for path in dropped] + [each.source for each in inbox.waiting()]
    except (DeliveryRefused, OSError):
        # an archive, or what is no delivery
        return None
    named = {bronze.SOURCES[source].table for source in sources}
    return frozenset(named | (set() if settings.landing == "off" else set(idle.STREAMED)))


def _made_all(instance: dg.DagsterInstance, rules: str) -> bool:
    """Whether the last refresh succeeded, and a late one planned every table by these rules."""
    last = instance.get_run_records(dg.RunsFilter(job_name=jobs.refresh.name), limit=1)
    if not last or last[0].dagster_run.status is not dg.DagsterRunStatus.SUCCESS:
        return False
    by_these = dg.RunsFilter(
        job_name=jobs.refresh.name, statuses=[dg.DagsterRunStatus.SUCCESS], tags={ALL_PLANNED: rules}
    )
    made = instance.get_run_records(by_these, limit=1)
    return bool(made) and (made[0].end_time or 0) > (dt.datetime.now(dt.UTC) - EVERY).timestamp()
