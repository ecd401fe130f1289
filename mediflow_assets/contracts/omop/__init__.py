"""Tables of the OMOP Common Data Model 5.4: made by choice, from Silver, for research beyond the house.

Columns are those of https://ohdsi.github.io/CommonDataModel/cdm54.html, in their order; keys are wider than there. What
the model has and no source tells stays empty. Not here: how rows are made (`transforms.omop`).
"""

from mediflow_assets.contracts.omop.events import (
    CONDITION_OCCURRENCE,
    DRUG_EXPOSURE,
    MEASUREMENT,
    OBSERVATION,
    PROCEDURE_OCCURRENCE,
)
from mediflow_assets.contracts.omop.people import (
    CARE_SITE,
    CDM_SOURCE,
    DEATH,
    OBSERVATION_PERIOD,
    PERSON,
    VISIT_OCCURRENCE,
)

ZONE = "omop"
EVENTS = (CONDITION_OCCURRENCE, PROCEDURE_OCCURRENCE, DRUG_EXPOSURE, MEASUREMENT, OBSERVATION)
TABLES = (PERSON, DEATH, CARE_SITE, VISIT_OCCURRENCE, *EVENTS, OBSERVATION_PERIOD, CDM_SOURCE)
"""In the order in which they are made."""

__all__ = [
    "CARE_SITE",
    "CDM_SOURCE",
    "CONDITION_OCCURRENCE",
    "DEATH",
    "DRUG_EXPOSURE",
    "EVENTS",
    "MEASUREMENT",
    "OBSERVATION",
    "OBSERVATION_PERIOD",
    "PERSON",
    "PROCEDURE_OCCURRENCE",
    "TABLES",
    "VISIT_OCCURRENCE",
    "ZONE",
]
