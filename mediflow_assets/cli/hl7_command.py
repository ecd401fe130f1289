"""`mediflow hl7`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mediflow_assets.cli import context, output

if TYPE_CHECKING:
    import ssl

LOCAL = ("127.0.0.1", "::1", "localhost")


def register(app: typer.Typer) -> None:
    """Add the group."""
    context.group(app, "hl7", "HL7 v2 messages that are sent.", listen=listen)


def listen(
    host: Annotated[str, typer.Option(help="the address to listen at")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="its port; 0: one that is free")] = 2575,
    tls_certificate: Annotated[Path | None, typer.Option(help="a PEM file: then TLS only")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="the PEM file of its key")] = None,
    tls_clients: Annotated[Path | None, typer.Option(help="a PEM file: senders need a certificate of these")] = None,
    message_bytes: Annotated[int, typer.Option(min=1024, max=64 << 20, help="bytes of the longest message")] = 4 << 20,
    connections: Annotated[int, typer.Option(min=1, help="senders at a time")] = 64,
    idle_seconds: Annotated[float, typer.Option(min=1, help="seconds in which a sender must send a message")] = 600,
    close_bytes: Annotated[int, typer.Option(min=1, help="bytes at which a file becomes a delivery")] = 16 << 20,
    close_seconds: Annotated[float, typer.Option(min=0, help="its age in seconds at which it does")] = 60,
) -> None:
    """Take HL7 v2 messages (MLLP) into the inbox, each on disk before it is acknowledged, until SIGTERM or Ctrl-C."""
    import asyncio

    from mediflow_assets.operations import home
    from mediflow_assets.streaming.message_spool import MessageSpool
    from mediflow_assets.streaming.mllp import Bounds, Listener

    tls = _tls(tls_certificate, tls_key, tls_clients)
    if host not in LOCAL and tls is None:
        output.warn(f"Messages to {host} come in plain text: --tls-certificate and --tls-key encrypt them.")
    settings = context.settings()
    home.make_home(settings)
    with MessageSpool(settings.inbox, close_bytes, close_seconds) as spool:
        listener = Listener(spool, Bounds(message_bytes, connections, idle_seconds))
        try:
            asyncio.run(_until_told(listener, host, port, tls))
        except OSError as error:
            context.usage(f"cannot listen at {host}:{port} ({error.strerror or type(error).__name__})")
    told = ", ".join(f"{count:,} {what}" for what, count in sorted(listener.counts.items()) if count)
    output.line(told or "No message came.")


def _tls(certificate: Path | None, key: Path | None, clients: Path | None) -> "ssl.SSLContext | None":
    import ssl

    from mediflow_assets.streaming.mllp import tls_context

    if certificate is None or key is None:
        if certificate or key or clients:
            context.usage("TLS needs --tls-certificate and --tls-key.")
        return None
    try:
        return tls_context(certificate, key, clients)
    except (OSError, ssl.SSLError) as error:
        context.usage(f"the TLS files cannot be used ({type(error).__name__})")


async def _until_told(listener: object, host: str, port: int, tls: "ssl.SSLContext | None") -> None:
    import asyncio
    import signal

    from mediflow_assets.streaming.mllp import Listener

    assert isinstance(listener, Listener)
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)

    def ready(at: int) -> None:
        output.line(f"Listening for HL7 at {host}:{at}.")

    await listener.run(host, port, tls, stop, ready)
