"""`python -m serving [--port 8000]`: the gateway on localhost."""

import argparse
import os

import uvicorn

from mediflow_assets.errors import MediFlowError
from mediflow_assets.modes import close_to_others
from mediflow_assets.settings import Settings
from serving.deadlines import Deadlined
from serving.logs import configure


def main() -> None:
    """Serve until a signal."""
    asked = argparse.ArgumentParser(prog="python -m serving")
    asked.add_argument("--host", default="127.0.0.1")
    asked.add_argument("--port", type=int, default=8000)
    given = asked.parse_args()
    configure()
    close_to_others()
    try:
        Settings().require_home()
    except MediFlowError as error:
        raise SystemExit(f"Error: {error}") from None
    # a client may write any address into X-Forwarded-For: only a proxy that is named is believed
    proxies = os.environ.get("FORWARDED_ALLOW_IPS", "")
    uvicorn.run(
        "serving.main:create_app",
        factory=True,
        host=given.host,
        port=given.port,
        log_config=None,
        access_log=False,
        http=Deadlined,
        ws="none",
        timeout_keep_alive=15,
        timeout_graceful_shutdown=8,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
    )


if __name__ == "__main__":
    main()
