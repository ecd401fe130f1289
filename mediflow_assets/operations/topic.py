"""How the topic stands: what the tables tell, and what the broker has beyond them."""

from typing import TYPE_CHECKING, Any

from mediflow_assets.contracts.events import ENCOUNTER_EVENTS, delivery_of
from mediflow_assets.errors import MediFlowError, NothingToDo
from mediflow_assets.ingest.event_lease import lock_of
from mediflow_assets.pipeline import landed_offsets
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.lease import held_by, lake_lease
from mediflow_assets.storage.schemas import arrow_schema
from mediflow_assets.streaming import figures
from mediflow_assets.streaming.identity import bounds_of
from mediflow_assets.streaming.ranges import Range, to_land
from mediflow_assets.streaming.status_table import stream_status
from mediflow_assets.streaming.topic_landing import OFF, Topic

if TYPE_CHECKING:
    from mediflow_assets.settings import Settings

_FIGURES = (
    "to_bronze_p50_ms",
    "to_bronze_p99_ms",
    "to_alert_p50_ms",
    "to_alert_p99_ms",
    "rows_per_second",
    "last_landed_at",
    "alerts",
)
NOT_RUNNING = "not running"
_SHOWN = (
    "partition",
    "landed_through",
    "judged_through",
    "records",
    "quarantined",
    "quarantined_share",
    "last_event_at",
)


def read_status(settings: "Settings", lake: Lake) -> dict[str, Any]:
    """Landing, service, lag per partition, and figures."""
    topic = Topic.of(settings)
    rows = {
        row["partition"]: row for row in stream_status(lake, settings.landing, figures.noted_figures(settings.root))
    }
    ends, problem = _ends(topic, lake)
    if settings.landing != OFF and ends is not None and not problem:
        problem = _lost(topic, lake)
    shown = []
    for delivery in sorted({*rows, *(ends or {})}):
        row = rows.get(delivery, {})
        through = row.get("landed_through", -1)
        end = (ends or {}).get(delivery)
        lag = None if end is None else max(end - 1 - through, 0)
        told = {name: row.get(name) for name in _SHOWN} | {"partition": delivery, "landed_through": through}
        shown.append(told | {"lag": lag, "unjudged": through - row.get("judged_through", -1)})
    any_row = next(iter(rows.values()), {})
    return {
        "landing": settings.landing,
        "service": _service(settings),
        "alerts_mode": any_row.get("alerts_mode", "run"),
        "problem": problem,
        "partitions": shown,
        "figures": {name: any_row.get(name) for name in _FIGURES},
    }


def skip_lost(settings: "Settings", lake: Lake) -> list[str]:
    """Take note that the lost offsets will not come. Raises NothingToDo where none are lost."""
    topic = Topic.of(settings)
    landed = landed_offsets.landed_through(lake, topic.name)
    held = bounds_of(lake, topic.broker, topic.name)
    gaps = [
        Range(topic.name, partition, landed[partition] + 1, bounds.first)
        for partition, bounds in sorted(held.items())
        if landed.get(partition, -1) >= 0 and landed[partition] + 1 < bounds.first
    ]
    if not gaps:
        raise NothingToDo("The broker has all that comes next: nothing is lost.")
    with lake_lease(lock_of(settings.root), "stream skip-lost"):
        empty = arrow_schema(ENCOUNTER_EVENTS).empty_table()
        landed_offsets.append(lake, ENCOUNTER_EVENTS, empty, topic.name, {gap.partition: gap.end - 1 for gap in gaps})
    return [str(gap) for gap in gaps]


def _ends(topic: Topic, lake: Lake) -> tuple[dict[str, int] | None, str | None]:
    if topic.landing == OFF:
        return None, None
    try:
        bounds = bounds_of(lake, topic.broker, topic.name)
    except MediFlowError as error:
        return None, str(error)
    return {delivery_of(topic.name, partition): each.end for partition, each in bounds.items()}, None


def _lost(topic: Topic, lake: Lake) -> str | None:
    try:
        to_land(topic.name, bounds_of(lake, topic.broker, topic.name), landed_offsets.landed_through(lake, topic.name))
    except MediFlowError as error:
        return str(error)
    return None


def _service(settings: "Settings") -> str:
    return held_by(lock_of(settings.root)) or NOT_RUNNING
