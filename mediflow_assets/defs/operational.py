"""The operational tables that every run makes, in the order in which they are made."""

from mediflow_assets.ml.drift_table import DRIFT
from mediflow_assets.pipeline import operational_tables
from mediflow_assets.privacy.risk_report import PRIVACY_STATUS

OPERATIONAL = (*operational_tables.TABLES, DRIFT, PRIVACY_STATUS)
