"""Groups of diagnoses that tell what else a patient suffers from, and how much each weighs."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from mediflow_assets.contracts.code_systems import ICD10, SNOMED

Starts = Mapping[str, str]
"""Group → the beginnings of its codes without the point; 490-505 stands for all from the one to the other."""


@dataclass(frozen=True)
class Comorbidities:
    """A published set of groups."""

    names: tuple[str, ...]
    codes: Mapping[str, Starts]
    """By code system."""
    weights: tuple[int, ...]
    instead: tuple[tuple[str, str], ...]
    """Groups of which the first counts in place of the second."""
    _places: dict[tuple[str, str], tuple[int, ...]] = field(default_factory=dict, init=False, repr=False)
    _known: dict[tuple[str, str], tuple[int, ...]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        for system, groups in self.codes.items():
            for place, name in enumerate(self.names):
                for start in _every(groups[name]):
                    self._places[system, start] = (*self._places.get((system, start), ()), place)

    def of(self, code: str | None, system: str | None) -> tuple[int, ...]:
        """The places of the groups that a code of a system belongs to; of a concept of SNOMED CT, its ICD-10 code."""
        if system == SNOMED:
            code, system = counterparts().get(code or ""), ICD10
        if not code or not system:
            return ()
        if (code, system) not in self._known:
            plain = code.replace(".", "").upper()
            found = (self._places.get((system, plain[:length]), ()) for length in (3, 4, 5))
            self._known[code, system] = tuple(sorted({place for places in found for place in places}))
        return self._known[code, system]

    def score(self, places: Iterable[int]) -> int:
        """The sum of the weights of some groups."""
        had = {self.names[place] for place in places}
        had -= {milder for severe, milder in self.instead if severe in had}
        return sum(weight for name, weight in zip(self.names, self.weights, strict=True) if name in had)


@cache
def counterparts() -> Mapping[str, str]:
    """Concepts of SNOMED CT → ICD-10: the common diseases that the groups are made of, not all their subtypes."""
    with Path(__file__).with_name("snomed_icd10.csv").open(encoding="utf-8") as lines:
        return {row["concept"]: row["icd10"] for row in csv.DictReader(lines)}


def _every(starts: str) -> Iterator[str]:
    for start in starts.split():
        first, _, last = start.partition("-")
        if not last:
            yield first
            continue
        letters = "" if first[0].isdigit() else first[0]
        digits = len(first) - len(letters)
        for number in range(int(first[len(letters) :]), int(last[len(letters) :]) + 1):
            yield f"{letters}{number:0{digits}}"
