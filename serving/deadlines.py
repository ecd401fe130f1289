"""What uvicorn would wait for without end, or take without bound: connections, headers, readers that do not read."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from serving.marked import SECURITY
from serving.problems import response

LONGEST_SECONDS, MOST_HEADER_BYTES, MOST_CONNECTIONS = 15.0, 32_768, 1_000


class Deadlined(HttpToolsProtocol):
    """uvicorn's protocol with bounds: headers within 15 seconds and 32 KiB, replies taken within 15 seconds, so many
    connections. Bodies are bounded in `bodies`. What is refused here is no request yet, and on no audit log."""

    _due: asyncio.TimerHandle | None = None
    _unread_reply: asyncio.TimerHandle | None = None
    _idle_bytes = 0
    """Received since the last byte of a body, or since the headers were complete."""
    _is_past_headers = False

    def connection_made(self, transport: Any) -> None:
        """A request is due from now on."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            self._refuse(503, "Too many connections are open.", retry_after=5)
        else:
            self._expect()

    def data_received(self, data: bytes) -> None:
        """Bytes of a request. The next one's headers are due from its first byte on."""
        if self.transport.is_closing():
            return
        if self._due is None and (self.cycle is None or self.cycle.response_complete):
            self._expect()
        self._idle_bytes += len(data)
        super().data_received(data)
        if self._idle_bytes > MOST_HEADER_BYTES and not self.transport.is_closing():
            self._refuse(431, f"Headers are larger than {MOST_HEADER_BYTES:,} bytes.")

    def on_message_begin(self) -> None:
        """Headers follow."""
        self._is_past_headers = False
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header. Those that follow a chunked body are dropped: nothing here reads them."""
        if not self._is_past_headers:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The headers are here."""
        self._settle()
        self._idle_bytes, self._is_past_headers = 0, True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Some of the body."""
        self._idle_bytes = 0
        super().on_body(body)

    def pause_writing(self) -> None:
        """The client does not read its reply."""
        super().pause_writing()
        if self._unread_reply is None:
            self._unread_reply = asyncio.get_running_loop().call_later(LONGEST_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """It does again."""
        super().resume_writing()
        if self._unread_reply is not None:
            self._unread_reply.cancel()
            self._unread_reply = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is due any more."""
        self._settle()
        if self._unread_reply is not None:
            self._unread_reply.cancel()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        """Bytes that are not HTTP."""
        self._refuse(400, "This is not HTTP.")

    def _refuse(self, status: int, detail: str, retry_after: int | None = None) -> None:
        """A problem as the last bytes of a connection."""
        headers = {"connection": "close", **SECURITY} | ({"retry-after": str(retry_after)} if retry_after else {})
        reply = response(status, detail, headers=headers)
        lines = [name + b": " + value + b"\r\n" for name, value in reply.raw_headers]
        self.transport.write(b"".join([STATUS_LINE[status], *lines, b"\r\n", bytes(reply.body)]))
        self.transport.close()

    def _expect(self) -> None:
        self._due = asyncio.get_running_loop().call_later(LONGEST_SECONDS, self._close)

    def _settle(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _close(self) -> None:
        self._due = None
        self.transport.close()
