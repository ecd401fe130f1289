"""Which totals may be published beside cells of which some are blanked. No engine: cells are few.

A total tells the sum of its blanked cells: it less the cells that are shown. So it is published only if they are two or
more, of eleven people or more, and if no small group follows from it and all totals published before it. A group
follows where its indicator is a linear combination of theirs (the exact disclosure of cell suppression: Willenborg and
de Waal, Elements of Statistical Disclosure Control, 2001, chapter 6).

Cells come in blocks that every total holds whole or not at all: a group that holds a part of one never follows.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mediflow_assets.contracts.suppression import K

_NOTHING = 1e-6
Vector = np.ndarray[Any, np.dtype[np.float64]]


@dataclass
class Published:
    """What the totals published so far tell of the blocks of blanked cells.

    `people` are those in each block, `cells` how many blanked cells it has, `groups` the sets of blocks that somebody
    may ask about: of them those of 1 to 10 people are guarded.
    """

    people: Sequence[frozenset[int]]
    cells: Sequence[int]
    groups: Iterable[frozenset[int]]
    _sizes: Vector = field(init=False, repr=False)
    _members: np.ndarray[Any, np.dtype[np.int64]] = field(init=False, repr=False)
    _starts: np.ndarray[Any, np.dtype[np.int64]] = field(init=False, repr=False)
    """The small groups: how many blocks each has, their blocks one after the other, and where each group begins."""
    _told: Vector = field(init=False, repr=False)
    """Of each small group the square of what the basis tells of it: its size, once it follows."""
    _basis: Vector = field(init=False, repr=False)
    _next: tuple[Vector, Vector] | None = field(init=False, repr=False, default=None)

    def __post_init__(self) -> None:
        small = sorted({group for group in self.groups if group and not self._are_enough(group)}, key=sorted)
        self._sizes = np.array([len(group) for group in small], float)
        self._members = np.array([block for group in small for block in sorted(group)], int)
        self._starts = np.cumsum([0, *(len(group) for group in small)])[:-1].astype(int)
        self._told = np.zeros(len(small))
        self._basis = np.zeros((0, len(self.people)))

    def admits(self, blocks: frozenset[int]) -> bool:
        """Whether a total that tells the sum of these blocks may be published; `publish` then does."""
        self._next = None
        if not self.hides(blocks):
            return False
        new = np.zeros(len(self.people))
        new[list(blocks)] = 1
        # twice: what one pass leaves by rounding grows with the basis
        for _ in range(2):
            new -= self._basis.T @ (self._basis @ new)
        length = float(np.linalg.norm(new))
        if length < _NOTHING:
            return True
        told = self._told
        if len(told):
            told = told + (np.add.reduceat(new[self._members], self._starts) / length) ** 2
        if bool((told > self._sizes - _NOTHING).any()):
            return False
        self._next = new / length, told
        return True

    def publish(self) -> None:
        """Publish the total that was admitted last."""
        if self._next is not None:
            self._basis = np.vstack([self._basis, self._next[0]])
            self._told = self._next[1]

    def hides(self, blocks: Collection[int]) -> bool:
        """Whether the sum of these blocks, once it is known, tells of nobody: it is none, or two cells or more of
        eleven people or more."""
        return not blocks or (sum(self.cells[block] for block in blocks) > 1 and self._are_enough(blocks))

    def _are_enough(self, blocks: Iterable[int]) -> bool:
        """Whether eleven people or more are in some blocks, each counted once."""
        found: set[int] = set()
        for block in blocks:
            found |= self.people[block]
            if len(found) >= K:
                return True
        return False
