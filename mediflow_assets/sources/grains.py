"""What a record of a feed may be, and of which form its files then are. A new grain is a line here."""

from collections.abc import Mapping

from mediflow_assets.contracts.source import LINE_GRAIN
from mediflow_assets.sources.admissions import FORM as ADMISSIONS
from mediflow_assets.sources.forms import Form

ENCOUNTER_GRAIN = "encounter"
FORMS: Mapping[str, Form] = {ENCOUNTER_GRAIN: ADMISSIONS, LINE_GRAIN: ADMISSIONS}
