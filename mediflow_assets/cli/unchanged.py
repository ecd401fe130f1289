"""A run that has nothing to do says so at once: neither Dagster nor the engine is loaded for it."""

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

import typer

from mediflow_assets.cli import output
from mediflow_assets.contracts.omop.choice import Choice
from mediflow_assets.contracts.publish import period_of
from mediflow_assets.pipeline import settled

if TYPE_CHECKING:
    from mediflow_assets.defs.launching import Outcome
    from mediflow_assets.settings import Settings


def home_of(settings: "Settings") -> str:
    """The stamp of the home, of the settings, of the period, and of how far the prediction log has come."""
    from mediflow_assets.identity.prediction_log import PredictionLog

    predictions = str(PredictionLog(settings.ops_url).newest())
    vocabulary = Choice(vocabulary=settings.omop_vocabulary).stamp
    period = str(period_of(settings.publish, settings.timezone))
    return settled.stamp_of_home(settings.root, settings.model_dump_json(), predictions, vocabulary, period)


def said(settings: "Settings", home: str) -> bool:
    """Whether there is nothing to do; says so, and what the last run warned of."""
    found = settled.last(settings.root)
    if found is None or not _is_quiet(settings):
        return False
    lake = settled.stamp_of_lake(settings.lake_root)
    if not found.is_still(lake, home, dt.datetime.now(dt.UTC)):
        return False
    for warned in found.warnings:
        typer.echo(f"warning, which stops nothing: {warned}", err=True)
    at = dt.datetime.fromisoformat(found.at)
    output.line(f"Nothing has arrived and nothing has changed since the run of {at:%Y-%m-%d %H:%M} UTC.")
    return True


def note(settings: "Settings", outcome: "Outcome", home: str) -> None:
    """Keep that a whole run succeeded, which began with this home."""
    found = settled.last(settings.root)
    if found and found.run_id == outcome.run_id:
        settled.keep(settings.root, replace(found, home=home, warnings=outcome.warnings))


def _is_quiet(settings: "Settings") -> bool:
    """Whether nothing waits in the inbox, and nothing comes from elsewhere that only a run would see."""
    from mediflow_assets.sources import Feeds

    if not settled.are_enough(settings.landing, settings.inbox_uri):
        return False
    inbox = settings.open_inbox(Feeds())
    return not inbox.waiting() and not inbox.dropped()
