"""The words of a coded column: those known, and what published codes mean. A word that few carry is not told."""

from collections.abc import Iterable, Mapping, Sequence

from mediflow_assets.contracts import vocabulary as v
from mediflow_assets.sources.drafting.profile import Profile

CODED: Mapping[str, Mapping[str, str]] = {
    "gender": v.GENDERS,
    "encounter_class": v.ENCOUNTER_CLASSES,
    "status": v.STATUSES,
    "admission_type": v.ADMISSION_TYPES,
    "discharge_disposition": v.DISPOSITIONS,
}
_LEAST_OFTEN = 3
_ISO_5218 = {"0": "U", "1": "M", "2": "F", "9": "U"}
_SIH = {"0": "U", "1": "M", "3": "F"}
_GENDER_WORDS = {"m", "f", "w", "d", "x", "u", "o", "male", "female", "weiblich", "maennlich", "h", "v", "unknown"}


def are_genders(profile: Profile) -> bool:
    """Whether the values of a column are words for genders, and at least two."""
    found = {value.casefold() for value in profile.counts}
    return bool(
        2 <= len(found) <= 5
        and found <= _GENDER_WORDS
        and found & {"m", "f", "w", "male", "female"}
        and not found <= {"m", "d", "x"}
    )


def is_known(column: str, word: str) -> bool:
    """Whether a word is in the vocabulary of a column."""
    return v.word_of(CODED[column], word) is not None


def meanings(column: str, profile: Profile, people: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Codes whose meaning a published list gives, and the words that several people carry and that mean nothing
    known."""
    unknown = [word for word in carried(profile, people) if not is_known(column, word)]
    if column == "gender":
        for codes in (_ISO_5218, _SIH):
            plain = {word: word.removesuffix(".0") for word in profile.counts}
            if set(plain.values()) <= set(codes) and len(set(plain.values()) & {"1", "2", "3"}) > 1:
                return {word: codes[bare] for word, bare in sorted(plain.items())}, []
    return {}, sorted(unknown)


def carried(profile: Profile, people: Sequence[str]) -> Iterable[str]:
    """The words that several people carry, told by the id in each record: a name is of one, as often as it stands."""
    carriers: dict[str, set[str]] = {}
    for word, who in zip(profile.cells, people, strict=True):
        carriers.setdefault(word, set()).add(who)
    return [word for word in profile.counts if len(carriers[word]) >= _LEAST_OFTEN]


def share_known(column: str, profile: Profile) -> float:
    """The share of values that are in the vocabulary."""
    return profile.share(lambda word: is_known(column, word))
