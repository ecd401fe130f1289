"""MLLP: HL7 v2 messages over TCP, each acknowledged once it is on disk (HL7 2.5.1, 2.9.2; MLLP release 1).

AA, in enhanced mode CA: it is stored, or was before. AE, CE: it is not, and why, without a word of the message. Many
senders, one writer: what has come meanwhile is written together.
"""

import asyncio
import contextlib
import datetime as dt
import secrets
import ssl
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from mediflow_assets.contracts.hl7_message import Marks, Message, Unreadable, decoded
from mediflow_assets.streaming.message_spool import BEGIN, END, MessageSpool

PORT = 2575
"""As IANA has registered it for HL7."""
_TOGETHER_BYTES, _LOOK_SECONDS, _LAST_SECONDS = 8 << 20, 1.0, 0.1
_NOT_STORED, _TOO_LONG = "not stored, send it again", "record_too_long"
_Waiting = tuple[bytes, "asyncio.Future[bool]"]


@dataclass(frozen=True)
class Bounds:
    """How much senders may ask for."""

    message_bytes: int = 4 << 20
    connections: int = 64
    idle_seconds: float = 600.0


@dataclass
class Listener:
    """Takes messages from senders into a spool that is open."""

    spool: MessageSpool
    bounds: Bounds = field(default_factory=Bounds)
    counts: Counter[str] = field(default_factory=Counter)

    async def run(
        self,
        host: str,
        port: int,
        tls: ssl.SSLContext | None,
        stop: asyncio.Event,
        ready: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Listen until told to stop; what was begun to be stored is acknowledged."""
        self._coming: asyncio.Queue[_Waiting | None] = asyncio.Queue()
        self._open: set[asyncio.Task[None]] = set()
        limit = self.bounds.message_bytes + len(BEGIN + END) + 1
        server = await asyncio.start_server(self._serve, host, port, ssl=tls, limit=limit)
        writer = asyncio.create_task(self._write())
        try:
            ready(server.sockets[0].getsockname()[1])
            stopped = asyncio.create_task(stop.wait())
            await asyncio.wait((stopped, writer), return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
        finally:
            server.close()
            self._coming.put_nowait(None)
            await writer
            # what is stored is acknowledged if its sender still listens
            await asyncio.sleep(_LAST_SECONDS)
            for task in list(self._open):
                task.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if len(self._open) >= self.bounds.connections:
            self.counts["turned away"] += 1
            writer.close()
            return
        self._open.add(task)
        try:
            # a sender that is gone, silent or cut off ends its own connection only
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError, asyncio.CancelledError):
                while await self._answer(reader, writer):
                    pass
        finally:
            self._open.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Take one message and acknowledge it; whether there may be another."""
        try:
            frame = await asyncio.wait_for(reader.readuntil(END + b"\r"), self.bounds.idle_seconds)
        except asyncio.LimitOverrunError:
            await self._send(writer, None, _TOO_LONG)
            return False
        message = frame.removesuffix(END + b"\r").rpartition(BEGIN)[2].strip(b" \t\r\n")
        read, problem = _read(message)
        if problem is None and not await self._store(message):
            problem = _NOT_STORED
        await self._send(writer, read, problem)
        return True

    async def _send(self, writer: asyncio.StreamWriter, message: Message | None, problem: str | None) -> None:
        self.counts["refused" if problem else "acknowledged"] += 1
        if (code := answer_code(message, problem)) is None:
            return
        writer.write(BEGIN + acknowledgement(message, problem, code).encode() + END + b"\r")
        await asyncio.wait_for(writer.drain(), self.bounds.idle_seconds)

    async def _store(self, message: bytes) -> bool:
        stored: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._coming.put_nowait((message, stored))
        return await stored

    async def _write(self) -> None:
        """Write what comes, until None does; a file that is old enough becomes a delivery meanwhile."""
        is_over = False
        while not is_over:
            together = await self._next()
            is_over = None in together
            given = [each for each in together if each is not None]
            is_stored = await asyncio.to_thread(self._keep, [message for message, _ in given])
            for _, stored in given:
                if not stored.done():
                    stored.set_result(is_stored)

    async def _next(self) -> "list[_Waiting | None]":
        try:
            together = [await asyncio.wait_for(self._coming.get(), _LOOK_SECONDS)]
        except TimeoutError:
            return []
        size = 0
        while not self._coming.empty() and size < _TOGETHER_BYTES:
            together.append(self._coming.get_nowait())
            size += len(together[-1][0]) if together[-1] else 0
        return together

    def _keep(self, messages: list[bytes]) -> bool:
        try:
            self.counts["stored"] += self.spool.add(messages)
        except OSError:
            return False
        # one that cannot be moved now is moved later
        with contextlib.suppress(OSError):
            self.spool.close_if_due()
        return True


def answer_code(message: Message | None, problem: str | None) -> str | None:
    """The code of the answer, None where none is wanted: in enhanced mode (MSH-15, 2.9.3) CA or CE where MSH-15 asks
    for it, else AA or AE where MSH-16 does; in original mode AA or AE."""
    accept, application = (message("MSH")(field) if message else None for field in (15, 16))
    if accept and _is_wanted(accept, problem):
        return "CE" if problem else "CA"
    if accept and not (application and _is_wanted(application, problem)):
        return None
    return "AE" if problem else "AA"


def _is_wanted(condition: str, problem: str | None) -> bool:
    """By table 0155: always, never, on errors, on success."""
    wanted = {"NE": False, "ER": problem is not None, "SU": problem is None}
    return wanted.get(condition.upper(), True)


def acknowledgement(message: Message | None, problem: str | None, code: str) -> str:
    """The answer to a message, in its own marks, to its sender."""
    marks = message.marks if message else Marks("|")
    f, c = marks.field, marks.component
    now = dt.datetime.now(dt.UTC)
    # as they stand, escaped
    raw = message("MSH").fields if message else []
    told = {place: raw[place] if place < len(raw) else "" for place in (3, 4, 5, 6, 9, 10, 11, 12)}
    event = told[9].partition(c)[2].partition(c)[0]
    header = [
        "MSH",
        f"{c}{marks.repetition}{marks.escape}{marks.subcomponent}",
        *(told[place] for place in (5, 6, 3, 4)),
        f"{now:%Y%m%d%H%M%S}+0000",
        "",
        c.join(("ACK", event, "ACK")) if event else "ACK",
        secrets.token_hex(8),
        told[11] or "P",
        told[12] or "2.5",
    ]
    answer = ["MSA", code, told[10], *([problem] if problem else [])]
    return f"{f.join(header)}\r{f.join(answer)}\r"


def tls_context(certificate: Path, key: Path, clients: Path | None) -> ssl.SSLContext:
    """TLS with a certificate; of senders as well, where those who may send have theirs of some authority."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(clients) if clients else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    context.verify_mode = ssl.CERT_REQUIRED if clients else ssl.CERT_NONE
    return context


def _read(raw: bytes) -> tuple[Message | None, str | None]:
    """A message, and what stands against it."""
    try:
        message = Message(decoded(raw))
    except Unreadable as problem:
        return None, str(problem)
    if message.type is None:
        return message, "no_message_type"
    return message, None if message("MSH")(10) else "no_control_id"
