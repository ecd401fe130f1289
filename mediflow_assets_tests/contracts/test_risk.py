"""Local suppression as a rule: whatever the groups, eleven people each or nothing to tell."""

import random

import pytest

from mediflow_assets.contracts.risk import BLANK, QUASI_IDENTIFIERS, is_blank, suppression

BANDS = [None, *(f"{low}-{low + 4}" for low in range(0, 90, 5)), "90+"]


def merged(people, shown):
    sizes = {}
    for group, count in people.items():
        sizes[shown[group]] = sizes.get(shown[group], 0) + count
    return sizes


@pytest.mark.parametrize("seed", range(50))
def test_every_group_counts_eleven_or_shows_nothing(seed):
    draw = random.Random(seed)
    people = {
        (draw.choice(BANDS), draw.choice("MFOU"), draw.choice([None, "000", "021", "100", "606"])): draw.choice(
            [1, 2, 9, 10, 11, 12, 40]
        )
        for _ in range(draw.choice([1, 5, 60, 400]))
    }
    shown = suppression(people)
    assert all(size >= 11 or is_blank(group) for group, size in merged(people, shown).items())
    for group, as_shown in shown.items():
        for name, value, left in zip(QUASI_IDENTIFIERS, group, as_shown, strict=True):
            assert left in (value, BLANK[name])


def test_the_postal_code_goes_first_then_the_age_then_the_gender():
    people = {
        ("40-44", "F", "021"): 6,
        ("40-44", "F", "100"): 6,
        ("45-49", "F", "021"): 3,
        ("45-49", "M", "021"): 11,
        ("50-54", "F", "021"): 8,
        ("40-44", "O", "021"): 2,
    }
    shown = suppression(people)
    assert shown["40-44", "F", "021"] == shown["40-44", "F", "100"] == ("40-44", "F", "000")
    assert shown["45-49", "F", "021"] == shown["50-54", "F", "021"] == (None, "F", "000")
    assert shown["45-49", "M", "021"] == ("45-49", "M", "021")
    assert shown["40-44", "O", "021"] == (None, "U", "000")


def test_large_groups_lose_nothing():
    people = {("40-44", "F", "021"): 11, (None, "U", None): 500}
    assert suppression(people) == {group: group for group in people}
    assert suppression({}) == {}
