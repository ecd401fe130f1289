"""A small hospital of both formats, and its OMOP tables in a database under OHDSI's definition."""

import datetime as dt
from decimal import Decimal

import pytest

from mediflow_assets.contracts import omop
from mediflow_assets.contracts.omop import concepts
from mediflow_assets_tests.omop import definition


def _plain(value):
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value


@pytest.fixture
def loaded():
    """Loads the OMOP tables of a house into a database under the definition, with the concepts there are."""

    def _load(house, more=()):
        made = definition.database()
        names = {0: "No matching concept", **concepts.FIXED, **dict(more)}
        rows = [
            (number, name, "any", "any", "any", str(number), "1970-01-01", "2099-12-31")
            for number, name in names.items()
        ]
        columns = ("concept_id", "concept_name", "domain_id", "vocabulary_id", "concept_class_id", "concept_code",
                   "valid_start_date", "valid_end_date")  # fmt: skip
        definition.load(made, "concept", columns, rows)
        made.execute("PRAGMA defer_foreign_keys = ON")
        for contract in omop.TABLES:
            stored = house.lake.read(contract)
            rows = [tuple(map(_plain, row.values())) for row in stored.to_pylist()]
            definition.load(made, contract.key[1], stored.column_names, rows)
        # a visit may point to one that comes after it in the table
        made.commit()
        return made

    return _load
