"""What each column of ours looks like: whether the values of a column of a file can be read as it."""

import re
from collections.abc import Callable, Mapping

from mediflow_assets.sources.drafting.profile import ENOUGH, Profile
from mediflow_assets.sources.drafting.words import share_known
from mediflow_assets.sources.names_for_ids import look_like_names
from mediflow_assets.sources.shapes import BLOOD_PRESSURE

_FEW = 60
_LEAST_OF_PATIENTS = 0.05
KNOWN_ENOUGH = 0.5
"""Of the words of a coded column, to be known."""
_WORD = re.compile(r"[^\W\d_]{2}")
_PERSON = re.compile(
    r"[^\W\d_][\w'’-]+, ?[^\W\d_][\w'’.-]*( [^\W\d_][\w.]*)?$|(Dr|Prof|Mr|Mrs|Ms|Frau|Herr|Dra)[. ]+[^\W\d_]"
)
"""A person: `Surname, Given` or a title."""
_PEOPLE, _FEW_KNOWN = 0.3, 0.2
_SHORT_CODE = 3
"""Letters of what is no name."""


def _dates(profile: Profile) -> str:
    return "dates" if profile.dates else ""


def _birth(profile: Profile) -> str:
    if profile.dates:
        return "dates"
    years = profile.share(lambda v: v[:4].isdecimal() and 1900 <= int(v[:4]) <= 2150 and len(v) in (4, 6))
    return "years" if years >= ENOUGH and not profile.is_flag else ""


def _patient(profile: Profile) -> str:
    # of few ids for many stays each would be many people
    are_many = len(profile.given) < _FEW or profile.distinct >= _LEAST_OF_PATIENTS
    names = look_like_names(profile.given[:500])
    return (
        f"{len(profile.counts)} different ids" if profile.is_id and not names and profile.varies(2) and are_many else ""
    )


def _encounter(profile: Profile) -> str:
    return f"{len(profile.counts)} different ids" if profile.is_id and profile.varies(2) else ""


def _gender(profile: Profile) -> str:
    return f"{len(profile.counts)} different words" if profile.few(8) and _all(profile, 20) else ""


def are_codes(profile: Profile) -> bool:
    """Whether a column holds few different short values that are no dates, amounts or flags."""
    are_few = profile.few() and _all(profile, 60) and not profile.is_flag
    return are_few and not profile.is_money_with_cents and not profile.dates


def are_people(ours: str, profile: Profile) -> bool:
    """Whether a column rather names people than tells one of our coded columns."""
    return name_people(profile) and share_known(ours, profile) < _FEW_KNOWN


def name_people(profile: Profile) -> bool:
    """Whether many values are people."""
    return profile.share(_PERSON.match) >= _PEOPLE


def are_nothing_known(ours: str, profile: Profile) -> bool:
    """Whether none of its words is known, and one may be a name: such are not to be shown."""
    return not share_known(ours, profile) and any(len(word) > _SHORT_CODE for word in profile.counts)


def are_short_codes(profile: Profile) -> bool:
    """Whether a column holds few codes of some letters, of a list of its own: such name nobody."""
    are_short = profile.counts and all(word.isalpha() and len(word) < _SHORT_CODE for word in profile.counts)
    return bool(are_short) and are_codes(profile)


def _coded(ours: str) -> Callable[[Profile], str]:
    """Words, of which most are known, or some and none is a number: codes of a list of its own cannot be read, and
    words of which none is known may be anything, such as names."""

    def fits(profile: Profile) -> str:
        known = share_known(ours, profile)
        is_read = known >= KNOWN_ENOUGH or (known > 0 and profile.share(_WORD.search) >= ENOUGH)
        return f"{known:.0%} of its words known" if are_codes(profile) and is_read else ""

    return fits


def _department(profile: Profile) -> str:
    fits = profile.few(_FEW * 2) and not profile.dates and not profile.is_flag and not profile.is_money_with_cents
    return f"{len(profile.counts)} different words" if fits else ""


def _all(profile: Profile, longest: int) -> bool:
    return all(len(value) <= longest for value in profile.counts)


def _diagnosis(profile: Profile) -> str:
    return f"codes of {profile.code_system}" if profile.code_system else ""


def _system(profile: Profile) -> str:
    words = {v.casefold().replace("-", "").removesuffix(".0") for v in profile.counts}
    return "versions" if words and all("9" in w or "10" in w or "icd" in w or "snomed" in w for w in words) else ""


def _when(fits: Callable[[Profile], object], told: str) -> Callable[[Profile], str]:
    return lambda profile: told if fits(profile) else ""


FITS: Mapping[str, Callable[[Profile], str]] = {
    "patient_id": _patient,
    "encounter_id": _encounter,
    "admission_date": _dates,
    "discharge_date": _dates,
    "birth_date": _birth,
    "death_date": _dates,
    "updated_at": _dates,
    "onset_date": _dates,
    "age": _when(lambda p: p.is_age, "whole numbers up to 120"),
    "gender": _gender,
    "name": _when(lambda p: p.is_words and not p.is_flag and p.varies(11), "words"),
    "department": _department,
    "diagnosis_code": _diagnosis,
    "diagnosis_system": _system,
    "diagnosis_rank": _when(lambda p: p.few(60) and not p.dates, "few values"),
    "discharge_disposition": _coded("discharge_disposition"),
    "encounter_class": _coded("encounter_class"),
    "admission_type": _coded("admission_type"),
    "status": _coded("status"),
    "blood_pressure": _when(lambda p: p.share(BLOOD_PRESSURE.fullmatch) >= ENOUGH, "pairs such as n/n"),
    "payer": _when(lambda p: p.few(_FEW) and p.is_words and not p.is_flag, "few different words"),
    "zip": _when(lambda p: p.is_zip, "postal codes"),
    "cost": _when(lambda p: p.is_money and p.varies(6) and not p.dates, "amounts"),
}
"""Whether a column's values can be read as ours, and what they are then."""
