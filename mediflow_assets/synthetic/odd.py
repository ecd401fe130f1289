"""Planted oddities: files in which ids, versions and dates are as odd as real ones, and what they say when read right.

Each kind of `odd_kinds` has patients of its own, so that nothing else in the hospital changes. `truth/odd.json` lists,
for each kind, which rows Silver holds, which records are kept out, and what is told.
"""

import csv
import io
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CSV, NDJSON, HISTORY = "csv", "ndjson", "json"
"""Flat admissions; FHIR resources, one a line; entries of one FHIR Bundle of type history."""


@dataclass(frozen=True)
class Step:
    """What one delivery brings of one case: rows, resources or entries."""

    form: str
    records: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Says:
    """How many rows of a table have these values, as texts (null where there is none)."""

    table: str
    has: Mapping[str, str | None]
    rows: int = 1


@dataclass(frozen=True)
class Case:
    """One patient or more: what is delivered, one delivery after the other, and what is right."""

    steps: Sequence[Step]
    says: Sequence[Says] = ()
    refused: Mapping[tuple[int, int], str] = field(default_factory=dict)
    """By step and record of it, counted from 0: why it is no encounter."""
    told: Mapping[str, int] = field(default_factory=dict)
    """By check that warns: how many rows of this case it counts."""


Kind = Callable[[str, random.Random], Case]
"""Makes a case from an id that nobody else has and a source of chance."""


def write_odd(deliveries: Path, truth: Path, kinds: Mapping[str, Kind], count: int, seed: int) -> dict[str, int]:
    """Write `count` cases of each kind, and the truth of them; returns the records by file, in order of delivery."""
    records: dict[str, int] = {}
    listed = []
    for place, (name, kind) in enumerate(kinds.items(), start=1):
        chance = random.Random(f"{seed}-{name}")
        cases = [kind(f"{place:02}{number:04}", chance) for number in range(1, count + 1)]
        files, refused = [], []
        for step, parts in enumerate(zip(*(case.steps for case in cases), strict=True)):
            rows = [record for part in parts for record in part.records]
            files.append(f"odd-{name}-{step + 1}.{parts[0].form}")
            (deliveries / files[-1]).write_text(_WRITTEN[parts[0].form](rows), encoding="utf-8")
            records[files[-1]] = len(rows)
            before = 1
            for case, part in zip(cases, parts, strict=True):
                refused += [
                    {"file": files[-1], "record_number": before + record, "reason": reason}
                    for (of, record), reason in case.refused.items()
                    if of == step
                ]
                before += len(part.records)
        says = [{"table": s.table, "has": s.has, "rows": s.rows} for case in cases for s in case.says]
        told = {check: sum(case.told[check] for case in cases) for check in cases[0].told}
        listed.append({"kind": name, "files": files, "says": says, "refused": refused, "told": told})
    (truth / "odd.json").write_text(json.dumps(listed, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return records


def _csv(rows: Sequence[Mapping[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _ndjson(resources: Sequence[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(resource) + "\n" for resource in resources)


def _history(entries: Sequence[Mapping[str, Any]]) -> str:
    return json.dumps({"resourceType": "Bundle", "type": "history", "entry": list(entries)}) + "\n"


_WRITTEN: dict[str, Callable[[Any], str]] = {CSV: _csv, NDJSON: _ndjson, HISTORY: _history}
