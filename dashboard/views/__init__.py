"""One file per page. A page lays out what `figures` computed; it computes nothing itself."""

import gc

from dashboard.views import clinical, executive, governance, predictions, quality, stream

PAGES = {
    "executive": ("Executive Summary", executive.page),
    "clinical": ("Clinical Insights", clinical.page),
    "quality": ("Data Quality & Anomalies", quality.page),
    "predictions": ("ML Insights & Predictions", predictions.page),
    "governance": ("Governance & Lineage", governance.page),
    "stream": ("Live Stream", stream.page),
}
"""Each page: name in the URL → title and what shows it, in the order of the menu."""

# Streamlit collects garbage after each run of a page, before the next one of any session: 0.1 s over the 146,000
# objects of the libraries, which stay for good. Frozen, they are passed over.
gc.collect()
gc.freeze()
