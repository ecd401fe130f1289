"""The order of an open table's rows tells nothing: neighbours are as far apart in time as in a shuffled table."""

import datetime as dt
import random

import numpy as np
import pyarrow.parquet as pq
import pytest

from mediflow_assets.contracts import TABLES, masked, silver
from mediflow_assets.contracts.profiles import Format, Profile
from mediflow_assets.contracts.table import Audience
from mediflow_assets.privacy import leak_scan, table_export
from mediflow_assets_tests.samples import ADMISSION, csv_text

pytestmark = pytest.mark.slow

ROWS, PATIENTS, WIDE = 20_000, 4_000, 450
OF_PEOPLE = [
    table
    for table in TABLES.values()
    if table.audience is Audience.ANALYST and table.key[0] == "masked" and table.names_people
]
MADE = [masked.PATIENTS, masked.ENCOUNTERS, masked.READMISSIONS, masked.COST_ANOMALIES]
"""Those that have rows without a model and without a topic."""
FORMAT = "%Y-%m-%d %H:%M"


def stay(number):
    """One delivered row; rows are delivered in the order of their admission."""
    at = dt.datetime(2023, 1, 1) + dt.timedelta(minutes=52 * number)
    # each cost stands once, so that a row without its key is known by it
    cost = (250_000 if number % 97 == 0 else 1_000) + number / 100
    return {
        "encounter_id": f"E{number:06}",
        "patient_id": f"P{number * 2_654_435_761 % PATIENTS:05}",
        "cost": f"{cost:.2f}",
        "admission_date": at.strftime(FORMAT),
        "discharge_date": (at + dt.timedelta(days=2)).strftime(FORMAT),
        "encounter_class": "inpatient",
        "note": random.Random(number).randbytes(WIDE).hex(),
    }


@pytest.fixture(scope="module")
def house(tmp_path_factory, open_house):
    house = open_house(tmp_path_factory.mktemp("order") / "home")
    house.deliver(csv_text(ADMISSION, [stay(number) for number in range(ROWS)]))
    house.make_silver()
    house.make_gold()
    return house


def times_of(house, table):
    """For each row, in its stored order, when Silver says that it began: of a patient, the first encounter."""
    key = table.primary_key[0]
    known = house.lake.read(silver.ENCOUNTERS, [key, "admitted_at"]).to_pandas()
    first = known.groupby(key)["admitted_at"].min()
    return first.loc[house.lake.read(table, [key])[key].to_pylist()].astype("int64").to_numpy() / 86_400e6


def assert_shuffled(days):
    """Rows near in place are no nearer in time than in shuffled tables, and time does not go with place."""
    chance = np.random.default_rng(1)
    shuffled = [chance.permutation(days) for _ in range(200)]
    # six deviations: an order that is drawn anew each time passes but for one time in a billion
    near = [share_of_near(each) for each in shuffled]
    assert share_of_near(days) <= np.mean(near) + 6 * np.std(near) + 1 / len(days)
    assert abs(drift(days)) <= 6 * np.std([drift(each) for each in shuffled])


def share_of_near(days):
    return float((np.abs(np.diff(days)) < 1).mean())


def drift(days):
    return float(np.corrcoef(np.arange(len(days)), days)[0, 1])


@pytest.mark.parametrize("table", MADE, ids=lambda table: table.name)
def test_neighbours_are_as_far_apart_in_time_as_shuffled(house, table):
    days = times_of(house, table)
    assert len(days) > 150
    assert_shuffled(days)


def test_every_open_table_of_people_is_stored_in_the_order_of_its_keys(house):
    for table in OF_PEOPLE:
        for file in house.lake.open(table).file_uris():
            keys = pq.read_table(file, columns=[table.primary_key[0]]).column(0).to_pylist()
            assert keys == sorted(keys), table.name


@pytest.mark.parametrize("profile", Profile)
def test_an_export_is_in_no_order_that_tells(house, profile):
    leak_scan.make(house.context, house.folder)
    made = table_export.export(
        house.lake, "masked/encounters", profile, Format.PARQUET, "study", house.key, house.folder / "exports"
    )
    began = house.lake.read(silver.ENCOUNTERS, ["cost_usd", "admitted_at"]).to_pandas().set_index("cost_usd")
    costs = pq.read_table(made.folder / "encounters.parquet", columns=["cost_usd"])["cost_usd"].to_pylist()
    assert_shuffled(began.loc[costs, "admitted_at"].astype("int64").to_numpy() / 86_400e6)
