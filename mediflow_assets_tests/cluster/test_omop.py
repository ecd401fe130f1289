"""PostgreSQL takes the OMOP tables under OHDSI's own statements: the tables, then their rows, then every key."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from mediflow_assets.cluster import secret_files
from mediflow_assets.contracts import omop
from mediflow_assets.contracts.omop import concepts
from mediflow_assets_tests.cluster.conftest import started
from mediflow_assets_tests.cluster.processes import Cluster
from mediflow_assets_tests.house import House
from mediflow_assets_tests.omop import definition
from mediflow_assets_tests.samples import ADMISSION, csv_text

pytestmark = pytest.mark.cluster
WIDE = re.compile(r"(\w+(?<!concept)_id) integer")
"""Keys of rows: of 63 bits, as docs/omop.md says."""


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    with started(only={"postgres"}) as cluster:
        secret_files.make(cluster.places.folder / "volumes" / "secrets")
        cluster.up()
        yield cluster


@pytest.fixture(scope="module")
def database(server: Cluster) -> sa.Engine:
    word = (server.places.folder / "volumes/secrets/source/postgres").read_text()
    return sa.create_engine(
        f"postgresql+psycopg2://postgres:{word}@{server.places.addresses['postgres']}:5432/postgres"
    )


@pytest.fixture
def house(tmp_path: Path, open_house: Callable[[Path], House]) -> House:
    house = open_house(tmp_path / "house")
    stays: Any = [{"patient_id": f"P{n % 3}", "encounter_id": f"E{n}"} for n in range(9)]
    house.receive(csv_text(ADMISSION, tuple(stays)))
    house.land()
    house.make_silver()
    assert not any(made.has_failed for made in house.make_omop())
    return house


def test_postgresql_takes_the_tables_with_every_key(house: House, database: sa.Engine) -> None:
    with database.begin() as connection:
        for statement in definition.statements("ddl"):
            connection.exec_driver_sql(WIDE.sub(r"\1 bigint", statement))
        for number, name in {0: "No matching concept", **concepts.FIXED}.items():
            connection.execute(
                sa.text(
                    "INSERT INTO concept VALUES (:n, :name, 'd', 'v', 'c', 'S', 'x', '1970-01-01', '2099-12-31', NULL)"
                ),
                {"n": number, "name": name},
            )
        for contract in omop.TABLES:
            rows = house.lake.read(contract).to_pylist()
            names = ", ".join(contract.column_names)
            places = ", ".join(f":{name}" for name in contract.column_names)
            if rows:
                connection.execute(sa.text(f"INSERT INTO {contract.key[1]} ({names}) VALUES ({places})"), rows)
        for statement in (*definition.statements("primary_keys"), *definition.statements("constraints")):
            connection.exec_driver_sql(statement)
        counted = {
            contract: connection.exec_driver_sql(f"SELECT count(*) FROM {contract.key[1]}").scalar()
            for contract in omop.TABLES
        }
    assert counted == {contract: house.lake.rows(contract) for contract in omop.TABLES}
    assert (counted[omop.PERSON], counted[omop.VISIT_OCCURRENCE], counted[omop.CONDITION_OCCURRENCE]) == (3, 9, 9)
