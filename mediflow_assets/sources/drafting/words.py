"""The words of a coded column: those known, and what published codes mean. A word that few carry is not told."""

import re
from collections.abc import Iterable, Mapping, Sequence

from mediflow_assets.contracts import vocabulary as v
from mediflow_assets.contracts.words import NOT_KNOWN, plain_word
from mediflow_assets.sources.drafting.header_words import words_of
from mediflow_assets.sources.drafting.profile import ENOUGH, Profile

CODED: Mapping[str, Mapping[str, str]] = {
    "gender": v.GENDERS,
    "encounter_class": v.ENCOUNTER_CLASSES,
    "status": v.STATUSES,
    "admission_type": v.ADMISSION_TYPES,
    "discharge_disposition": v.DISPOSITIONS,
}
_LEAST_OFTEN, _MOST_GENDERS = 3, 6
_NUMBER = re.compile(r"\d\d?([.]0)?")
_ISO_5218 = {"0": "U", "1": "M", "2": "F", "9": "U"}
_SIH = {"0": "U", "1": "M", "3": "F"}
_WITH_THIRD = {**_ISO_5218, "3": "U"}
"""Lists of men, women and what is neither, such as those of Australia and Viet Nam: that is rare."""
_RARE = 0.05
_LETTERS = tuple(dict(zip(pair, "MF", strict=True)) for pair in ("hm", "hf", "mv", "mk", "ek", "lp", "bf", "mž", "mz"))
"""Letters for men and women that mean so only beside each other: in Spanish, French, Dutch, Polish, Turkish, …"""
_OF_UB_04 = {"admission_type", "discharge_disposition"}
_UB_04 = {"type", "typ", "atype", "priority", "status", "stus", "stat", "disp", "disposition", "dispuniform"}
"""Words in English headers of the codes of UB-04."""
_RUN_TOGETHER = re.compile(
    r"(adm(it|ission|sn)?|(hosp)?di?sc?h(arge|rg)?|dis|p(a?t(ient)?|tnt))(type?|stat(us)?|stus|priority)"
)
"""Such a word with what it is of: `dischstat`."""
_FOREIGN = {"d", "de", "du", "des", "di"}
_ALL_BUT_FEW = 0.98
_MANY = 50
_EITHER, _TOGETHER = 0.1, 0.9
"""Of the values, to be one of such letters, and the one or the other."""


def are_genders(profile: Profile) -> bool:
    """Whether the values of a column are words for genders, of men and of women."""
    meant = {_letters(profile).get(word) or v.word_of(v.GENDERS, word) for word in profile.counts}
    return len(profile.counts) <= _MOST_GENDERS and None not in meant and {"M", "F"} <= meant


def _letters(profile: Profile) -> dict[str, str]:
    """What letters mean of which each is read beside the other."""
    for pair in _LETTERS:
        found = {word: pair[word.casefold()] for word in profile.counts if word.casefold() in pair}
        shares = [sum(profile.counts[w] for w in found if found[w] == each) / len(profile.given) for each in "MF"]
        if min(shares) >= _EITHER and sum(shares) >= _TOGETHER:
            return found
    return {}


def meaning(column: str, word: str) -> str | None:
    """What a word stands for in the vocabulary of a column."""
    return v.word_of(CODED[column], word)


def is_known(column: str, word: str) -> bool:
    """Whether a word is in the vocabulary of a column, or one of it for what is not known."""
    is_not_known = plain_word(word) in map(plain_word, NOT_KNOWN.get(column, ()))
    return is_not_known or v.word_of(CODED[column], word) is not None


def meanings(column: str, header: str, profile: Profile, people: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Codes whose meaning a published list gives, and the words that several people carry and that mean nothing
    known: of numbers all, if they are of another list."""
    unknown = [word for word in carried(profile, people) if not is_known(column, word)]
    if column == "gender":
        if letters := _letters(profile):
            return dict(sorted(letters.items())), [word for word in sorted(unknown) if word not in letters]
        plain = {word: word.removesuffix(".0") for word in profile.counts}
        is_rare = profile.share(lambda word: plain[word] == "3") < _RARE and {"1", "2"} <= {*plain.values()}
        for codes in (_ISO_5218, _SIH, *((_WITH_THIRD,) if is_rare else ())):
            if set(plain.values()) <= set(codes) and len(set(plain.values()) & {"1", "2", "3"}) > 1:
                return {word: codes[bare] for word, bare in sorted(plain.items())}, []
    if column in _OF_UB_04 and (numbers := sorted(filter(_NUMBER.fullmatch, profile.counts))):
        if _is_of_ub_04(column, header, profile):
            return {word: v.word_of(CODED[column], word) or "" for word in numbers}, sorted({*unknown} - {*numbers})
        unknown = [*{*unknown, *numbers}]
    return {}, sorted(unknown)


def _is_of_ub_04(column: str, header: str, profile: Profile) -> bool:
    """Whether numbers are codes of UB-04, as far as a header and all of the values can tell."""
    named = {*words_of(header)}
    is_named = (bool(named & _UB_04) or any(map(_RUN_TOGETHER.fullmatch, named))) and not named & _FOREIGN
    return is_named and _tells_enough(profile) and share_known(column, profile) >= _ALL_BUT_FEW


def _tells_enough(profile: Profile) -> bool:
    """Whether the numbers of a long file may be of that list: 1 and 2 alone are of any, such as of who pays, or of what
    was planned and what was not."""
    codes = {word.removesuffix(".0") for word in profile.counts}
    return len(profile.given) < _MANY or not codes <= {"0", "1", "2"}


def carried(profile: Profile, people: Sequence[str]) -> Iterable[str]:
    """The words that several people carry, told by the id in each record: a name is of one, as often as it stands."""
    carriers: dict[str, set[str]] = {}
    for word, who in zip(profile.cells, people, strict=True):
        carriers.setdefault(word, set()).add(who)
    return [word for word in profile.counts if len(carriers[word]) >= _LEAST_OFTEN]


def share_told(column: str, header: str, profile: Profile) -> float:
    """The share of values that are in the vocabulary; none, if they are numbers of another list."""
    is_number = column in _OF_UB_04 and profile.share(_NUMBER.fullmatch) >= ENOUGH
    return 0.0 if is_number and not _is_of_ub_04(column, header, profile) else share_known(column, profile)


def share_known(column: str, profile: Profile) -> float:
    """The share of values that are in the vocabulary."""
    return profile.share(lambda word: is_known(column, word))
