"""`mediflow fhir`."""

from typing import TYPE_CHECKING, Annotated

import typer

from mediflow_assets.cli import context, output

if TYPE_CHECKING:
    from mediflow_assets.ingest.bulk_export.pull import Pulled
    from mediflow_assets.ingest.bulk_export.wire import Wire


def register(app: typer.Typer) -> None:
    """Add the group."""
    context.group(app, "fhir", "FHIR servers that export in bulk.", pull=pull)


def pull(
    server: Annotated[str, typer.Option(help="the base address of the server: https://HOST/PATH")],
    group: Annotated[str | None, typer.Option(help="the patients of a Group, by its id")] = None,
    is_system: Annotated[bool, typer.Option("--system", help="all that the server has, not of patients only")] = False,
    types: Annotated[list[str] | None, typer.Option("--type", help="a type of resource; may be repeated")] = None,
    filters: Annotated[
        list[str] | None,
        typer.Option("--type-filter", help="a search of a type, as in Encounter?date=ge2026-01-01; may be repeated"),
    ] = None,
    is_posted: Annotated[bool, typer.Option("--post", help="ask in a body, where logs of addresses lack it")] = False,
    since: Annotated[str | None, typer.Option(help="what changed since then; the next pull takes no notice")] = None,
    is_full: Annotated[bool, typer.Option("--full", help="all, not only what changed since the last pull")] = False,
    wait_hours: Annotated[float, typer.Option(min=0, help="hours to wait for the server in all")] = 24,
    file_bytes: Annotated[int, typer.Option(min=1, help="most bytes of one file")] = 64 << 30,
    is_past_errors: Annotated[
        bool, typer.Option("--past-errors", help="go on from here though the server could not export everything")
    ] = False,
    is_anew: Annotated[
        bool, typer.Option("--anew", help="let go an export that was begun, and ask for another")
    ] = False,
    is_plain_allowed: Annotated[
        bool, typer.Option("--plain-http", help="ask over http, which others can read and change")
    ] = False,
) -> None:
    """Have a server export its resources, and put the files into the inbox: what changed since the last pull."""
    from mediflow_assets.cli import officer
    from mediflow_assets.ingest.bulk_export.addresses import server_address
    from mediflow_assets.ingest.bulk_export.kickoff import Export, is_instant
    from mediflow_assets.ingest.bulk_export.pull import FULL, Bounds
    from mediflow_assets.ingest.bulk_export.pull import pull as through
    from mediflow_assets.operations import home
    from mediflow_assets.sources import Feeds

    if since is not None and (is_full or not is_instant(since)):
        context.usage("--since takes a time such as 2026-03-01T00:00:00Z, and excludes --full.")
    settings = context.settings()
    home.make_home(settings)
    export = Export(group, is_system, tuple(types or ()), tuple(filters or ()), is_posted)
    bounds = Bounds(wait_hours * 3600, file_bytes, is_past_errors, is_anew)
    with officer.recorded(settings, "fhir-pull") as who:
        address = server_address(server, is_plain_allowed)
        inbox = settings.open_inbox(Feeds.load(settings.sources_file))
        with _wire(address, export.types, is_plain_allowed) as wire, output.counting("Pulling") as count:
            pulled = through(wire, export, inbox, FULL if is_full else since, bounds, count)
        who.detail = f"{sum(pulled.fates.values())} files"
        _say(pulled)
        if not pulled.is_complete:
            raise typer.Exit(context.FAILED)


def _wire(server: str, types: tuple[str, ...], is_plain_allowed: bool) -> "Wire":
    """The way to a server, with tokens where the house is registered there."""
    from mediflow_assets.ingest.bulk_export.clients import client_of
    from mediflow_assets.ingest.bulk_export.tokens import BackendTokens
    from mediflow_assets.ingest.bulk_export.wire import Wire

    client = client_of(context.settings().secrets, server)
    if client is None:
        return Wire(server, is_plain_allowed=is_plain_allowed)
    wire = Wire(server, token_hosts=client.token_hosts, is_plain_allowed=is_plain_allowed)
    wire.tokens = BackendTokens(client, wire, types)
    return wire


def _say(pulled: "Pulled") -> None:
    from mediflow_assets.ingest.bulk_export.manifest import Kind
    from mediflow_assets.ingest.bulk_export.pull import Fate

    since = f"changed since {pulled.since}" if pulled.since else "of all times"
    counts = (
        (pulled.of(Fate.TAKEN, Kind.OUTPUT), "of resources"),
        (pulled.of(Fate.TAKEN, Kind.DELETED), "of deletions"),
        (pulled.of(Fate.TAKEN, Kind.ERROR), "of what went wrong there"),
        (pulled.of(Fate.EMPTY), "empty"),
        (pulled.of(Fate.REFUSED), "refused"),
    )
    told = ", ".join(f"{count:,} {what}" for count, what in counts if count) or "none"
    output.line(f"Files {since}: {told} ({pulled.bytes:,} bytes).")
    if pulled.issues:
        issues = ", ".join(f"{count:,} {severity}" for severity, count in sorted(pulled.issues.items()))
        output.warn(f"The server tells of the export: {issues}. Its words are in bronze/fhir_resources after a run.")
    if not pulled.is_let_go:
        output.warn("The server does not say that it removed the export.")
    if pulled.is_complete:
        output.line(f"It tells up to {pulled.transaction_time}. 'mediflow run' lands what has come.")
    else:
        output.warn(
            "The export is not complete, so the next pull asks from the same time on. See what was refused in the "
            "inbox, or go on with --past-errors."
        )
