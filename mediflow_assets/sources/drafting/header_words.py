"""What the words of headers mean, by the files in `header_vocabulary`, in the languages of hospitals' exports."""

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_VOCABULARY = Path(__file__).with_name("header_vocabulary")
_SHORTENED = "general"
"""The file whose words stand abbreviated as well; of many languages every beginning would mean something."""
_DECOMPOSED = re.compile(r"[\W_]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_LETTERS = str.maketrans(
    {"ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ä": "ae", "ö": "oe", "ü": "ue", "æ": "ae", "œ": "oe", "Æ": "Ae"}
    | {"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "ı": "i", "å": "a", "Å": "A"}
)
_TWO = str.maketrans({"ø": "oe", "å": "aa"})
"""Danish and Norwegian letters as two, where files know no others."""
_PLACE = re.compile(
    r"^((MSH|EVN|PID|OB[XR]|MRG|Z[A-Z][A-Z0-9]|[A-Z]{2}\d)[-_. ]\d+([.]\d+)*"
    r"|\[\w+\][.](?=\[)|[A-Z]\d+_|\d+[.)]?(?=[\s_][^\W\d_]))"
    r"[\s_:-]*(?=\S*[^\W\d_]{2})"
)
"""Before a name, where a field stands: of HL7 (`PV1-36 Disposition`), a schema (`[dbo].[x]`), a number."""
_ALONE = "currencies"
"""The file whose words no compound is made of."""
_LONG = 4
_FEWEST_LETTERS = 2
_MOST_JOINED = 4
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
    apart = _CAMEL.sub(" ", _PLACE.sub("", bare(header).lstrip(), count=1)).replace("#", " no ")
    return tuple(filter(None, _DECOMPOSED.split(apart.casefold())))


@cache
def _concepts_of_words() -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for file in sorted(_VOCABULARY.glob("*.toml")):
        for concept, words in tomllib.loads(file.read_text(encoding="utf-8")).items():
            for word in words.split():
                for spelling in _spellings(word):
                    found.setdefault(spelling, set()).add(concept)
    return {word: frozenset(of) for word, of in found.items()}


def _spellings(word: str) -> set[str]:
    """How a word of the vocabulary stands in headers: `födelse` as `foedelse` and as `fodelse`, `år` as `aar`."""
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", word) if not unicodedata.combining(letter))
    return {"".join(words_of(each.casefold())) for each in (word, plain, word.translate(_TWO))} - {""}


@cache
def _words_in(file: str) -> frozenset[str]:
    content = (_VOCABULARY / f"{file}.toml").read_text(encoding="utf-8")
    return frozenset(word for words in tomllib.loads(content).values() for word in words.split())


@cache
def _joined() -> frozenset[str]:
    """The words that compounds are made of: of two Latin letters only the commonest."""
    words = {w for w in _concepts_of_words() if len(w) > _FEWEST_LETTERS or not w.isascii()} | _words_in(_SHORTENED)
    return frozenset(words - _words_in(_ALONE))


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
    """The words, several of which are one where that is known, the longest first: `med rec`, `d.o.a.`."""
    found, place = [], 0
    while place < len(words):
        ends = range(min(place + _MOST_JOINED, len(words)), place + 1, -1)
        end = next((end for end in ends if "".join(words[place:end]) in known), place + 1)
        found.append("".join(words[place:end]))
        place = end
    return found


def _meaning(word: str) -> frozenset[str]:
    known = _concepts_of_words()
    if word in known:
        return known[word]
    for shorter in (word.rstrip("s"), word.rstrip("0123456789"), word.removesuffix("en")):
        if shorter != word and shorter in known:
            return known[shorter]
    return frozenset().union(*(known[part] for part in _parts(word)))


def _parts(word: str) -> tuple[str, ...]:
    """The words that a compound is made of; of any other word itself, or what it is short for."""
    if word in _concepts_of_words():
        return (word,)
    plain = word.rstrip("0123456789")
    return _segments(plain) or _abbreviated(plain) or tuple(_ends(plain))


@cache
def _abbreviated(word: str) -> tuple[str, ...]:
    """The known word that this one is the beginning of, as `naiss` is."""
    longer = [each for each in _words_in(_SHORTENED) if each.startswith(word)] if len(word) >= _LONG else []
    return (min(longer, key=lambda each: (len(each), each)),) if longer else ()


@cache
def _segments(word: str) -> tuple[str, ...]:
    """The known words that a compound such as `Geburtsdatum` or `hospitaldischargetime` is made of; none if others are
    in it."""
    if not word:
        return ()
    known = _joined()
    for size in range(len(word), word[0].isascii(), -1):
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
    if begins and not ends and rest in known and rest not in _words_in(_ALONE):
        ends = rest
    yield from filter(None, (begins, ends))


def has_stem_of(header: str, concept: str) -> bool:
    """Whether a word of a header means that, or has the stem of a word that does: `přijat` of `přijetí`."""
    if concept in concepts(header)[0]:
        return True
    known = [word for word, of in _concepts_of_words().items() if concept in of and len(word) > _LONG]
    return any(_are_of_one_stem(word, each) for word in words_of(header) if len(word) > _LONG for each in known)


def _are_of_one_stem(word: str, other: str) -> bool:
    """Whether both begin alike and differ in no more than an ending."""
    longer, shorter = max(len(word), len(other)), min(len(word), len(other))
    return longer - shorter < _LONG and word[: max(_LONG, longer - 3)] == other[: max(_LONG, longer - 3)]
