"""Running a job in this process, with its events told as they come."""

import os
import shutil
import uuid
import warnings
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._utils.warnings import BetaWarning

from mediflow_assets.contracts import bronze
from mediflow_assets.contracts.omop import ZONE
from mediflow_assets.defs.assets import graph, models
from mediflow_assets.defs.jobs import assured
from mediflow_assets.defs.planning import Planned, planned, waits_for
from mediflow_assets.defs.specs import FARED
from mediflow_assets.errors import SettingsInvalid
from mediflow_assets.pipeline.publication import WAITING
from mediflow_assets.settings import Settings
from mediflow_assets.storage import engine

_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
"""The command tells progress and errors in its own words; the run's page has all of it."""


@dataclass(frozen=True)
class Progress:
    """A step's end: how many are done, of how many, which it was, and whether it succeeded."""

    done: int
    total: int
    step: str
    is_success: bool


@dataclass(frozen=True)
class Outcome:
    """How a run ended: the checks that stopped it, those that only warn, the errors of its steps, in our own words."""

    run_id: str
    is_success: bool
    failed_checks: tuple[str, ...]
    warnings: tuple[str, ...]
    errors: tuple[str, ...]
    landing: Mapping[str, Any] = field(default_factory=dict)
    """What landing tells beside rows: `refused_files`, `refused_deliveries` with the reason, `not_at_rest`."""
    delivery_outcomes: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
    """By Silver table, how the deliveries fared that this run validated."""
    waits_for: str | None = None
    """The period that has to close before the masked tables show what has come."""


def install_dagster_home(settings: Settings) -> Path:
    """Make the folder of Dagster's storage, with the project's `dagster.yaml`, and point DAGSTER_HOME at it."""
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    source = settings.dagster_config or Path(str(files("mediflow_assets"))).parent / "dagster.yaml"
    target = settings.dagster_home / "dagster.yaml"
    if source.exists() and (not target.exists() or target.read_bytes() != source.read_bytes()):
        shutil.copyfile(source, target)
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
    return settings.dagster_home


def make_storage() -> None:
    """Make the databases of Dagster's storage where they are missing."""
    with dg.DagsterInstance.get() as instance:
        instance.get_runs(limit=1)
        instance.all_instigator_state()


def run_job(
    defs: dg.Definitions,
    job_name: str,
    select: str | None = None,
    config: dict[str, Any] | None = None,
    lease_wait_seconds: float = 0,
    on_progress: Callable[[Progress], None] | None = None,
    plans_for: Settings | None = None,
) -> Outcome:
    """Run a job here and wait for it. `select` narrows it to some assets, in Dagster's selection syntax; a refresh that
    `plans_for` a home leaves out what it cannot change."""
    job = defs.resolve_job_def(job_name)
    run_id = str(uuid.uuid4())
    with dg.DagsterInstance.get() as instance:
        plan = planned(instance, plans_for) if plans_for else Planned()
        keys = chosen(select, defs) if select else plan.keys
        if on_progress:
            _listen(instance, run_id, _many_steps(job, keys), on_progress)
        result = job.execute_in_process(
            run_config=_QUIET | (config or {}),
            instance=instance,
            run_id=run_id,
            asset_selection=keys,
            tags={"mediflow/lease_wait": str(lease_wait_seconds), **plan.tags},
            raise_on_error=False,
        )
        outcome = _outcome(result, run_id)
    if plans_for and plan.keys and not outcome.waits_for:
        return replace(outcome, waits_for=waits_for(plans_for))
    return outcome


def _many_steps(job: dg.JobDefinition, keys: Collection[dg.AssetKey] | None) -> int:
    if keys is None:
        return len(job.nodes)
    return sum(not asset.keys.isdisjoint(keys) for asset in (*graph.TABLES, *models.trained()))


def chosen(select: str, defs: dg.Definitions) -> list[dg.AssetKey]:
    """The assets of a selection, with what has to follow them. Raises SettingsInvalid where there are none."""
    known = defs.get_repository_def().asset_graph
    try:
        with warnings.catch_warnings():
            # of tags: the selection itself warns of what it calls
            warnings.simplefilter("ignore", BetaWarning)
            found = dg.AssetSelection.from_string(select).resolve(known)
    except dg.DagsterError:
        found = set()
    keys = sorted(found & set(known.materializable_asset_keys))
    if not keys:
        raise SettingsInvalid("--select names no table: write 'gold/department_costs', 'group:gold' or '+masked/*'.")
    return [dg.AssetKey(name.split("/")) for name in sorted(assured(key.to_user_string() for key in keys))]


def asks_for_omop(select: str | None, defs: dg.Definitions) -> bool:
    """Whether a selection names an OMOP table. Raises SettingsInvalid where it names none at all."""
    return select is not None and any(key.path[0] == ZONE for key in chosen(select, defs))


def end_engine() -> None:
    """Stop the embedded engine, without which the process hangs at its exit."""
    engine.stop_embedded()


def _listen(instance: dg.DagsterInstance, run_id: str, total: int, tell: Callable[[Progress], None]) -> None:
    done = 0

    def on_event(entry: Any) -> None:
        nonlocal done
        event = entry.dagster_event
        if event is not None and (event.is_step_success or event.is_step_failure or event.is_step_skipped):
            done += 1
            tell(Progress(done, total, event.step_key or "", event.is_step_success))

    instance.add_event_listener(run_id, on_event)


def _outcome(result: dg.ExecuteInProcessResult, run_id: str) -> Outcome:
    failed: list[str] = []
    warned: list[str] = []
    errors: list[str] = []
    told: dict[str, dict[str, Any]] = {}
    for event in result.all_events:
        if event.event_type_value == "ASSET_MATERIALIZATION":
            made = event.step_materialization_data.materialization
            told["/".join(made.asset_key.path)] = {name: value.value for name, value in made.metadata.items()}
        if event.event_type_value == "ASSET_CHECK_EVALUATION":
            check = event.asset_check_evaluation_data
            if not check.passed:
                is_warning = check.severity is dg.AssetCheckSeverity.WARN
                (warned if is_warning else failed).append(_told(check))
        if event.is_step_failure and event.step_failure_data.error:
            errors.append(_ours(event.step_key or "", event.step_failure_data.error))
        elif event.is_failure and event.event_type_value == "PIPELINE_FAILURE" and event.job_failure_data.error:
            errors.append(_ours("the run", event.job_failure_data.error))
    delivery_outcomes = {table: metadata[FARED] for table, metadata in told.items() if FARED in metadata}
    landing = told.get(bronze.DELIVERIES.name, {})
    waits_for = next((metadata[WAITING] for metadata in told.values() if WAITING in metadata), None)
    found = tuple(failed), tuple(warned), tuple(dict.fromkeys(errors))
    return Outcome(run_id, result.success, *found, landing, delivery_outcomes, waits_for)


def _told(check: dg.AssetCheckEvaluation) -> str:
    """The table, the check, and how many rows it is about; or the sentence in which the check says it."""
    failing = check.metadata.get("failing")
    if check.description:
        return check.description
    rows = f", {failing.value} row{'' if failing.value == 1 else 's'}" if failing else ""
    share = check.metadata.get("share")
    rows += f" ({share.value})" if failing and share else ""
    return f"{'/'.join(check.asset_key.path)}: {check.check_name}{rows}"


def _ours(step: str, error: Any) -> str:
    """The sentence of our own exception below Dagster's; of any other only the class, for its text may hold values."""
    cause = error
    while cause.cause is not None:
        cause = cause.cause
    own = cause.cls_name in _own_errors()
    text = str(cause.message).strip().removeprefix(f"mediflow_assets.errors.{cause.cls_name}: ")
    return text.splitlines()[0] if own else f"{step}: {cause.cls_name}"


def _own_errors() -> set[str]:
    from mediflow_assets import errors

    return {name for name, value in vars(errors).items() if isinstance(value, type)}
