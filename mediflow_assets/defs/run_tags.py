"""Tags of a run that say what it planned."""

ALL_PLANNED = "mediflow/all_planned"
"""Of a refresh that planned every table: by which rules."""
LEFT_OUT = "mediflow/left_out"
"""Of one that did not: the Bronze tables that nobody ever delivered, which it leaves as they are."""
