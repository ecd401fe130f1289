"""`python -m dashboard [--port 8501]`: the dashboard on localhost, without telemetry."""

import argparse
import os
import sys
from pathlib import Path

from streamlit.web import cli

from mediflow_assets.modes import close_to_others

OPTIONS = {
    "server.headless": "true",
    "server.enableXsrfProtection": "true",
    "server.enableCORS": "true",
    "server.maxUploadSize": "50",
    "server.fileWatcherType": "none",
    "browser.gatherUsageStats": "false",
    "client.showErrorDetails": "none",
    "client.toolbarMode": "minimal",
    "theme.light.textColor": "#000000",
    "theme.light.primaryColor": "#0b5cad",
    "theme.dark.primaryColor": "#7cc0ff",
}
"""No usage statistics, no stack traces, forms guarded; light or dark follows the browser. The faint
texts are a share of the text's colour, so that black makes them readable."""

_ALLOCATOR = {"_RJEM_MALLOC_CONF": "dirty_decay_ms:0,muzzy_decay_ms:0"}
"""Polars gives memory back as soon as a query is over: reading a million encounters left 200 MB behind otherwise."""


def main() -> None:
    """Serve until a signal."""
    close_to_others()
    for name, value in _ALLOCATOR.items():
        os.environ.setdefault(name, value)
    asked = argparse.ArgumentParser(prog="python -m dashboard")
    asked.add_argument("--host", default="127.0.0.1")
    asked.add_argument("--port", type=int, default=8501)
    given = asked.parse_args()
    options = OPTIONS | {"server.address": given.host, "server.port": str(given.port)}
    sys.argv = ["streamlit", "run", str(Path(__file__).with_name("app.py"))]
    sys.argv += [f"--{name}={value}" for name, value in options.items()]
    sys.exit(cli.main())


if __name__ == "__main__":
    main()
