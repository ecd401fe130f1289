"""OperationOutcomes: what a server says went wrong, as codes and counts. Its own words may name a patient."""

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from mediflow_assets.ingest.bulk_export.lines import lines_of

SEVERITIES = ("fatal", "error", "warning", "information", "success")
"""https://hl7.org/fhir/valueset-issue-severity.html"""
UNREAD = "unread"
"""A line that is no OperationOutcome."""
INCOMPLETE = frozenset(("fatal", "error", UNREAD))
"""What stands for resources that may be missing."""
_CODES = frozenset(
    (
        "invalid",
        "structure",
        "required",
        "value",
        "invariant",
        "security",
        "login",
        "unknown",
        "expired",
        "forbidden",
        "suppressed",
        "processing",
        "not-supported",
        "duplicate",
        "multiple-matches",
        "not-found",
        "deleted",
        "too-long",
        "code-invalid",
        "extension",
        "too-costly",
        "business-rule",
        "conflict",
        "transient",
        "lock-error",
        "no-store",
        "exception",
        "timeout",
        "incomplete",
        "throttled",
        "informational",
    )
)
"""https://hl7.org/fhir/valueset-issue-type.html"""


def told_codes(body: bytes) -> str:
    """The codes of an OperationOutcome, in brackets; nothing where there is none."""
    codes = [code for issue in _issues(body) if (code := issue.get("code")) in _CODES]
    return f" ({', '.join(dict.fromkeys(codes))})" if codes else ""


def severities(path: Path) -> Counter[str]:
    """How many issues of each severity a file of OperationOutcomes tells."""
    counts: Counter[str] = Counter()
    for line in lines_of(path):
        told = [issue.get("severity") for issue in _issues(line)]
        counts.update(each if each in SEVERITIES else UNREAD for each in told or [UNREAD])
    return counts


def _issues(body: bytes) -> list[dict[str, Any]]:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    issues = found.get("issue") if isinstance(found, dict) else None
    return [each for each in issues if isinstance(each, dict)] if isinstance(issues, list) else []
