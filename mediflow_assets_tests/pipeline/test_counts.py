"""What rules count by the files that came and went is what they count over the whole table."""

import os
import random
import subprocess
import sys

import pytest
from pyspark.sql import functions as F

from mediflow_assets.contracts import silver
from mediflow_assets.errors import ContractViolated
from mediflow_assets.pipeline import counts
from mediflow_assets_tests.house import RECEIVED

CONTRACT = silver.PATIENTS


def patient(number, **more):
    plain = {"patient_id": f"P{number}", "patient_key": f"{number:032x}", "source_system": "admissions"}
    return plain | {"gender": "F", "id_namespace": "mrn", "updated_at": RECEIVED, "_ingested_at": RECEIVED} | more


@pytest.fixture
def counting(house, monkeypatch):
    """Tables of any size are counted by what changed."""
    monkeypatch.setattr(counts, "LEAST_ROWS", 0)
    house.lake.append_rows(CONTRACT, [patient(n) for n in range(200)])
    counts.by_change(house.context, CONTRACT)
    return house


def whole(house):
    return counts.whole(house.context, CONTRACT, lambda rows: rows)


def looked_at(house, monkeypatch):
    """How many rows the rules are asked of."""
    seen = []
    count = counts._counted

    def counted(frame, contract, key):
        found = count(frame, contract, key)
        seen.append(found[counts.ROWS])
        return found

    monkeypatch.setattr(counts, "_counted", counted)
    return seen


ALONE = """
import os, sys
from pyspark.sql import SparkSession
from mediflow_assets.pipeline import counts
from mediflow_assets.pipeline.run_context import RunContext
from mediflow_assets.sources import Feeds
from mediflow_assets.storage import engine
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.tables import Tables

counts.LEAST_ROWS = 0
tables = Tables(Lake(sys.argv[1]), lambda: SparkSession.builder.remote(engine.embedded_url()).getOrCreate())
counts.require_as_counted(RunContext(tables, None, Feeds()))
print("as counted", flush=True)
os._exit(0)
"""


def test_the_nightly_count_begins_the_engine_itself(counting):
    counting.lake.append_rows(CONTRACT, [patient(1000)])
    command = [sys.executable, "-c", ALONE, counting.lake.root]
    # a session of these tests says so in the environment
    alone = {name: value for name, value in os.environ.items() if not name.startswith("SPARK_")}
    said = subprocess.run(command, env=alone, capture_output=True, text=True, timeout=120)
    assert said.stdout == "as counted\n", said.stderr


def test_only_what_came_is_looked_at(counting, monkeypatch):
    counting.lake.append_rows(CONTRACT, [patient(1000), patient(1001, gender=None)])
    seen = looked_at(counting, monkeypatch)
    found = counts.by_change(counting.context, CONTRACT)
    assert seen == [2] and found == whole(counting)
    assert found[counts.ROWS] == 202


@pytest.mark.parametrize("number", [7, 1000])
def test_a_key_that_stands_twice_is_found_wherever_the_other_is(counting, number):
    counting.lake.append_rows(CONTRACT, [patient(1000), patient(number)])
    found = counts.by_change(counting.context, CONTRACT)
    assert found[counts.UNIQUE] == 1 and found == whole(counting)
    # and once it stands twice, all of them are looked at until it does not
    counting.lake.open(CONTRACT).delete(f"patient_id = 'P{number}'")
    found = counts.by_change(counting.context, CONTRACT)
    assert found[counts.UNIQUE] == 0 and found == whole(counting)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_comes_and_goes_the_counts_are_those_of_the_whole(counting, seed):
    chance = random.Random(seed)
    table = counting.context.tables.read(CONTRACT)
    for step in range(4):
        for _ in range(chance.randint(1, 2)):
            kind = chance.choice(("append", "merge", "delete", "update"))
            number = chance.randrange(200)
            if kind == "append":
                rows = [patient(10_000 + step * 100 + n, gender=chance.choice(("F", None, "?"))) for n in range(5)]
                counting.lake.append_rows(CONTRACT, rows)
            elif kind == "merge":
                changed = table.where(F.col("patient_id").isin(f"P{number}", f"P{number + 1}"))
                counting.context.tables.merge(CONTRACT, changed.withColumn("gender", F.lit("?")), CONTRACT.primary_key)
            elif kind == "delete":
                counting.lake.open(CONTRACT).delete(f"patient_id = 'P{number}'")
            else:
                counting.lake.open(CONTRACT).update(
                    updates={"birth_date": "DATE '3000-01-01'"}, predicate=f"patient_id = 'P{number}'"
                )
        assert counts.by_change(counting.context, CONTRACT) == whole(counting)
        assert counts.differing(counting.context, CONTRACT) == []


def test_what_cannot_be_compared_is_counted_whole(counting, monkeypatch):
    counting.lake.open(CONTRACT).delete("patient_id = 'P3'")
    counting.lake.open(CONTRACT).vacuum(0, dry_run=False, enforce_retention_duration=False)
    seen = looked_at(counting, monkeypatch)
    assert counts.by_change(counting.context, CONTRACT)[counts.ROWS] == 199 and seen == [199]


def test_counts_that_are_not_true_are_found(counting):
    note = counting.lake.property_of(CONTRACT, "counted")
    wrong = note["counts"] | {counts.FILLED: 3}
    counting.lake.set_properties(CONTRACT, counted=note | {"counts": wrong})
    with pytest.raises(ContractViolated, match=r"silver/patients: required_columns_filled"):
        counts.require_as_counted(counting.context)
