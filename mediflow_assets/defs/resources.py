"""Resources: the Spark session of either engine, and the lakehouse with its lease."""

import sys
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_pyspark import LazyPySparkResource
from dagster_pyspark.resources import spark_session_from_config
from pydantic import PrivateAttr

from mediflow_assets.contracts.omop.choice import Choice
from mediflow_assets.contracts.publish import period_of
from mediflow_assets.identity.prediction_log import PredictionLog
from mediflow_assets.ingest.inbox import Inbox
from mediflow_assets.modes import close_below, is_open
from mediflow_assets.pipeline import damage, settled, upgrade
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.privacy.erasure.journal import refuse_half_erased
from mediflow_assets.secrets.key_change import refuse_half_changed
from mediflow_assets.settings import Settings
from mediflow_assets.sources import Feeds
from mediflow_assets.storage import engine
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.lease import lake_lease
from mediflow_assets.storage.tables import Tables


class EngineResource(LazyPySparkResource):  # type: ignore[misc]
    """A Spark Connect session, made on first use: a run with nothing new never starts an engine."""

    spark_config: dict[str, Any] = {}
    remote: str | None = None
    memory: int | None = None
    """Bytes that the embedded engine is to make do with."""

    _session_id: str | None = PrivateAttr(default=None)
    _spark_session: Any = PrivateAttr(default=None)

    def _init_session(self) -> None:
        if self.remote and self._spark_session is not None and not engine.is_known(self._spark_session):
            # the server was restarted between two steps: the next one goes on in a new session
            engine.forget(self._spark_session)
            self._spark_session = None
        if self._spark_session is None:
            if self.remote:
                engine.check_remote(self.remote)
                url = engine.session_url(self.remote, self._session_id)
            else:
                url = engine.embedded_url(self.memory)
            self._spark_session = spark_session_from_config({**engine.CONFIG, **self.spark_config, "spark.remote": url})

    @property
    def rows_at_once(self) -> int:
        """How many rows a step may hold at once; a cluster sees to its memory itself."""
        return sys.maxsize if self.remote or self.memory is None else engine.rows_at_once(self.memory)

    def named(self, run_id: str) -> None:
        """Give the session the id of the run, by which another process ends what it left running on the cluster."""
        self._session_id = run_id

    def end_session_of(self, run_id: str) -> None:
        """End what a run that died still has running on the cluster, before another one writes the same tables."""
        if self.remote:
            engine.end_session(self.remote, run_id)

    def close(self) -> None:
        """End the session if one was made."""
        if self._spark_session is not None:
            self._spark_session.stop()
            self._spark_session = None


class LakehouseResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The lake, held by lease for as long as the run lasts."""

    home: str
    engine: EngineResource
    lease_wait_seconds: float = 600
    publishes: bool = False
    """Whether this run publishes masked tables although their period has not closed."""

    _bench: RunContext | None = PrivateAttr(default=None)

    @property
    def settings(self) -> Settings:
        """The settings of this home; the other ones come from the environment."""
        return Settings(home=Path(self.home))

    @property
    def inbox(self) -> Inbox:
        """The deliveries to land."""
        return self.settings.open_inbox(self.context.feeds)

    @property
    def context(self) -> RunContext:
        """What the steps are given."""
        assert self._bench is not None, "the lakehouse is used outside a run"
        return self._bench

    @contextmanager
    def engine_started_beside(self, is_wanted: bool) -> Generator[None, None, None]:
        """Start the engine while something else is done, so that the first step to use it does not wait for it."""
        if not is_wanted:
            yield
            return
        with ThreadPoolExecutor(1) as beside:
            # where it cannot start, the step that uses it says why
            beside.submit(self.context.tables.session)
            yield

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Generator["LakehouseResource", None, None]:
        """Take the lease, clear the run of a holder that died, and close the session at the end."""
        settings, run_id = self.settings, context.run_id or "by hand"
        wait = float((context.run.tags if context.run else {}).get("mediflow/lease_wait", self.lease_wait_seconds))
        with lake_lease(settings.lock, run_id, wait) as dead:
            for folder in filter(is_open, settings.folders):
                # an older version, or other hands, made it
                close_below(folder)
            if dead and context.instance:
                fail_dead_run(context.instance, dead)
                self.engine.end_session_of(dead)
            settled.begin_run(settings.root)
            self.engine.named(run_id)
            refuse_half_erased(settings.root)
            refuse_half_changed(settings.secrets)
            tables = Tables(Lake(settings.lake_root), lambda: self.engine.spark_session, self.engine.rows_at_once)
            with damage.naming_damage(tables.lake, "the lake"):
                damage.put_right(tables.lake, *_tables_of(context))
                upgrade.carry_forward(tables.lake, settings.root)
            feeds, requests = Feeds.load(settings.sources_file, settings.timezone), PredictionLog(settings.ops_url)
            self._bench = RunContext(
                tables,
                settings.pseudonym_key(),
                feeds,
                run_id,
                requests,
                settings.shares,
                settings.open_stay_days,
                Choice(settings.omop_dates, settings.omop_vocabulary),
                None if self.publishes else period_of(settings.publish, settings.timezone),
            )
            try:
                yield self
            finally:
                self.engine.close()
                is_enough = settled.are_enough(settings.landing, settings.inbox_uri)
                settled.end_run(settings.root, settings.lake_root, run_id, is_enough)


def _tables_of(context: dg.InitResourceContext) -> tuple[frozenset[str], frozenset[str], bool]:
    """The tables that the run makes, by its plan; those that its steps read or write; whether it is a rebuild."""
    from mediflow_assets.defs.assets.graph import used_by

    run = context.run
    if run is None or context.instance is None or not run.execution_plan_snapshot_id:
        return frozenset(), frozenset(), False
    plan = context.instance.get_execution_plan_snapshot(run.execution_plan_snapshot_id)
    steps = [step for step in plan.steps if step.key in plan.step_keys_to_execute]
    keys = [output.properties.asset_key for step in steps for output in step.outputs if output.properties]
    makes = frozenset(key.to_user_string() for key in keys if key)
    return makes, used_by(makes), run.job_name == damage.REBUILD


def fail_dead_run(instance: dg.DagsterInstance, run_id: str) -> None:
    """Mark a run failed whose process died: left as started, it would keep automation from requesting anything."""
    run = instance.get_run_by_id(run_id)
    if run is not None and not run.is_finished:
        instance.report_run_failed(run, "The process of this run ended before the run did.")
