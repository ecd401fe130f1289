"""One flat file with one stay for each person, and a few tables made of it by hand.

`python benchmarks/stays.py make FILE ROWS` writes the file; `… floor FILE OUT` makes Bronze, Silver and Gold with
Polars, without checks or provenance; `… masked FILE OUT` a masked table as well.
"""

import hashlib
import hmac
import math
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.compute as pc

from mediflow_assets.synthetic.deliveries import write_lines
from mediflow_assets.synthetic.encounters import encounters_of, stream
from mediflow_assets.synthetic.hospital import Hospital, load_hospital
from mediflow_assets.synthetic.population import Population, draw_population
from mediflow_assets.synthetic.records import HEADER, Wording
from mediflow_assets.synthetic.timeline import Events, Timeline

COLUMNS = (
    "patient_id",
    "name",
    "age",
    "gender",
    "department",
    "diagnosis_code",
    "admission_date",
    "blood_pressure",
    "cost",
)


def make(file: Path, rows: int) -> None:
    """Write a file of so many people with one stay each, of any time of the generated hospital's years."""
    hospital, rng = load_hospital(), stream(7, 6)
    population, events = _one_each(hospital, rng, rows)
    encounters = encounters_of(hospital, rng, population, events)
    fields = Wording(hospital, population, encounters.patient_number).fields(encounters.records)
    told = dict(zip(HEADER, fields, strict=True))
    told["admission_date"] = pc.utf8_slice_codeunits(told["admission_date"], 0, 10)
    how = {"null_handling": "replace", "null_replacement": ""}
    lines = pc.binary_join_element_wise(*(told[name] for name in COLUMNS), ",", **how)
    write_lines(file, pc.binary_join_element_wise(lines, "", "\n").cast("binary"), COLUMNS)


def _one_each(hospital: Hospital, rng: np.random.Generator, rows: int) -> tuple[Population, Events]:
    people = math.ceil(1.2 * rows) + 20
    while True:
        population = draw_population(hospital, rng, people)
        events = Timeline(hospital, population, rng).simulate()
        order = rng.permutation(np.flatnonzero(~events.is_cancelled))
        _, first = np.unique(events.patient[order], return_index=True)
        if len(first) >= rows:
            return population, events.take(order[first][:rows])
        people = math.ceil(1.2 * people)


def make_by_hand(file: Path, out: Path, is_masked: bool) -> None:
    """Read the file, clean it, group it, each written as a Delta table."""
    bronze = pl.read_csv(file, infer_schema=False)
    bronze.write_delta(str(out / "bronze"))
    pressure = pl.col("blood_pressure").str.split_exact("/", 1).struct
    silver = (
        bronze.with_columns(
            pl.col("name").str.strip_chars(),
            pl.col("cost").cast(pl.Decimal(12, 2), strict=False),
            pl.col("age").cast(pl.Int32, strict=False),
            pl.col("admission_date").str.to_date("%Y-%m-%d", strict=False),
            pressure.field("field_0").cast(pl.Int32, strict=False).alias("systolic"),
            pressure.field("field_1").cast(pl.Int32, strict=False).alias("diastolic"),
        )
        .drop("blood_pressure")
        .filter(pl.col("patient_id").is_not_null() & pl.col("admission_date").is_not_null())
        .unique(["patient_id", "admission_date", "department"], keep="last", maintain_order=True)
    )
    silver.write_delta(str(out / "silver"))
    gold = silver.group_by("department", "gender", "diagnosis_code").agg(
        pl.len(), pl.col("patient_id").n_unique(), pl.col("cost").sum(), pl.col("age").mean()
    )
    gold.write_delta(str(out / "gold"))
    if is_masked:
        masked = silver.with_columns(
            pl.col("patient_id").map_elements(_keyed, return_dtype=pl.String).alias("patient_key"),
            (pl.col("age") // 5 * 5).alias("age_band"),
            pl.col("admission_date").dt.year().alias("admitted_year"),
        ).drop("patient_id", "name", "age", "admission_date")
        masked.write_delta(str(out / "masked"))


def _keyed(identifier: str) -> str:
    return hmac.new(b"floor", identifier.encode(), hashlib.sha256).hexdigest()[:32]


if __name__ == "__main__":
    what, source, other = sys.argv[1:]
    if what == "make":
        make(Path(source), int(other))
    else:
        make_by_hand(Path(source), Path(other), what == "masked")
