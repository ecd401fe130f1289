"""Flat admissions, as hospitals export them: the one source whose headers and values `sources.toml` may map."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mediflow_assets.contracts import admissions
from mediflow_assets.contracts.source import ENCOUNTERS, PATIENTS
from mediflow_assets.sources.aliases import ADMISSION_ALIASES
from mediflow_assets.sources.forms import Form
from mediflow_assets.sources.source import Source

if TYPE_CHECKING:
    from mediflow_assets.sources.source import Transform


def _transforms() -> "Mapping[str, Transform]":
    from mediflow_assets.transforms import encounters, patients

    return {PATIENTS: patients.from_admissions, ENCOUNTERS: encounters.from_admissions}


FORM = Form(
    admissions.SOURCE,
    required=("patient_id", "admission_date"),
    distinctive=("patient_id",),
    aliases=ADMISSION_ALIASES,
)
ADMISSIONS = Source(admissions.SOURCE, _transforms, FORM)
