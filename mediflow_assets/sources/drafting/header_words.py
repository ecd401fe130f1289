"""What the words of headers mean, by `header_words.toml`, in the languages of hospitals' exports."""

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_DECOMPOSED = re.compile(r"[^0-9a-z]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LONG = 4
_JOINT = "s"
"""Stands between two German words."""
_FILLERS = {
    "of",
    "the",
    "de",
    "der",
    "des",
    "du",
    "la",
    "le",
    "da",
    "do",
    "del",
    "van",
    "and",
    "y",
    "und",
    "et",
    "s",
    "in",
}


def bare(text: str) -> str:
    """A text in small letters, without accents."""
    spelled = text.replace("ß", "ss").replace("Ä", "Ae").replace("Ö", "Oe").replace("Ü", "Ue")
    spelled = spelled.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    marks = unicodedata.normalize("NFKD", spelled)
    return "".join(letter for letter in marks if not unicodedata.combining(letter))


def words_of(header: str) -> tuple[str, ...]:
    """The words of a header: `PatientDOB`, `pat_dob` and `Pat. DOB` have two each."""
    apart = _CAMEL.sub(" ", bare(header)).replace("#", " no ")
    return tuple(filter(None, _DECOMPOSED.split(apart.casefold())))


@cache
def _concepts_of_words() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    content = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    for concept, words in tomllib.loads(content).items():
        for word in words.split():
            found.setdefault(word, set()).add(concept)
    return {word: frozenset(of) for word, of in found.items()}


@cache
def concepts(header: str) -> tuple[frozenset[str], int]:
    """What a header's words mean, and how many of them mean nothing known here."""
    known, meant, strange = _concepts_of_words(), set[str](), 0
    for word in _known_pairs(words_of(header), known):
        if of := _meaning(word):
            meant |= of
        elif not word.isdecimal() and word not in _FILLERS:
            strange += 1
    return frozenset(meant), strange


def meanings(header: str) -> list[frozenset[str]]:
    """What each word of a header means."""
    return [_meaning(word) for word in _known_pairs(words_of(header), _concepts_of_words())]


def _known_pairs(words: tuple[str, ...], known: dict[str, frozenset[str]]) -> list[str]:
    """The words, two or all of which are one where that is known: `med rec`, `d.o.a.`."""
    if (whole := "".join(words)) in known:
        return [whole]
    found: list[str] = []
    for word in words:
        if found and found[-1] + word in known:
            found[-1] += word
        else:
            found.append(word)
    return found


def _meaning(word: str) -> frozenset[str]:
    known = _concepts_of_words()
    if word in known:
        return known[word]
    for shorter in (word.rstrip("s"), word.rstrip("0123456789"), word.removesuffix("en")):
        if shorter != word and shorter in known:
            return known[shorter]
    parts = _segments(word) or tuple(_ends(word))
    return frozenset().union(*(known[part] for part in parts if part in known))


@cache
def _segments(word: str) -> tuple[str, ...]:
    """The known words that a compound such as `Geburtsdatum` or `hospitaldischargetime` is made of; none if others are
    in it."""
    if not word:
        return ()
    known = _concepts_of_words()
    for size in range(len(word), 1, -1):
        head, rest = word[:size], word[size:]
        if head not in known:
            continue
        for tail in (rest, rest[1:] if rest[:1] == _JOINT else rest):
            if not tail:
                return (head,)
            if behind := _segments(tail):
                return head, *behind
    return ()


def _ends(word: str) -> Iterator[str]:
    """The known words that it begins or ends with."""
    known = _concepts_of_words()
    begins = max((w for w in known if len(w) >= _LONG and word.startswith(w)), key=len, default=None)
    rest = word.removeprefix(begins) if begins else word
    ends = max((w for w in known if len(w) >= _LONG and rest.endswith(w)), key=len, default=None)
    if begins and not ends and rest in known:
        ends = rest
    yield from filter(None, (begins, ends))
