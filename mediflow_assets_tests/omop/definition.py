"""The model as OHDSI publishes it, read from its own statements."""

import re
import sqlite3
from dataclasses import dataclass
from pathlib import Path

OFFICIAL = Path(__file__).parent / "official"
SCHEMA = "@cdmDatabaseSchema."


def statements(part):
    """The statements of a part of the definition: ddl, primary_keys or constraints."""
    text = (OFFICIAL / f"OMOPCDM_postgresql_5.4_{part}.sql").read_text()
    plain = "\n".join(line for line in text.splitlines() if not line.startswith("--")).replace(SCHEMA, "")
    return [each.strip() for each in plain.split(";") if each.strip()]


@dataclass(frozen=True)
class Field:
    """One column: its type, whether it must be filled, whether it is the key, and what it points to."""

    type: str
    is_required: bool
    is_key: bool
    points_to: str | None


def _bodies():
    found = {}
    for statement in statements("ddl"):
        name, body = re.fullmatch(r"CREATE TABLE (\w+) \((.*)\)", statement, re.S).groups()
        found[name] = [line.strip() for line in body.split(",\n")]
    return found


def _keys():
    pattern = r"ALTER TABLE (\w+)  ADD CONSTRAINT \w+ PRIMARY KEY \((\w+)\)"
    return dict(re.fullmatch(pattern, each).groups() for each in statements("primary_keys"))


def _references():
    pattern = r"ALTER TABLE (\w+)  ADD CONSTRAINT \w+ FOREIGN KEY \((\w+)\) REFERENCES (\w+) \((\w+)\)"
    found = (re.fullmatch(pattern, each).groups() for each in statements("constraints"))
    return {(table, field): (other.lower(), key.lower()) for table, field, other, key in found}


def tables():
    """Table → column → what OHDSI says of it, in its order."""
    keys, references = _keys(), _references()
    return {
        table: {
            name: Field(
                type_.lower(), told == "NOT NULL", keys.get(table) == name, references.get((table, name), [None])[0]
            )
            for name, type_, told in (re.fullmatch(r"(\w+) (\S+) ((?:NOT )?NULL)", line).groups() for line in lines)
        }
        for table, lines in _bodies().items()
    }


def database():
    """An empty database under the definition, with every constraint, those of lengths too.

    SQLite: its integers have 64 bits, and it takes keys with the table only, so that they are said there.
    """
    keys, references = _keys(), _references()
    made = sqlite3.connect(":memory:")
    made.execute("PRAGMA foreign_keys = ON")
    for table, lines in _bodies().items():
        constraints = [f"PRIMARY KEY ({keys[table]})"] if table in keys else []
        for (of, name), (other, key) in references.items():
            constraints += [f"FOREIGN KEY ({name}) REFERENCES {other} ({key})"] if of == table else []
        for line in lines:
            if length := re.search(r"(\w+) varchar\((\d+)\)", line):
                constraints.append(f"CHECK (length({length[1]}) <= {length[2]})")
            if " integer " in line.lower():
                constraints.append(f"CHECK (typeof({line.split()[0]}) IN ('integer', 'null'))")
        made.execute(f"CREATE TABLE {table} ({', '.join([*lines, *constraints])})")
    return made


def load(made, table, columns, rows):
    """Put rows into a table, by the names of their columns."""
    places = ", ".join("?" * len(columns))
    made.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows)
