"""`mediflow stream`."""

from pathlib import Path
from typing import Annotated

import typer

from mediflow_assets.cli import context, output

_WHO_LANDS = {
    "off": "Landing is off: MEDIFLOW_LANDING=batch or continuous turns it on.",
    "batch": "Landing: batch, in the runs of the daemon ('mediflow up') and of 'mediflow run'. Alerts: in the run.",
    "continuous": "Landing: continuous, by 'mediflow stream serve': {service}. Alerts: {alerts_mode}.",
}
Json = Annotated[bool, typer.Option("--json", help="JSON, for a program to read")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Events of Kafka: try, run, look.", no_args_is_help=True)
    group.command("serve")(serve)
    group.command("produce")(produce)
    group.command("status")(status)
    group.command("skip-lost")(skip_lost)
    app.add_typer(group, name="stream")


def serve() -> None:
    """Land the topic without end, and validate its events in real time, until SIGTERM or Ctrl-C. Needs Java 17."""
    from mediflow_assets.operations import stream_process

    settings = context.settings()
    stream_process.serve(settings, context.lake(settings), output.line)


def produce(
    count: Annotated[int, typer.Option(min=1, help="how many messages")] = 1_000,
    rate: Annotated[float, typer.Option(min=0, help="messages a second; 0: as fast as the broker takes them")] = 0,
    bad_share: Annotated[
        float, typer.Option(min=0, max=1, help="share of messages that are broken, in some forty ways")
    ] = 0,
    duplicate_share: Annotated[float, typer.Option(min=0, max=1, help="share of messages that are sent twice")] = 0,
    late_share: Annotated[float, typer.Option(min=0, max=1, help="share of messages that come hundreds late")] = 0,
    disorder_share: Annotated[
        float, typer.Option(min=0, max=1, help="share of messages that come after newer ones")
    ] = 0,
    seed: Annotated[
        int | None, typer.Option(help="the same seed gives the same events; without it they differ")
    ] = None,
    ledger: Annotated[Path | None, typer.Option(help="a file that gets a line for each message taken")] = None,
    partitions: Annotated[int, typer.Option(min=1, help="partitions of the topic, if it has to be made")] = 2,
) -> None:
    """Send made-up events to the topic, and keep a ledger of what the broker took."""
    import datetime as dt
    import secrets

    from mediflow_assets.streaming.producing import make_topic
    from mediflow_assets.streaming.producing import produce as send
    from mediflow_assets.streaming.topic_landing import Topic
    from mediflow_assets.synthetic.events import Shares, messages

    shares = Shares(bad_share, duplicate_share, late_share, disorder_share)
    if shares.total > 1:
        context.usage("The shares are more than all messages together.")
    settings = context.settings()
    topic, chosen = Topic.of(settings), secrets.randbelow(1_000_000) if seed is None else seed
    kept = ledger or settings.root / "stream" / "ledger.jsonl"
    if make_topic(topic.broker, topic.name, partitions):
        output.line(f"Made the topic {topic.name} with {partitions} partitions.")
    coming = messages(count, chosen, dt.datetime.now(dt.UTC), shares)
    with output.counting(topic.name) as tell:
        done = send(topic.broker, topic.name, coming, kept, rate, lambda n: tell("sent", n, count))
    output.table("sent", ("kind", "messages"), sorted(done.kinds.items()))
    output.line(f"{done.kinds.total():,} messages to {topic.name} in {done.seconds:.1f} s, seed {chosen}.")
    output.line(f"Each is a line of {kept}.")
    if done.failed:
        output.warn(f"{done.failed:,} messages were not taken.")
        raise typer.Exit(context.FAILED)


def status(as_json: Json = False) -> None:
    """Show per partition how far it is landed and validated, the lag, and how long events took."""
    from mediflow_assets.operations import topic

    settings = context.settings()
    shown = topic.read_status(settings, context.lake(settings))
    if as_json:
        output.as_json(shown)
        return
    rows = shown["partitions"]
    output.line(_WHO_LANDS[shown["landing"]].format(**shown))
    if shown["problem"]:
        output.line(shown["problem"])
    output.table("partitions", tuple(rows[0]) if rows else (), [tuple(row.values()) for row in rows])
    figures = [(name, value) for name, value in shown["figures"].items() if value is not None]
    output.table("figures", ("figure", "value"), figures)


def skip_lost() -> None:
    """Go on behind messages that the broker no longer has: they are lost, and the audit log says which."""
    from mediflow_assets.cli import officer
    from mediflow_assets.operations import topic

    settings = context.settings()
    with officer.recorded(settings, "stream skip-lost") as who:
        skipped = topic.skip_lost(settings, context.lake(settings))
        who.detail = "; ".join(skipped)[:400]
    for each in skipped:
        output.line(f"Skipped: {each}.")
