"""Synthea's CSV export, older and newer releases: three tables that refer to each other."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mediflow_assets.contracts import source, synthea
from mediflow_assets.sources.aliases import ENCOUNTER_ALIASES
from mediflow_assets.sources.forms import Form
from mediflow_assets.sources.lookalikes import refuse_allergies
from mediflow_assets.sources.source import Source

if TYPE_CHECKING:
    from mediflow_assets.sources.source import Transform


def _patients() -> "Mapping[str, Transform]":
    from mediflow_assets.transforms import patients

    return {source.PATIENTS: patients.from_synthea}


def _encounters() -> "Mapping[str, Transform]":
    from mediflow_assets.transforms import encounters

    return {source.ENCOUNTERS: encounters.from_synthea}


def _conditions() -> "Mapping[str, Transform]":
    from mediflow_assets.transforms import conditions

    return {source.CONDITIONS: conditions.from_synthea}


PATIENTS = Source(
    synthea.PATIENTS,
    _patients,
    Form(
        synthea.PATIENTS,
        required=("id", "birthdate", "first", "last", "gender", "address"),
        distinctive=("birthdate", "first", "last"),
    ),
)
ENCOUNTERS = Source(
    synthea.ENCOUNTERS,
    _encounters,
    Form(
        synthea.ENCOUNTERS,
        required=("id", "start", "patient", "encounterclass", "code", "description"),
        distinctive=("encounterclass",),
        aliases=ENCOUNTER_ALIASES,
    ),
)
CONDITIONS = Source(
    synthea.CONDITIONS,
    _conditions,
    Form(
        synthea.CONDITIONS,
        required=("start", "stop", "patient", "encounter", "code", "description"),
        distinctive=("start", "encounter", "code"),
        # procedures, medications, devices and newer allergies have all of these columns, and more
        is_closed=True,
        refuse_lookalike=refuse_allergies,
    ),
)
