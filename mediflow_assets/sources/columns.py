"""Naming a file's columns: by the feed's `columns` alone; else its word, the exact name, the spellings known."""

from collections.abc import Mapping

from mediflow_assets.contracts.not_given import NOT_GIVEN
from mediflow_assets.sources.aliases import plain
from mediflow_assets.sources.delivery import Composed
from mediflow_assets.sources.feed import Feed, Mapped
from mediflow_assets.sources.forms import Form

Rank = tuple[int, int]


def name_columns(header: tuple[str, ...], form: Form, feed: Feed | None) -> tuple[str | None, ...]:
    """Per column of the file its Bronze name; None where it has none, or where another column fits better."""
    known = _spellings(form)
    named, used = _by_feed(header, feed)
    made = {*named.values(), *(each.column for each in composed_columns(header, feed))}
    best: dict[str, tuple[Rank, int]] = {}
    for position, text in enumerate(header):
        claim = None if position in used else _claim(text, form, feed, known)
        if claim and claim[0] not in made:
            column, rank = claim
            best[column] = min(best.get(column, (rank, position)), (rank, position))
    taken = named | {position: column for column, (_, position) in best.items()}
    return tuple(taken.get(position) for position in range(len(header)))


def composed_columns(header: tuple[str, ...], feed: Feed | None) -> tuple[Composed, ...]:
    """The Bronze columns that a feed makes of the file's others, where it has any of them."""
    named = _by_feed(header, feed)[0].values()
    found = []
    for column, mapped in feed.columns.items() if feed else ():
        places = _places(header, mapped)
        places = places if len(places) == len(mapped.headers) or not mapped.is_difference else ()
        if (places or mapped.value is not None) and column not in named:
            between = mapped.between if len(mapped.headers) > 1 else None
            nothing = _nothing(feed, column)
            found.append(Composed(column, places, between, mapped.value, mapped.is_difference, nothing))
    return tuple(found)


def _by_feed(header: tuple[str, ...], feed: Feed | None) -> tuple[dict[int, str], set[int]]:
    """By place the columns that `columns` of a feed takes as they are, and all places that it takes for something."""
    named: dict[int, str] = {}
    used: set[int] = set()
    for column, mapped in feed.columns.items() if feed else ():
        places = _places(header, mapped)
        used.update(places)
        if mapped.is_plain and places:
            named.setdefault(places[0], column)
    return named, used


def _places(header: tuple[str, ...], mapped: Mapped) -> tuple[int, ...]:
    found = (_place(header, name) for name in mapped.headers)
    return tuple(place for place in found if place is not None)


def _place(header: tuple[str, ...], name: str) -> int | None:
    if name in header:
        return header.index(name)
    return next((place for place, text in enumerate(header) if plain(text) == plain(name)), None)


def _nothing(feed: Feed | None, column: str) -> tuple[str, ...]:
    """Words in capitals that stand for nothing in a column; one with a meaning there is none of them."""
    meant = {word.upper() for word in feed.values.get(column, ())} if feed else set()
    words = (*NOT_GIVEN, *(word.upper() for word in (feed.null_words if feed else ())))
    return ("", *(word for word in words if word not in meant))


def _claim(text: str, form: Form, feed: Feed | None, known: Mapping[str, tuple[str, Rank]]) -> tuple[str, Rank] | None:
    if feed is not None:
        for order, (spelling, column) in enumerate(feed.headers.items()):
            if plain(spelling) == plain(text):
                return column, (0 if spelling == text else 1, order)
    if feed is not None and feed.columns:
        # whoever names columns names all of them: a header that is spelled like one of ours may hold anything
        return None
    if text in form.columns:
        return text, (2, 0)
    return known.get(plain(text))


def _spellings(form: Form) -> dict[str, tuple[str, Rank]]:
    known: dict[str, tuple[str, Rank]] = {}
    for column, spellings in form.aliases.items():
        for order, spelling in enumerate(spellings):
            known[plain(spelling)] = (column, (4, order))
    return known | {plain(column): (column, (3, 0)) for column in form.columns}
