"""`mediflow stream`."""

from pathlib import Path
from typing import Annotated

import typer

from mediflow_assets.cli import context, output

Json = Annotated[bool, typer.Option("--json")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Events of Kafka: try, run, look.", no_args_is_help=True)
    group.command("serve")(serve)
    group.command("produce")(produce)
    group.command("status")(status)
    group.command("skip-lost")(skip_lost)
    app.add_typer(group, name="stream")


def serve() -> None:
    """Land the topic without end, and judge its events in real time, until SIGTERM or Ctrl-C. Needs Java 17."""
    from mediflow_assets.cli import serving_stream

    settings = context.settings()
    serving_stream.serve(settings, context.lake(settings), output.line)


def produce(
    count: Annotated[int, typer.Option(min=1, help="how many messages")] = 1_000,
    rate: Annotated[float, typer.Option(min=0, help="messages a second; 0: as fast as the broker takes them")] = 0,
    bad_share: Annotated[float, typer.Option(min=0, max=1, help="of them, poison of some forty kinds")] = 0,
    duplicate_share: Annotated[float, typer.Option(min=0, max=1, help="of them, sent a second time")] = 0,
    late_share: Annotated[float, typer.Option(min=0, max=1, help="of them, sent after newer ones")] = 0,
    seed: Annotated[int, typer.Option(help="the same messages for the same seed")] = 1,
    ledger: Annotated[Path | None, typer.Option(help="append a line here for each message the broker took")] = None,
    partitions: Annotated[int, typer.Option(min=1, help="of the topic, if it has to be made")] = 2,
) -> None:
    """Send made-up events to the topic; says what the broker took."""
    import datetime as dt

    from mediflow_assets.steps.stream_landing import Topic
    from mediflow_assets.streaming.producing import make_topic
    from mediflow_assets.streaming.producing import produce as send
    from mediflow_assets.synthetic.events import Shares, messages

    topic = Topic.of(context.settings())
    if bad_share + duplicate_share + late_share > 1:
        context.usage("The shares are more than all messages together.")
    make_topic(topic.broker, topic.name, partitions)
    shares = Shares(bad_share, duplicate_share, late_share)
    coming = messages(count, seed, dt.datetime.now(dt.UTC), shares)
    with output.counting(topic.name) as tell:
        done = send(topic.broker, topic.name, coming, ledger, rate, lambda n: tell("sent", n, count))
    kinds = sorted(done.kinds.items())
    output.table("sent", ("kind", "messages"), kinds)
    output.line(f"{sum(done.kinds.values()):,} messages in {done.seconds:.1f} s.")
    if done.failed:
        output.warn(f"{done.failed:,} messages were not taken.")
        raise typer.Exit(context.FAILED)


def status(as_json: Json = False) -> None:
    """Show per partition how far it is landed and judged, the lag, and how long events took."""
    from mediflow_assets.cli import streamed

    settings = context.settings()
    shown = streamed.standing(settings, context.lake(settings))
    if as_json:
        output.as_json(shown)
        return
    rows = shown["partitions"]
    output.line(f"Landing: {shown['landing']}. Service: {shown['service']}. Alerts: {shown['alerts_mode']}.")
    if shown["problem"]:
        output.line(shown["problem"])
    output.table("partitions", tuple(rows[0]) if rows else (), [tuple(row.values()) for row in rows])
    figures = [(name, value) for name, value in shown["figures"].items() if value is not None]
    output.table("figures", ("figure", "value"), figures)


def skip_lost() -> None:
    """Go on behind messages that the broker no longer has: they are lost, and the audit log says which."""
    from mediflow_assets.cli import officer, streamed

    settings = context.settings()
    with officer.recorded(settings, "stream skip-lost") as who:
        skipped = streamed.skip_lost(settings, context.lake(settings))
        who.detail = "; ".join(skipped)[:400]
    for each in skipped:
        output.line(f"Skipped: {each}.")
