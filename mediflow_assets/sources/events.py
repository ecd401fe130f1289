"""Encounter events, the messages of a topic: they come as a stream, and take the way of files from Bronze on."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mediflow_assets.contracts import events
from mediflow_assets.contracts.source import ENCOUNTERS, PATIENTS
from mediflow_assets.sources.source import Source

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from mediflow_assets.sources.source import Transform


def _transforms() -> "Mapping[str, Transform]":
    from mediflow_assets.transforms import events

    return {PATIENTS: events.patients_of, ENCOUNTERS: events.encounters_of}


def _unpack(rows: "DataFrame") -> "DataFrame":
    from mediflow_assets.transforms import events

    return events.as_records(rows)


EVENTS = Source(events.SOURCE, _transforms, unpack=_unpack)
