"""Load by wrk: at a rate, or as much as it takes; latencies as wrk counts them."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SCRIPT = """
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.headers["authorization"] = %(token)s
wrk.body = %(body)s
%(pace)s
function done(summary, latency)
  local e = summary.errors
  local failed = e.connect + e.read + e.write + e.status + e.timeout
  io.write(string.format('{"requests": %%d, "micros": %%d, "p50": %%d, "p99": %%d, "errors": %%d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), failed))
end
"""
_PACE = """
local seeded = false
function delay()
  if not seeded then math.randomseed(tonumber(tostring({}):match("0x(%%x+)"), 16)); seeded = true end
  return math.random() * %(most)d
end
"""
"""Pauses of 0 to twice the mean: connections that pause alike would all ask at the same moment."""


@dataclass(frozen=True)
class Load:
    """What one load found."""

    per_second: float
    p50_ms: float
    p99_ms: float
    errors: int
    requests: int


def load(
    url: str, body: Any, *, seconds: int, connections: int, token: str = "", rate: int | None = None, folder: Path
) -> Load:
    """POST the body to the URL for so long; at `rate` a second, or as fast as the answers come."""
    pace = _PACE % {"most": 2000 * connections // rate} if rate else ""
    script = folder / "load.lua"
    said = json.dumps(body)
    script.write_text(_SCRIPT % {"token": _quoted(f"Bearer {token}"), "body": _quoted(said), "pace": pace})
    command = [
        "wrk",
        "-t",
        "1",
        "-c",
        str(connections),
        "-d",
        f"{seconds}s",
        "--timeout",
        "10s",
        "-s",
        str(script),
        url,
    ]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return _load(json.loads(shown.strip().splitlines()[-1]))


def _load(found: Mapping[str, int]) -> Load:
    rate = found["requests"] / (found["micros"] / 1e6)
    return Load(rate, found["p50"] / 1000, found["p99"] / 1000, found["errors"], found["requests"])


def _quoted(text: str) -> str:
    """A Lua string."""
    return "[==[" + text + "]==]"
