"""`mediflow vocabulary`."""

from typing import TYPE_CHECKING, Annotated

import typer

from mediflow_assets.cli import context, output

if TYPE_CHECKING:
    from mediflow_assets.operations.unknown_words import UnknownWord

ROLES = ("data_engineer", "privacy_officer", "admin")
User = Annotated[str | None, typer.Option(help="your MediFlow name; asked for if not given")]


def register(app: typer.Typer) -> None:
    """Add the group."""
    context.group(
        app,
        "vocabulary",
        "Words of coded columns that MediFlow does not know, and what they mean.",
        unmapped=unmapped,
        map=map_,
    )


def unmapped(
    user: User = None, as_json: Annotated[bool, typer.Option("--json", help="JSON, for a program to read")] = False
) -> None:
    """List the words that hold records back, and those that are left out. One may be a name: it takes a login.

    The roles data_engineer, privacy_officer and admin may.
    """
    from mediflow_assets.cli import officer
    from mediflow_assets.operations import left_out_words, unknown_words, unsaid_words
    from mediflow_assets.sources import Feeds

    settings = context.settings()
    settings.require_home()
    with officer.acting(settings, user, "vocabulary unmapped", "", ROLES) as who:
        lake = context.lake(settings)
        feeds = Feeds.load(settings.sources_file)
        left_out = [*left_out_words.left_out(lake, feeds), *unsaid_words.unsaid(lake, feeds)]
        found = [*unknown_words.unmapped(lake), *left_out]
        who.detail = f"{len(found)} words"
    if as_json:
        output.as_json([vars(each) for each in found])
    elif found:
        names = ("feed", "column", "word", "records", "deliveries", "left out")
        output.table("unknown words", names, [_cells(each) for each in found])
        output.line("Next: 'mediflow vocabulary map FEED COLUMN THEIRS OURS' says what one means.")
    else:
        output.line("Every word is known.")


def _cells(word: "UnknownWord") -> tuple[object, ...]:
    return (word.feed, word.column, word.word, word.records, word.deliveries, "yes" if word.is_left_out else "")


def map_(
    feed: Annotated[
        str,
        typer.Argument(help="a feed of sources.toml or a shipped one; admissions, hl7 or fhir, of records of none"),
    ],
    column: Annotated[str, typer.Argument(help="encounter_class, gender and so on: see docs/reference/words.md")],
    theirs: Annotated[str, typer.Argument(help="the word as it is delivered")],
    ours: Annotated[str, typer.Argument(help="what it means: a word of that page; empty if it says nothing")],
) -> None:
    """Write what a word means into sources.toml. 'mediflow quarantine replay' then lets its records in."""
    from mediflow_assets.cli import officer
    from mediflow_assets.operations import unknown_words
    from mediflow_assets.sources.systems import LET_IN

    settings = context.settings()
    settings.require_home()
    with officer.recorded(settings, "vocabulary map", column if column.isidentifier() else ""):
        meant = unknown_words.map_word(settings.sources_file, feed, column, theirs, ours)
    output.line(f"In {feed} this word of {column} means {meant or 'nothing'}.")
    if column in LET_IN.get(feed, ()):
        output.line("Next: 'mediflow run --job rebuild' reads what has come before by it.")
    else:
        output.line(f"Next: 'mediflow quarantine replay --reason {column}_unknown' validates its records again.")
