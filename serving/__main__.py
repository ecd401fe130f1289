"""`python -m serving [--port 8000]`: the gateway on localhost."""

import argparse

import uvicorn


def main() -> None:
    """Serve until a signal."""
    asked = argparse.ArgumentParser(prog="python -m serving")
    asked.add_argument("--host", default="127.0.0.1")
    asked.add_argument("--port", type=int, default=8000)
    given = asked.parse_args()
    uvicorn.run("serving.main:create_app", factory=True, host=given.host, port=given.port, log_level="warning",
                limit_concurrency=1000, timeout_keep_alive=15, h11_max_incomplete_event_size=16_384,
                server_header=False)  # fmt: skip


if __name__ == "__main__":
    main()
