"""Which totals may be published beside cells of which some are blanked. No engine: cells are few.

A total tells the sum of its blanked cells: it less the cells that are shown. So it is published only if they are two or
more, of eleven people or more, and if no small group follows from it and all totals published before it. A group
follows where its indicator is a linear combination of theirs (the exact disclosure of cell suppression: Willenborg and
de Waal, Elements of Statistical Disclosure Control, 2001, chapter 6).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mediflow_assets.contracts.suppression import K

_NOTHING = 1e-6
Vector = np.ndarray[Any, np.dtype[np.float64]]


@dataclass
class Published:
    """What the totals published so far tell of the blanked cells.

    `people` are those of each blanked cell, `groups` the sets of blanked cells that somebody may ask about: of them
    those of 1 to 10 people are guarded.
    """

    people: Sequence[frozenset[int]]
    groups: Iterable[frozenset[int]]
    _small: Vector = field(init=False, repr=False)
    _told: Vector = field(init=False, repr=False)
    """Of each small group the square of what the basis tells of it: its size, once it follows."""
    _basis: list[Vector] = field(init=False, repr=False, default_factory=list)

    def __post_init__(self) -> None:
        small = sorted({group for group in self.groups if 0 < len(self.people_in(group)) < K}, key=sorted)
        self._small = np.array([self._indicator(group) for group in small]).reshape(len(small), len(self.people))
        self._told = np.zeros(len(small))

    def people_in(self, cells: Iterable[int]) -> frozenset[int]:
        """Who is in some blanked cells, each person once."""
        return frozenset().union(*(self.people[cell] for cell in cells))

    def admits(self, cells: frozenset[int]) -> bool:
        """Whether a total that tells the sum of these blanked cells may be published; if so, it is from now on."""
        if not cells:
            return True
        if len(cells) < 2 or len(self.people_in(cells)) < K:
            return False
        new = self._indicator(cells)
        # twice: what one pass leaves by rounding grows with the basis
        for each in self._basis * 2:
            new -= (each @ new) * each
        length = float(np.linalg.norm(new))
        if length < _NOTHING:
            return True
        told = self._told + (self._small @ (new / length)) ** 2
        if bool((told > self._small.sum(axis=1) - _NOTHING).any()):
            return False
        self._basis.append(new / length)
        self._told = told
        return True

    def _indicator(self, cells: frozenset[int]) -> Vector:
        found = np.zeros(len(self.people))
        found[list(cells)] = 1
        return found
