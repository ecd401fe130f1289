"""A connection whose request line and headers do not arrive in time is closed; bodies have their own deadline."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LONGEST_SECONDS = 15.0


class Deadlined(HttpToolsProtocol):
    """uvicorn's protocol, which else would wait for the headers of a request for ever."""

    _due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """A request is due from now on."""
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        """Bytes of a request. The next one's headers are due from its first byte on."""
        if self._due is None and (self.cycle is None or self.cycle.response_complete):
            self._expect()
        super().data_received(data)

    def on_headers_complete(self) -> None:
        """The headers are here."""
        self._settle()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is due any more."""
        self._settle()
        super().connection_lost(exc)

    def _expect(self) -> None:
        self._due = asyncio.get_running_loop().call_later(LONGEST_SECONDS, self._close)

    def _settle(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _close(self) -> None:
        self._due = None
        self.transport.close()
