"""`mediflow sources`."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mediflow_assets.cli import context, output

if TYPE_CHECKING:
    from mediflow_assets.operations.feed_drafts import Drafted
    from mediflow_assets.operations.trial import Tried
    from mediflow_assets.settings import Settings
    from mediflow_assets.sources import Feeds, Limits

Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="an export; or several that belong together")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    context.group(
        app,
        "sources",
        "What is accepted as a delivery, and how to map another header.",
        list=list_,
        suggest=suggest,
        test=test,
    )


def list_() -> None:
    """Show the sources with their columns, and the feeds of sources.toml."""
    from mediflow_assets.sources import Feeds
    from mediflow_assets.sources.registry import sources

    feeds = Feeds.load(context.settings().sources_file)
    rows = [(name, *source.told) for name, source in sources().items() if not source.contract.is_stream]
    output.table("sources", ("source", "required", "optional"), rows)
    own = {feed.name for feed in feeds.feeds}
    output.table(
        "feeds of sources.toml, and of public exports",
        ("feed", "grain", "recognised by", "columns", "from"),
        [
            (feed.name, feed.grain, feed.match, sorted(feed.mapped), "sources.toml" if feed.name in own else "MediFlow")
            for feed in feeds.every
        ],
    )


def suggest(
    files: Files,
    name: Annotated[str, typer.Option(help="what to call the feed")] = "new_feed",
    is_written: Annotated[bool, typer.Option("--write", help="put it into sources.toml")] = False,
    is_tried: Annotated[bool, typer.Option("--try/--no-try", help="try it on the files")] = True,
) -> None:
    """Draft the sections of sources.toml for files that are not recognised, and try them."""
    from mediflow_assets.ingest.archives import unpacked
    from mediflow_assets.operations import feed_drafts
    from mediflow_assets.sources import Feeds

    if not feed_drafts.is_name(name):
        context.usage("A feed's name has letters, digits, '_' and '-' only: it is a key of sources.toml.")
    settings = context.settings()
    feeds = Feeds.load(settings.sources_file, settings.timezone)
    limits = settings.open_inbox(feeds).limits
    with unpacked(files, limits) as each_file:
        drafted = feed_drafts.draft(each_file, name, feeds, limits)
        for each in drafted:
            _show(each)
        mapped = [(file, each) for file, each in zip(each_file, drafted, strict=True) if each.is_mapped]
        taken = [True] * len(mapped)
        if is_tried and mapped:
            taken = _try([file for file, _ in mapped], feed_drafts.with_drafts(feeds, drafted), limits)
    if is_written and mapped:
        _write(settings, [each for (_, each), is_taken in zip(mapped, taken, strict=True) if is_taken], name)
        if not all(taken):
            output.warn(
                "not written: a draft by which no record is accepted. Put it into sources.toml once it is mended."
            )
    if len(mapped) + sum(each.is_of_codes for each in drafted) < len(drafted) or not all(taken):
        raise typer.Exit(context.FAILED)


def test(files: Files) -> None:
    """Try what sources.toml says on files, without ingesting them."""
    from mediflow_assets.ingest.archives import unpacked
    from mediflow_assets.sources import Feeds

    settings = context.settings()
    feeds = Feeds.load(settings.sources_file, settings.timezone)
    limits = settings.open_inbox(feeds).limits
    with unpacked(files, limits) as each_file:
        taken = _try(each_file, feeds, limits)
    if not all(taken):
        raise typer.Exit(context.FAILED)


def _write(settings: "Settings", drafted: "Sequence[Drafted]", name: str) -> None:
    from mediflow_assets.cli import officer
    from mediflow_assets.operations import feed_drafts

    settings.require_home()
    with officer.recorded(settings, "sources", f"suggest --write {name}"):
        written = feed_drafts.write(settings.sources_file, drafted)
    output.line(f"# sources.toml has {written} sections more: now 'mediflow ingest FILE', then 'mediflow run'.")


def _show(drafted: "Drafted") -> None:
    if drafted.known_as:
        output.line(f"# {drafted.known_as} takes this file as it is: nothing to map.")
    if drafted.is_of_codes:
        output.line(
            "# a list of codes: the sections of the other files say what they mean, and it need not be ingested."
        )
    if drafted.refusal:
        output.warn(f"cannot be mapped: {drafted.refusal}")
    if drafted.lacks:
        output.warn(
            f"cannot be mapped: no column can be {' or '.join(drafted.lacks)}. Ask for an export that has it; if a "
            "column does have it, name it in the section below."
        )
    for text in drafted.section.splitlines():
        output.line(text)


def _try(files: Sequence[Path], feeds: "Feeds", limits: "Limits") -> list[bool]:
    """Say what becomes of files by these feeds; of each whether it is taken, with a record at least."""
    from mediflow_assets.operations import trial

    results = trial.attempt(files, feeds, limits)
    for place, result in enumerate(results, start=1):
        named = f"file {place}: " if len(files) > 1 else ""
        if isinstance(result, trial.Tried):
            _tell(named, result)
        else:
            output.line(f"# {named}refused whole: {result}")
    return [isinstance(result, trial.Tried) and result.is_taken for result in results]


def _tell(named: str, tried: "Tried") -> None:
    from mediflow_assets.sources.drafting.mending import mending

    waiting = f", {tried.waiting:,} wait for another file" if tried.waiting else ""
    output.line(f"# {named}tried: {tried.accepted:,} of {tried.records:,} records accepted{waiting}.")
    for reason, count in tried.reasons.most_common():
        output.line(f"#   {reason} {count:,}: {mending(reason, tried.feed or 'NAME')}")
