"""What to type to mend a reason for which records were refused."""

from mediflow_assets.contracts import vocabulary
from mediflow_assets.contracts.admissions import SOURCE as ADMISSIONS
from mediflow_assets.operations.unknown_words import UNKNOWN
from mediflow_assets.sources.drafting.mending import mending
from mediflow_assets.sources.systems import WORDY


def what_mends(reason: str, feed: str | None, source: str = "") -> str:
    """The command, and what to change before it; `feed` is that of the records, None where they are of none, and of a
    source."""
    replay = f"mediflow quarantine replay --reason {reason}"
    if (column := reason.removesuffix(UNKNOWN)) in vocabulary.CODED and reason.endswith(UNKNOWN):
        system = source if source in WORDY else ADMISSIONS.system
        mapped = f"mediflow vocabulary map {feed or system} {column} THEIRS OURS"
        return f"mediflow vocabulary unmapped; {mapped}; {replay}"
    advice = mending(reason, feed or "NAME")
    return advice if reason.endswith("_not_arrived") else f"{advice}; then {replay}"
