"""`mediflow ingest`."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mediflow_assets.cli import context, output

if TYPE_CHECKING:
    from mediflow_assets.operations.hand_over import Handed
    from mediflow_assets.sources import Feeds, Recognised
    from mediflow_assets.storage.delta import Lake


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("ingest")(ingest)


def ingest(paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="files, or folders of them")]) -> None:
    """Put deliveries into the inbox, and say what each was recognised as."""
    if missing := [path for path in paths if not path.exists()]:
        context.usage(f"there is no such file or folder: {', '.join(output.plain(path) for path in missing)}")
    from mediflow_assets.cli import officer
    from mediflow_assets.operations import hand_over, home
    from mediflow_assets.sources import Feeds

    settings = context.settings()
    home.make_home(settings)
    feeds = Feeds.load(settings.sources_file)
    inbox = settings.open_inbox(feeds)
    handed = []
    with officer.recorded(settings, "ingest") as who:
        for file in hand_over.hand_over(paths, inbox, context.lake(settings)):
            handed.append(file)
            _say(file, feeds)
            if file.fate is hand_over.Fate.LANDED and file.delivery:
                _say_refused(file.delivery.delivery_id, context.lake(settings))
            if file.delivery and _is_generated(file.path):
                (settings.root / home.SYNTHETIC).touch()
        counts = Counter(file.fate for file in handed)
        who.detail = ", ".join(f"{count} {fate}" for fate, count in counts.items())
        output.line(who.detail or "No file was found.")
        if any(file.fate is hand_over.Fate.REFUSED and not file.is_named for file in handed):
            output.line(f"Refused files of folders are kept in {inbox.refused}.")
        if hand_over.is_failure(handed):
            raise typer.Exit(context.FAILED)


def _is_generated(path: Path) -> bool:
    """Whether a file lies where `mediflow generate` wrote it: the truth about it lies beside its folder."""
    return (path.absolute().parent.parent / "truth" / "summary.json").is_file()


def _say(file: "Handed", feeds: "Feeds") -> None:
    if file.delivery is None or file.what is None:
        output.warn(f"{file.named}: {file.fate}: {file.reason}")
        return
    feed = f" (feed {file.what.feed})" if file.what.feed else ""
    unknown = len(file.what.unknown_columns)
    columns = f", {unknown} unknown columns kept as JSON" if unknown else ""
    years = feeds.named(file.what.feed).short_years if file.what.feed else None
    short = f", years of two digits are read as {years[0]} to {years[1]}, births as past" if years else ""
    how = "".join(f", {text}" for text in _how_written(file.what))
    output.line(f"{file.named}: {file.delivery.short}{feed}{how}{columns}{short}: {file.fate}")


def _say_refused(delivery: str, lake: "Lake") -> None:
    """What a run refused of a delivery that is in the lake already, and why."""
    from mediflow_assets.operations import status

    for row in status.refused_of(lake, delivery):
        share, short = row["quarantined"] / row["records"], delivery[:12]
        output.line(f"  {row['table']}: {share:.1%} refused ({row['reasons']})")
        output.line(f"  Next: 'mediflow quarantine list --records --delivery {short}' shows which records.")


def _how_written(what: "Recognised") -> list[str]:
    """What of a file is not as one might expect: its encoding, and lines that are no records."""
    skipped = [
        f"{count:,} {name}{'' if count == 1 else 's'}"
        for count, name in ((what.title_lines, "title line"), (what.total_rows, "total row"))
        if count
    ]
    sheets = [f"{1 + len(what.more_sheets)} sheets with one header"] if what.more_sheets else []
    encoding = [f"read as {what.encoding}"] if what.encoding not in (None, "utf-8") else []
    return [*encoding, *sheets, *([f"{' and '.join(skipped)} skipped"] if skipped else [])]
