"""Phrases for how a stay ended that no list has: by words in them that say one thing, in `phrases.toml`."""

import tomllib
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path

from mediflow_assets.sources.drafting.header_words import words_of

_STEM = 4
"""Letters of a beginning that may have any ending; a shorter word stands for itself."""
_UNSURE = "unsure"
"""Words beside which the others may mean anything; a move within the hospital ends no stay."""
_ELSEWHERE = frozenset(f"other{place}" for place in ("hospital", "facilit", "institution", "cent", "clinic", "health"))
"""Places that are others than this one, as none is beside `home or other`."""
_OF_PLACES = {"transferred", "rehab"}


def meaning_of(phrase: str) -> str | None:
    """How a stay ended by a phrase such as `transfer to acute care hospital`; None where its words do not tell it."""
    words = words_of(phrase)
    if any(_begins(pair, _ELSEWHERE) for pair in map("".join, pairwise(words))):
        words = tuple(word for word in words if word != "other")
    if _stems()[_UNSURE] & {*words}:
        return None
    every = (*words, *map("".join, pairwise(words)))
    meant = [
        ours for ours, stems in _stems().items() if ours != _UNSURE and any(_begins(word, stems) for word in every)
    ]
    # a transfer home, or rehabilitation at home, may be either
    return meant[0] if meant and not ("home" in meant and meant[0] in _OF_PLACES) else None


def _begins(word: str, stems: frozenset[str]) -> bool:
    return word in stems or any(len(stem) >= _STEM and word.startswith(stem) for stem in stems)


@cache
def _stems() -> Mapping[str, frozenset[str]]:
    content = tomllib.loads(Path(__file__).with_name("phrases.toml").read_text(encoding="utf-8"))
    return {ours: frozenset(stems.split()) for ours, stems in content.items()}
