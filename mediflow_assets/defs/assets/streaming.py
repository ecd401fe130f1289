"""The topic as assets: its messages, their alerts, and how it stands."""

from collections.abc import Iterator
from dataclasses import replace

import dagster as dg

from mediflow_assets.contracts import events, gold, silver
from mediflow_assets.contracts.hl7 import HL7_EVENTS, HL7_MESSAGES
from mediflow_assets.defs.resources import LakehouseResource
from mediflow_assets.defs.specs import check_specs_of, materialized, spec_of
from mediflow_assets.pipeline import operational_tables
from mediflow_assets.pipeline.damage import naming_damage
from mediflow_assets.streaming import alerts_table, figures
from mediflow_assets.streaming.ranges import Range
from mediflow_assets.streaming.status_table import status_table, told_of
from mediflow_assets.streaming.topic_landing import CONTINUOUS, Topic, land_topic

LANDING_STEP = "encounter_events"
LANDED = "topic_is_landed"


class Offsets(dg.Config):  # type: ignore[misc]
    """Offsets of one partition, `start` with, `end` without."""

    partition: int
    start: int
    end: int


class Ranges(dg.Config):  # type: ignore[misc]
    """What to land: offsets only, never a message. Nothing given: whatever the broker has."""

    topic: str | None = None
    offsets: list[Offsets] = []

    def ranges(self, topic: str) -> list[Range]:
        """The offsets as ranges, of this topic unless the config names one."""
        return [Range(self.topic or topic, each.partition, each.start, each.end) for each in self.offsets]


def config_of(ranges: list[Range]) -> dict[str, object]:
    """The run config that asks for these ranges, of one topic."""
    offsets = [{"partition": each.partition, "start": each.start, "end": each.end} for each in ranges]
    return {"ops": {LANDING_STEP: {"config": {"topic": ranges[0].topic, "offsets": offsets}}}}


_JUDGED_BY = (events.ENCOUNTER_EVENTS, HL7_EVENTS, HL7_MESSAGES, silver.ENCOUNTERS, gold.COST_BASELINES)
_TOLD_OF = (events.STREAM_ALERTS, events.ENCOUNTER_EVENTS, HL7_EVENTS, HL7_MESSAGES, silver.ENCOUNTERS)


@dg.multi_asset(
    name=LANDING_STEP,
    specs=[spec_of(events.ENCOUNTER_EVENTS), spec_of(HL7_EVENTS)],
    check_specs=[
        dg.AssetCheckSpec(
            LANDED, asset=list(events.ENCOUNTER_EVENTS.key), description="Whether what waits in the topic was landed."
        )
    ],
)
def encounter_events(
    context: dg.AssetExecutionContext, config: Ranges, lakehouse: LakehouseResource
) -> Iterator[dg.MaterializeResult]:  # type: ignore[type-arg]
    """Lands messages in batch landing; in continuous landing the service does, and this only looks."""
    lake, settings = lakehouse.context.lake, lakehouse.settings
    with naming_damage(lake, events.ENCOUNTER_EVENTS.name, (events.ENCOUNTER_EVENTS, HL7_EVENTS)):
        told = land_topic(
            lake, settings.root, Topic.of(settings), config.ranges(settings.topic), f"run {context.run_id}"
        )
        lake.ensure(HL7_EVENTS)
    problem = told.get("not_landed")
    # files go their way: it is told, and stops nothing
    landed = dg.AssetCheckResult(
        check_name=LANDED, passed=not problem, severity=dg.AssetCheckSeverity.WARN, description=problem
    )
    for table, results in ((events.ENCOUNTER_EVENTS, [landed]), (HL7_EVENTS, [])):
        counts = {"dagster/row_count": lake.rows(table), "version": lake.version(table)}
        yield dg.MaterializeResult(asset_key=list(table.key), metadata=counts | told, check_results=results)


@dg.multi_asset(
    name="gold_stream_alerts",
    specs=[spec_of(events.STREAM_ALERTS, _JUDGED_BY)],
    check_specs=check_specs_of(events.STREAM_ALERTS),
)
def alerts(lakehouse: LakehouseResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Validates what landed in the run; in continuous landing the service has validated it in real time."""
    settings = lakehouse.settings
    with naming_damage(lakehouse.context.lake, events.STREAM_ALERTS.name, (events.STREAM_ALERTS, *_JUDGED_BY)):
        made = alerts_table.make(lakehouse.context, settings.topic, settings.landing == CONTINUOUS)
        if "p50_ms" in made.figures:
            figures.note_figures(settings.root, alerts=dict(made.figures) | {"mode": events.IN_RUN})
        return materialized(made, lakehouse.context)


@dg.multi_asset(
    name="gold_stream_status",
    specs=[spec_of(events.STREAM_STATUS, _TOLD_OF)],
    check_specs=check_specs_of(events.STREAM_STATUS),
)
def status(lakehouse: LakehouseResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
    """Figures of the topic, from the tables."""
    lake, landing = lakehouse.context.lake, lakehouse.settings.landing
    noted = figures.noted_figures(lakehouse.settings.root)
    with naming_damage(lake, events.STREAM_STATUS.name, (events.STREAM_STATUS, *_TOLD_OF)):
        made = operational_tables.make(lakehouse.context, status_table(landing, noted))
        return materialized(
            replace(made, figures=told_of(lake.read(events.STREAM_STATUS).to_pylist())), lakehouse.context
        )


ALL = [encounter_events, alerts, status]
