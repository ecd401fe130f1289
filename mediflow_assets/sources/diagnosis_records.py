"""Flat diagnoses: files of a feed of `sources.toml`, and of nothing else."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mediflow_assets.contracts import diagnosis_records
from mediflow_assets.contracts.source import CONDITIONS, ENCOUNTERS
from mediflow_assets.sources.aliases import ADMISSION_ALIASES
from mediflow_assets.sources.forms import Form
from mediflow_assets.sources.source import Source

if TYPE_CHECKING:
    from mediflow_assets.sources.source import Transform


def _transforms() -> "Mapping[str, Transform]":
    from mediflow_assets.transforms import diagnosis_records as transforms

    return {ENCOUNTERS: transforms.encounters_of, CONDITIONS: transforms.conditions_of}


_NAMES = ("patient_id", "encounter_id", "diagnosis_code", "diagnosis_system", "updated_at")
FORM = Form(
    diagnosis_records.SOURCE,
    required=("diagnosis_code",),
    distinctive=("diagnosis_code",),
    aliases={name: ADMISSION_ALIASES[name] for name in _NAMES if name in ADMISSION_ALIASES},
)
DIAGNOSIS_RECORDS = Source(
    diagnosis_records.SOURCE,
    _transforms,
    accepts=(FORM.required, tuple(name for name in FORM.columns if name not in FORM.required)),
)
