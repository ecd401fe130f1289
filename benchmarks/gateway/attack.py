"""The attack: 500 connections that send a byte a second, and 20 oversized bodies a second, until it is ended.

`python -m benchmarks.gateway.attack HOST PORT TOKEN`; every fifth slow connection and every second body has a valid
token. On SIGTERM it prints, as JSON, how many of each there were and what they were answered.
"""

import asyncio
import collections
import contextlib
import json
import signal
import sys

SLOW, BODIES_A_SECOND, BODY_BYTES = 500, 20, 3_000_000
_HEAD = (
    "POST /predict HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\ncontent-length: {size}\r\n{token}\r\n"
)
answers: collections.Counter[str] = collections.Counter()


async def slow(host: str, port: int, token: str) -> None:
    """One connection at a time, for ever: opened again when it is closed."""
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection(host, port)
            answers["slow connections"] += 1
            writer.write(_HEAD.format(size=1_000, token=token).encode())
            reply = asyncio.create_task(reader.read(65_536))
            while not reply.done():
                writer.write(b" ")
                await writer.drain()
                await asyncio.wait([reply], timeout=1)
            answers[f"slow: {_status(reply.result())}"] += 1
            writer.close()
        await asyncio.sleep(0.1)


async def oversized(host: str, port: int, token: str) -> None:
    """One body that is too large."""
    answers["oversized bodies"] += 1
    with contextlib.suppress(OSError):
        reader, writer = await asyncio.open_connection(host, port)
        with contextlib.suppress(OSError):
            writer.write(_HEAD.format(size=BODY_BYTES, token=token).encode())
            for _ in range(BODY_BYTES // 60_000):
                writer.write(b" " * 60_000)
                await writer.drain()
        answers[f"oversized: {_status(await reader.read(65_536))}"] += 1
        writer.close()


def _status(reply: bytes) -> str:
    return reply.split()[1].decode() if reply else "closed"


async def attack(host: str, port: int, token: str) -> None:
    """Both, until SIGTERM."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    with_token = f"authorization: Bearer {token}\r\n"
    tasks = {asyncio.create_task(slow(host, port, "" if number % 5 else with_token)) for number in range(SLOW)}
    number = 0
    while not ended.is_set():
        tasks.add(asyncio.create_task(oversized(host, port, with_token if number % 2 else "")))
        number += 1
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), 1 / BODIES_A_SECOND)
    print(json.dumps(answers))
    for task in tasks:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(attack(sys.argv[1], int(sys.argv[2]), sys.argv[3]))
