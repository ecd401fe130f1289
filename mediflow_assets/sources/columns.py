"""Naming a file's columns: the feed's word first, then the exact name, then the spellings known."""

from collections.abc import Mapping

from mediflow_assets.sources.aliases import plain
from mediflow_assets.sources.feeds import Feed
from mediflow_assets.sources.forms import Form

Rank = tuple[int, int]


def name_columns(header: tuple[str, ...], form: Form, feed: Feed | None) -> tuple[str | None, ...]:
    """Per column of the file its Bronze name; None where it has none, or where another column fits better."""
    known = _spellings(form)
    best: dict[str, tuple[Rank, int]] = {}
    for position, text in enumerate(header):
        if claim := _claim(text, form, feed, known):
            column, rank = claim
            best[column] = min(best.get(column, (rank, position)), (rank, position))
    taken = {position: column for column, (_, position) in best.items()}
    return tuple(taken.get(position) for position in range(len(header)))


def _claim(text: str, form: Form, feed: Feed | None, known: Mapping[str, tuple[str, Rank]]) -> tuple[str, Rank] | None:
    if feed is not None:
        for order, (spelling, column) in enumerate(feed.headers.items()):
            if plain(spelling) == plain(text):
                return column, (0 if spelling == text else 1, order)
    if text in form.columns:
        return text, (2, 0)
    return known.get(plain(text))


def _spellings(form: Form) -> dict[str, tuple[str, Rank]]:
    known: dict[str, tuple[str, Rank]] = {}
    for column, spellings in form.aliases.items():
        for order, spelling in enumerate(spellings):
            known[plain(spelling)] = (column, (4, order))
    return known | {plain(column): (column, (3, 0)) for column in form.columns}
