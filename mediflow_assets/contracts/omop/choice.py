"""What a hospital chooses for its OMOP tables."""

from dataclasses import dataclass
from pathlib import Path

SHIFTED, REAL = "shifted", "real"
CONCEPTS, RELATIONSHIPS, RELEASES = "CONCEPT.csv", "CONCEPT_RELATIONSHIP.csv", "VOCABULARY.csv"
"""Files of a vocabulary folder."""
NONE = "none"


@dataclass(frozen=True)
class Choice:
    """Whether dates are shifted or real, and where the vocabularies of Athena lie; without them all is unmapped."""

    dates: str = SHIFTED
    vocabulary: Path | None = None

    @property
    def is_shifted(self) -> bool:
        """Whether each person's dates are moved by days of their own, and ages over 89 shown as 90."""
        return self.dates == SHIFTED

    @property
    def stamp(self) -> str:
        """What changes with the files of the vocabulary folder."""
        if self.vocabulary is None:
            return NONE
        files = [self.vocabulary / name for name in (CONCEPTS, RELATIONSHIPS, RELEASES)]
        stats = [file.stat() for file in files if file.is_file()]
        return " ".join(f"{stat.st_size}-{stat.st_mtime_ns}" for stat in stats)
