"""Flat patients: files of a feed of `sources.toml`, and of nothing else."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mediflow_assets.contracts import patient_records
from mediflow_assets.contracts.source import PATIENTS
from mediflow_assets.sources.aliases import ADMISSION_ALIASES
from mediflow_assets.sources.forms import Form
from mediflow_assets.sources.source import Source

if TYPE_CHECKING:
    from mediflow_assets.sources.source import Transform


def _transforms() -> "Mapping[str, Transform]":
    from mediflow_assets.transforms import patients

    return {PATIENTS: patients.from_records}


_NAMES = ("patient_id", "name", "birth_date", "gender", "zip", "updated_at")
FORM = Form(
    patient_records.SOURCE,
    required=("patient_id",),
    distinctive=("patient_id",),
    aliases={name: ADMISSION_ALIASES[name] for name in _NAMES if name in ADMISSION_ALIASES},
)
PATIENT_RECORDS = Source(
    patient_records.SOURCE,
    _transforms,
    accepts=(FORM.required, tuple(name for name in FORM.columns if name not in FORM.required)),
)
