"""`mediflow run`, and how every command that runs a job launches it through Dagster."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mediflow_assets.cli import context

if TYPE_CHECKING:
    from mediflow_assets.defs.launching import Outcome
    from mediflow_assets.settings import Settings


class Job(StrEnum):
    """What `mediflow run` runs."""

    REFRESH = "refresh"
    TRAIN = "train"
    REBUILD = "rebuild"
    MAINTAIN = "maintain"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("run")(run)


def run(
    select: Annotated[str | None, typer.Option(help="only these assets, in Dagster's selection syntax")] = None,
    job: Annotated[Job, typer.Option(help="what to run")] = Job.REFRESH,
    wait: Annotated[float, typer.Option(help="seconds to wait for the lake")] = 0,
    publish: Annotated[
        bool, typer.Option("--publish", help="show in the masked tables now what has come, before their period closes")
    ] = False,
) -> None:
    """Bring every table up to date from what has arrived."""
    from mediflow_assets.cli import officer, unchanged

    settings = context.settings()
    settings.require_home()
    if select == "models":
        # training, with what it leaves: the scores of the champions
        job, select = Job.TRAIN, None
    with officer.recorded(settings, "run", job):
        if job is not Job.REFRESH or select or publish:
            raise typer.Exit(launch(job, select=select, wait=wait, is_shown=True, publishes=publish))
        began = unchanged.home_of(settings)
        if unchanged.said(settings, began):
            raise typer.Exit()
        raise typer.Exit(launch(job, wait=wait, is_shown=True, began=began))


def launch(
    job_name: str,
    replay: dict[str, str | None] | None = None,
    *,
    select: str | None = None,
    wait: float = 0,
    is_shown: bool = False,
    began: str | None = None,
    has_all_made: bool = False,
    publishes: bool = False,
) -> int:
    """Run a job through Dagster, telling its progress; returns the exit code: 0 done, 1 failed, 3 a check failed.

    `is_shown` says in the end what became of each delivery. `began` is the stamp of the home with which a whole run
    began: with it the next one knows if there is anything to do. `publishes` shows in the masked tables what
    has come although their period has not closed; so does `has_all_made`, which makes the OMOP tables again as well
    where they have been made.
    """
    from mediflow_assets.cli import unchanged
    from mediflow_assets.cli.output import progress
    from mediflow_assets.defs import launching

    settings = context.settings()
    settings.pseudonym_key()
    _refuse_if_held(settings, wait)
    launching.install_dagster_home(settings)
    from mediflow_assets.definitions import build_defs

    publishes |= has_all_made
    defs = build_defs(settings, publishes=publishes)
    if launching.asks_for_omop(select, defs) or (has_all_made and _has_omop(settings)):
        defs = build_defs(settings.model_copy(update={"omop": True}), publishes=publishes)
    config: dict[str, Any] = {}
    if replay is not None:
        from mediflow_assets.defs.assets.silver import SILVER_STEPS

        wanted = {"replay": True} | {name: value for name, value in replay.items() if value}
        config = {"ops": {step: {"config": wanted} for step in SILVER_STEPS}}
    try:
        with progress(job_name) as tell:
            outcome = launching.run_job(defs, job_name, select, config, wait, tell, settings if began else None)
    finally:
        launching.end_engine()
    _tell(outcome)
    if is_shown:
        from mediflow_assets.cli import run_report

        run_report.show(outcome, context.lake(settings))
    if outcome.is_success:
        if began:
            unchanged.note(settings, outcome, began)
        return 0
    return 3 if outcome.failed_checks else 1


def _tell(outcome: "Outcome") -> None:
    for failed in outcome.failed_checks:
        typer.echo(f"check failed: {failed}", err=True)
    for warned in outcome.warnings:
        typer.echo(f"warning, which stops nothing: {warned}", err=True)
    for error in outcome.errors:
        typer.echo(f"Error: {error}", err=True)


def _has_omop(settings: "Settings") -> bool:
    from mediflow_assets.contracts import omop

    return context.lake(settings).open(omop.PERSON) is not None


def _refuse_if_held(settings: "Settings", wait: float) -> None:
    """Say who holds the lake before a run is started that could only fail."""
    from mediflow_assets.storage.lease import lake_lease

    lock = settings.lock
    if not wait and (not isinstance(lock, Path) or lock.exists()):
        with lake_lease(lock, "a look", keep_name=True):
            pass
