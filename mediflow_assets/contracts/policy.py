"""The de-identification policy: what every contract must keep, and what it says to a reader who reads no code.

A contract that breaks the policy stops the import of `contracts.TABLES`, and with it every command and build.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mediflow_assets.contracts.masks import Mask, Verb
from mediflow_assets.contracts.table import Column, Privacy, TableContract

OPEN_ZONES = ("gold", "masked", "omop")
"""Zones in which no column may come from a direct identifier, but by a verb that takes the person out of it."""

MEANING = {
    Verb.KEEP: "stands as it is",
    Verb.DROP: "is not in the masked table",
    Verb.PSEUDONYM: "becomes a keyed pseudonym: HMAC-SHA256, 32 hex digits, the same for the same person",
    Verb.YEAR: "only the year is left; nothing for people of 90 and over",
    Verb.AGE_BAND: "becomes a band of five years; 90 and over is one band",
    Verb.ZIP3: "the first three digits are left; 000 where fewer than 20,000 people live, or for no US code",
    Verb.SHIFT: "is moved, each patient's by days of their own: by up to 180 in limited exports, back by up to 360 in "
    "omop/",
    Verb.REDACT: "is replaced whole by a mark that says it was there",
}


def violations(tables: Iterable[TableContract]) -> list[str]:
    """Each way in which a contract breaks the policy, as `zone/table.column: why`."""
    by_name = {table.name: table for table in tables}
    return [
        f"{table.name}.{column.name}: {why}"
        for table in by_name.values()
        for column in table.columns
        for why in (*_of_column(column), *_of_origin(table, column, by_name))
    ]


def require(tables: Iterable[TableContract]) -> None:
    """Raise ValueError, with every violation named, if a contract breaks the policy."""
    broken = violations(tables)
    if broken:
        raise ValueError("The de-identification policy is broken: " + "; ".join(broken))


def _of_column(column: Column) -> Iterator[str]:
    if not isinstance(column.privacy, Privacy):
        yield "its privacy class is undecided"
    elif not isinstance(column.mask, Mask):
        yield "its mask verb is undecided"
    elif column.privacy.identifies and column.mask.verb is Verb.KEEP:
        yield f"class '{column.privacy}' may not be kept"
    elif column.mask.verb is Verb.PSEUDONYM and not column.mask.domain:
        yield "its pseudonym has no domain"


def _of_origin(table: TableContract, column: Column, by_name: Mapping[str, TableContract]) -> Iterator[str]:
    if table.key[0] not in OPEN_ZONES:
        return
    if isinstance(column.privacy, Privacy) and column.privacy.is_direct:
        yield f"class '{column.privacy}' may not stand in {table.key[0]}"
    if table.key[0] == "masked" and isinstance(column.privacy, Privacy) and column.privacy.identifies:
        yield f"class '{column.privacy}' may not stand in a masked table"
    for source in column.derived_from:
        upstream = _column(source, by_name)
        if upstream is None:
            yield f"it comes from {source}, which no contract has"
        elif upstream.privacy.is_direct and not _is_masked_copy(table, upstream) and not _is_numbered(table, column):
            yield f"it comes from the direct identifier {source}"


def _is_masked_copy(table: TableContract, upstream: Column) -> bool:
    """Whether a masked table holds the column by a verb that takes the person out of it."""
    return table.key[0] == "masked" and upstream.mask.verb not in (Verb.KEEP, Verb.DROP)


def _is_numbered(table: TableContract, column: Column) -> bool:
    """Whether an OMOP table has a number made of the pseudonym in its place."""
    return table.key[0] == "omop" and column.privacy is Privacy.PSEUDONYM


def _column(name: str, by_name: Mapping[str, TableContract]) -> Column | None:
    table, _, column = name.rpartition(".")
    return by_name[table].by_name.get(column) if table in by_name else None


def policy_version(tables: Iterable[TableContract]) -> str:
    """Twelve hex digits that change with any column's class or mask, in whatever table."""
    digest = hashlib.sha256()
    for table in tables:
        for column in table.columns:
            digest.update(f"{table.name}.{column.name}|{column.privacy}|{column.mask}\n".encode())
    return digest.hexdigest()[:12]


def as_data(tables: Mapping[str, TableContract]) -> dict[str, Any]:
    """The whole policy as plain mappings and lists."""
    return {
        "policy_version": policy_version(tables.values()),
        "verbs": {str(verb): meaning for verb, meaning in MEANING.items()},
        "classes": [str(privacy) for privacy in Privacy],
        "tables": [
            {
                "table": table.name,
                "description": table.description,
                "audience": str(table.audience),
                "columns": [
                    {
                        "column": column.name,
                        "description": column.description,
                        "class": str(column.privacy),
                        "identifies": column.privacy.identifies,
                        "verb": str(column.mask),
                        "in_limited_exports": str(column.mask.limited),
                    }
                    for column in table.columns
                ],
            }
            for table in tables.values()
        ],
    }


def as_markdown(tables: Mapping[str, TableContract]) -> str:
    """The whole policy as a page."""
    used = sorted({column.privacy for table in tables.values() for column in table.columns}, key=list(Privacy).index)
    unused = [str(privacy) for privacy in Privacy if privacy.identifies and privacy not in used]
    lines = [
        "# What becomes of each column",
        "",
        f"Policy {policy_version(tables.values())}. Written from the contracts; nothing stands anywhere else.",
        "",
        "Each column has a class and a verb. The classes with a letter are those of 45 CFR 164.514(b)(2)(i).",
        f"No column is of class {', '.join(unused)}: such values can only stand in unknown columns and free text,",
        "which are dropped or redacted whole.",
        "",
        "| verb | the value |",
        "|---|---|",
        *(f"| {verb} | {meaning} |" for verb, meaning in MEANING.items()),
    ]
    for table in tables.values():
        lines += [
            "",
            f"## {table.name}",
            "",
            f"{table.description} For: {table.audience}.",
            "",
            "| column | holds | class | verb |",
            "|---|---|---|---|",
            *(f"| {c.name} | {c.description} | {c.privacy} | {c.mask} |" for c in table.columns),
        ]
    return "\n".join([*lines, ""])
