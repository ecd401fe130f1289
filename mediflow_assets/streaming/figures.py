"""Figures of the landing and of the alerts, kept in a file of the home until `gold/stream_status` is made from them.

Not in the table: the service would change it beside a run that writes it, and one of the two would fail.
"""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

LANDING, ALERTS, LAG = "landing", "alerts", "lag"


def percentiles(delays_ms: Sequence[int]) -> dict[str, int]:
    """Median and 99th of 100, in milliseconds; nothing of nothing."""
    if not delays_ms:
        return {}
    half, most = np.percentile(np.asarray(delays_ms), [50, 99])
    return {"p50_ms": int(half), "p99_ms": int(most)}


def landing_figures(rows: int, seconds: float, delays_ms: Sequence[int]) -> dict[str, Any]:
    """What one landing did."""
    told = {"rows": rows, "at": dt.datetime.now(dt.UTC).isoformat()}
    rate = {"rows_per_second": round(rows / seconds)} if rows and seconds > 0 else {}
    return told | rate | percentiles(delays_ms)


def note_figures(home: Path, **told: Mapping[str, Any]) -> None:
    """Keep figures, each in the place of the last of its name."""
    path = _file(home)
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(json.dumps(noted_figures(home) | told, sort_keys=True))
    new.replace(path)


def noted_figures(home: Path) -> dict[str, Any]:
    """What was noted last, by name."""
    try:
        found = json.loads(_file(home).read_text())
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _file(home: Path) -> Path:
    return home / "stream" / "figures.json"
