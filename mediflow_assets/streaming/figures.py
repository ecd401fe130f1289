"""Figures of a landing and of the alerts: noted in `gold/stream_status`, which is made from them."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mediflow_assets.contracts.events import STREAM_STATUS
from mediflow_assets.storage.delta import Lake

LANDING, ALERTS = "landing", "alerts"


def percentiles(delays_ms: Sequence[int]) -> dict[str, int]:
    """Median and 99th of 100, in milliseconds; nothing of nothing."""
    if not delays_ms:
        return {}
    half, most = np.percentile(np.asarray(delays_ms), [50, 99])
    return {"p50_ms": int(half), "p99_ms": int(most)}


def landing_figures(rows: int, seconds: float, delays_ms: Sequence[int], mode: str) -> dict[str, Any]:
    """What one landing did."""
    told = {"mode": mode, "rows": rows, "at": dt.datetime.now(dt.UTC).isoformat()}
    rate = {"rows_per_second": round(rows / seconds)} if rows and seconds > 0 else {}
    return told | rate | percentiles(delays_ms)


def note_figures(lake: Lake, **figures: Mapping[str, Any]) -> None:
    """Keep figures with the table."""
    lake.note(STREAM_STATUS, **figures)


def noted_figures(lake: Lake, name: str) -> dict[str, Any]:
    """What was noted last."""
    return lake.noted(STREAM_STATUS, name) or {}
