"""The vocabularies of OMOP, as Athena (https://athena.ohdsi.org) gives them in a folder: texts divided by tabs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from mediflow_assets.contracts.omop.choice import CONCEPTS, NONE, RELATIONSHIPS, RELEASES
from mediflow_assets.contracts.omop.concepts import UNMAPPED, VOCABULARIES
from mediflow_assets.errors import SettingsInvalid

_COLUMNS = {
    CONCEPTS: ("concept_id", "domain_id", "vocabulary_id", "standard_concept", "concept_code", "invalid_reason"),
    RELATIONSHIPS: ("concept_id_1", "concept_id_2", "relationship_id", "invalid_reason"),
    RELEASES: ("vocabulary_id", "vocabulary_version"),
}
Code = tuple[str, str]
"""Our name of a system, and a code of it."""


@dataclass(frozen=True)
class Mapped:
    """The concept of a code, and the standard ones that it maps to, each with its domain."""

    source: int = UNMAPPED
    standard: tuple[tuple[int, str], ...] = ()


def require(folder: Path) -> None:
    """Raise SettingsInvalid where the folder lacks a file or a column that mapping needs."""
    for name in (CONCEPTS, RELATIONSHIPS):
        _scan(folder, name)


def version_of(folder: Path | None) -> str:
    """The release of the vocabularies, as the folder says it; `none` without a folder."""
    if folder is None:
        return NONE
    if not (folder / RELEASES).is_file():
        return "unknown"
    found = _scan(folder, RELEASES).filter(pl.col("vocabulary_id") == "None").collect()["vocabulary_version"].to_list()
    return str(found[0])[:20] if found else "unknown"


def mapped(folder: Path | None, codes: Iterable[Code]) -> Mapping[Code, Mapped]:
    """Those of the codes that have a concept, with what they map to. Raises SettingsInvalid where a file is missing.

    A code that several vocabularies of its system have is of the first of them; a concept that is in force comes before
    one that is not. One that is itself standard, and maps to nothing, stands for itself.
    """
    wanted = {each for each in codes if each[1]}
    if folder is None or not wanted:
        return {}
    ranks = {name: (system, rank) for system, names in VOCABULARIES.items() for rank, name in enumerate(names)}
    systems = {name: [system for system, names in VOCABULARIES.items() if name in names] for name in ranks}
    concepts = _scan(folder, CONCEPTS)
    texts = sorted({code for _, code in wanted})
    named = concepts.filter(pl.col("vocabulary_id").is_in(sorted(ranks)) & pl.col("concept_code").is_in(texts))
    found: dict[Code, tuple[tuple[bool, int], int, bool, str]] = {}
    for row in named.collect(engine="streaming").to_dicts():
        order = (row["invalid_reason"] is not None, ranks[row["vocabulary_id"]][1])
        is_standard = row["standard_concept"] == "S"
        for code in ((system, row["concept_code"]) for system in systems[row["vocabulary_id"]]):
            if code in wanted and (code not in found or order < found[code][0]):
                found[code] = (order, int(row["concept_id"]), is_standard, row["domain_id"])
    targets = _targets(folder, {source for _, source, _, _ in found.values()})
    return {
        code: Mapped(source, targets.get(source) or (((source, domain),) if is_standard else ()))
        for code, (_, source, is_standard, domain) in found.items()
    }


def _targets(folder: Path, sources: set[int]) -> dict[int, tuple[tuple[int, str], ...]]:
    """Per concept the standard ones that it maps to."""
    ids = sorted(map(str, sources))
    relations = _scan(folder, RELATIONSHIPS).filter(
        (pl.col("relationship_id") == "Maps to")
        & pl.col("invalid_reason").is_null()
        & pl.col("concept_id_1").is_in(ids)
    )
    pairs = relations.select("concept_id_1", "concept_id_2").collect(engine="streaming")
    standard = _scan(folder, CONCEPTS).filter(
        pl.col("concept_id").is_in(sorted(set(pairs["concept_id_2"]))) & (pl.col("standard_concept") == "S")
    )
    domains = dict(standard.select("concept_id", "domain_id").collect(engine="streaming").iter_rows())
    found: dict[int, list[tuple[int, str]]] = {}
    for source, target in sorted(set(pairs.iter_rows()), key=lambda pair: (int(pair[0]), int(pair[1]))):
        if target in domains:
            found.setdefault(int(source), []).append((int(target), domains[target]))
    return {source: tuple(targets) for source, targets in found.items()}


def _scan(folder: Path, name: str) -> pl.LazyFrame:
    file = _file(folder, name)
    # no quotes: a name may begin with one
    rows = pl.scan_csv(file, separator="\t", quote_char=None, infer_schema=False, encoding="utf8-lossy")
    lacking = sorted(set(_COLUMNS[name]) - set(rows.collect_schema().names()))
    if lacking:
        raise SettingsInvalid(f"{name} of MEDIFLOW_OMOP_VOCABULARY lacks {', '.join(lacking)}: it is none of Athena's.")
    return rows.select(_COLUMNS[name])


def _file(folder: Path, name: str) -> Path:
    if not (folder / name).is_file():
        raise SettingsInvalid(
            f"MEDIFLOW_OMOP_VOCABULARY has no {name}. Download the vocabularies at https://athena.ohdsi.org, and set "
            "it to the folder with their files."
        )
    return folder / name
