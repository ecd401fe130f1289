"""What the words of headers mean, by `header_words.toml`, in the languages of hospitals' exports."""

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_DECOMPOSED = re.compile(r"[^0-9a-z]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LETTERS = str.maketrans(
    {"ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ä": "ae", "ö": "oe", "ü": "ue", "æ": "ae", "œ": "oe", "Æ": "Ae"}
    | {"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "ı": "i", "å": "a", "Å": "A"}
)
_LONG = 4
_FEWEST, _LEAST_SHARE = 3, 0.6
"""Consonants of an abbreviation, and the share of the whole word's that it has."""
_SHORT = 8
_JOINT = "s"
"""Stands between two German words."""
_NOTHING = "nothing"
"""The concept of words that say nothing, such as `of`."""


def bare(text: str) -> str:
    """A text without accents; letters that are one of two, or have a stroke, as plain ones."""
    marks = unicodedata.normalize("NFKD", text.translate(_LETTERS))
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
        elif not any(map(str.isdecimal, word)):
            strange += 1
    return frozenset(meant - {_NOTHING}), strange


def meanings(header: str) -> list[frozenset[str]]:
    """What each word of a header means, and each part of a compound."""
    words = _known_pairs(words_of(header), _concepts_of_words())
    return [_meaning(part) for word in words for part in _parts(word)]


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
    return frozenset().union(*(known.get(part) or _of_beginning(part) for part in _parts(word)))


def _parts(word: str) -> tuple[str, ...]:
    """The words that a compound is made of; of any other word itself, or what it is short for."""
    if word in _concepts_of_words():
        return (word,)
    plain = word.rstrip("0123456789")
    return _segments(plain) or _abbreviated(plain) or tuple(_ends(plain))


def _of_beginning(part: str) -> frozenset[str]:
    known = _concepts_of_words()
    return known[min((each for each in known if each.startswith(part)), key=len)]


@cache
def _abbreviated(word: str) -> tuple[str, ...]:
    """The known word that this one is short for: its beginning (`naiss`), or its consonants (`dsch`, `prncpal`)."""
    known = _concepts_of_words()
    longer = sorted((each for each in known if each.startswith(word)), key=len) if len(word) >= _LONG else []
    if longer:
        return (longer[0],)
    bones = _consonants(word) if len(word) <= _SHORT and _vowels(word) < len(word) / 4 else ""
    best, found = _LEAST_SHARE, tuple[str, ...]()
    for each in known if len(bones) >= _FEWEST else ():
        whole = _consonants(each)
        is_short = (
            each[0] == word[0] and (bones[-1] == whole[-1] or whole.startswith(bones)) and _is_within(bones, whole)
        )
        if len(each) > _LONG and is_short and len(bones) / len(whole) > best:
            best, found = len(bones) / len(whole), (each,)
    return found


def _vowels(word: str) -> int:
    return sum(letter in "aeiouy" for letter in word)


def _consonants(word: str) -> str:
    """A word's first letter and the consonants behind it, each run of the same once."""
    kept = [letter for place, letter in enumerate(word) if place == 0 or letter not in "aeiouy"]
    return "".join(letter for place, letter in enumerate(kept) if place == 0 or kept[place - 1] != letter)


def _is_within(short: str, whole: str) -> bool:
    letters = iter(whole)
    return all(letter in letters for letter in short)


@cache
def _segments(word: str) -> tuple[str, ...]:
    """The known words that a compound such as `Geburtsdatum` or `hospitaldischargetime` is made of; none if others are
    in it."""
    if not word:
        return ()
    known = _concepts_of_words()
    sizes = range(len(word), 1, -1)
    whole = [size for size in sizes if word[:size] in known]
    begun = [size for size in sizes if _LONG < size < len(word) and any(each.startswith(word[:size]) for each in known)]
    for size in (*whole, *begun):
        head, rest = word[:size], word[size:]
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
