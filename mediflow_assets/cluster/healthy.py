"""`python -m mediflow_assets.cluster.healthy URL`: exit 0 if a service answers there. Standard library only.

`http://…` has to answer with a status below 400, `tcp://host:port` has to take a connection.
"""

import socket
import sys
import urllib.request
from urllib.parse import urlsplit

SECONDS = 5.0


def is_healthy(url: str) -> bool:
    """Whether the service answers."""
    try:
        if url.startswith("tcp://"):
            parts = urlsplit(url)
            socket.create_connection((str(parts.hostname), int(parts.port or 0)), SECONDS).close()
            return True
        with urllib.request.urlopen(url, timeout=SECONDS) as reply:  # noqa: S310
            return int(reply.status) < 400
    except (OSError, ValueError):
        return False


if __name__ == "__main__":
    sys.exit(0 if all(is_healthy(url) for url in sys.argv[1:]) else 1)
