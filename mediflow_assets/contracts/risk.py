"""How likely somebody is found again in a masked table: what counts as recognisable, and the limit."""

from mediflow_assets.contracts.suppression import K

QUASI_IDENTIFIERS = ("age_band", "gender", "zip3")
"""What somebody who knows a person may know of them; those that a table has make up its groups."""
BLANK = {"zip3": "000", "age_band": None, "gender": "U"}
"""What takes a value's place where a group is too small, in this order. `U` is unknown."""
MOST_RISK = 0.09
"""One in eleven, the two decimals of which are the usual limit (CMS cell suppression policy: no cell below 11)."""
Group = tuple[str | None, ...]
"""Values of the quasi-identifiers, in their order."""


def suppression(people: dict[Group, int], k: int = K) -> dict[Group, Group]:
    """What each group is shown as, so that every group counts `k` people or shows nothing at all.

    First the ZIP prefix goes, then the age band, then the gender, each only where the group is still too small.
    """
    shown = {group: group for group in people}
    for name, blank in BLANK.items():
        place = QUASI_IDENTIFIERS.index(name)
        sizes: dict[Group, int] = {}
        for group, count in people.items():
            sizes[shown[group]] = sizes.get(shown[group], 0) + count
        for group, as_shown in shown.items():
            if sizes[as_shown] < k:
                shown[group] = (*as_shown[:place], blank, *as_shown[place + 1 :])
    return shown


def is_blank(group: Group, names: tuple[str, ...] = QUASI_IDENTIFIERS) -> bool:
    """Whether nothing is left in a group by which somebody could be told apart."""
    return all(value is None or value == BLANK[name] for name, value in zip(names, group, strict=True))
