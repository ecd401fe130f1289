"""The floor of the benchmark: Bronze, Silver, one Gold and one masked table by hand, without checks or provenance.

`python -m benchmarks.floor DELIVERIES OUT`. Needs Polars, which the `dev` extra brings.
"""

import hashlib
import hmac
import sys
from pathlib import Path

import polars as pl


def main(deliveries: Path, out: Path) -> None:
    """Read the flat admissions below `deliveries` and write four Delta tables below `out`."""
    files = sorted(deliveries.glob("*.csv"))
    bronze = pl.concat([_read(file) for file in files])
    bronze.write_delta(str(out / "bronze"))
    silver = (
        bronze.with_columns(
            pl.col("cost").cast(pl.Decimal(12, 2), strict=False),
            pl.col("age").cast(pl.Int32, strict=False),
            pl.col("admission_date", "discharge_date", "updated_at").str.to_datetime(
                "%Y-%m-%dT%H:%M:%SZ", strict=False, time_zone="UTC"
            ),
        )
        .filter(pl.col("patient_id").is_not_null() & pl.col("admission_date").is_not_null())
        .sort("updated_at")
        .unique("encounter_id", keep="last", maintain_order=True)
    )
    silver.write_delta(str(out / "silver"))
    gold = silver.group_by("department", "gender", "diagnosis_code").agg(
        pl.len(), pl.col("patient_id").n_unique(), pl.col("cost").sum(), pl.col("age").mean()
    )
    gold.write_delta(str(out / "gold"))
    masked = silver.with_columns(
        pl.col("patient_id").map_elements(_keyed, return_dtype=pl.String).alias("patient_key"),
        (pl.col("age") // 5 * 5).alias("age_band"),
        pl.col("zip").str.head(3).alias("zip3"),
        pl.col("admission_date").dt.year().alias("admitted_year"),
    ).drop("patient_id", "encounter_id", "name", "birth_date", "zip", "admission_date", "discharge_date")
    masked.write_delta(str(out / "masked"))


def _read(file: Path) -> pl.DataFrame:
    frame = pl.read_csv(
        file, infer_schema=False, truncate_ragged_lines=True, ignore_errors=True, encoding="utf8-lossy", quote_char=None
    )
    return frame


def _keyed(identifier: str) -> str:
    return hmac.new(b"floor", identifier.encode(), hashlib.sha256).hexdigest()[:32]


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
