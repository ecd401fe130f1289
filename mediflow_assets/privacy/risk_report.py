"""How likely somebody is found again in each masked table of people, measured on the table as it stands."""

from decimal import Decimal
from typing import Any

import polars as pl

from mediflow_assets.contracts import assurance, masked
from mediflow_assets.contracts.risk import BLANK, MOST_RISK, QUASI_IDENTIFIERS
from mediflow_assets.contracts.suppression import K
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline import change
from mediflow_assets.pipeline.code import code_version
from mediflow_assets.pipeline.gold import SUPPRESSION
from mediflow_assets.pipeline.operational_tables import OperationalTable
from mediflow_assets.storage.changes import files_since
from mediflow_assets.storage.delta import Lake

TABLES = tuple(table for table in masked.TABLES if table.names_people)
Row = dict[str, Any]


def privacy_status(lake: Lake) -> list[Row]:
    """The rows of `gold/privacy_status`: one for each masked table of people. Of a table whose rows are those of which
    the stored row tells, that row."""
    stored = _stored(lake)
    return [_unmoved(lake, table, stored.get(table.name)) or _of_table(lake, table) for table in TABLES]


def _unmoved(lake: Lake, table: TableContract, row: Row | None) -> Row | None:
    files = files_since(lake, table, row["version"]) if row and row["version"] >= 0 else None
    return None if row is None or files is None or files.rows_changed else row | {"version": lake.version(table)}


def _stored(lake: Lake) -> dict[str, Row]:
    """The stored rows by table; none that other code made, or of which a check did not hold."""
    made = lake.property_of(assurance.PRIVACY_STATUS, change.INPUTS) or {}
    if made.get("code") != code_version(__name__) or lake.difference(assurance.PRIVACY_STATUS):
        return {}
    rows = lake.read(assurance.PRIVACY_STATUS).to_pylist()
    return {row["table"]: row for row in rows if made.get(row["table"]) == row["version"]}


def breaks_limit(row: Row) -> bool:
    """Whether a table that is locally suppressed still shows somebody too closely."""
    return bool(row["is_suppressed"] and row["max_risk"] is not None and round(float(row["max_risk"]), 2) > MOST_RISK)


def _of_table(lake: Lake, table: TableContract) -> Row:
    quasi = [name for name in QUASI_IDENTIFIERS if name in table.by_name]
    has_diagnosis = "diagnosis_code" in table.by_name
    columns = ["patient_key", *quasi, *(["diagnosis_code"] if has_diagnosis else [])]
    rows = pl.DataFrame(pl.from_arrow(lake.read(table, columns)))
    figures = _risk(rows, quasi, has_diagnosis)
    return {
        "table": table.name,
        "quasi_identifiers": ", ".join(quasi) or "none",
        "records": rows.height,
        **figures,
        **_suppressed(lake.property_of(table, SUPPRESSION)),
        "version": lake.version(table),
    }


def _risk(rows: pl.DataFrame, quasi: list[str], has_diagnosis: bool) -> Row:
    """Figures over the groups that show anything; a record of which all is blank cannot be told from another."""
    people = rows["patient_key"].n_unique() if rows.height else 0
    nothing = {
        "people": people,
        "min_k": None,
        "share_below_k": _ratio(0),
        "max_risk": None,
        "mean_risk": None,
        "l_diversity": None,
    }
    if not quasi or not rows.height:
        return nothing
    counted = [pl.col("patient_key").n_unique().alias("k"), pl.len().alias("n")]
    if has_diagnosis:
        counted.append(pl.col("diagnosis_code").n_unique().alias("l"))
    shows = pl.any_horizontal(pl.col(name).is_not_null() & (pl.col(name) != (BLANK[name] or "")) for name in quasi)
    groups = rows.group_by(quasi).agg(counted).filter(shows)
    if not groups.height:
        return nothing
    records = groups["n"].sum()
    least = int(groups["k"].min())  # type: ignore[arg-type]
    below = groups.filter(pl.col("k") < K)["n"].sum()
    return nothing | {
        "min_k": least,
        "share_below_k": _ratio(below / rows.height),
        "max_risk": _ratio(1 / least),
        "mean_risk": _ratio(float((groups["n"] / groups["k"]).sum()) / records),
        "l_diversity": int(groups["l"].min()) if has_diagnosis else None,  # type: ignore[arg-type]
    }


def _ratio(value: float) -> Decimal:
    return Decimal(value).quantize(Decimal("0.0001"))


def _suppressed(told: dict[str, int] | None) -> Row:
    if told is None:
        names = ("min_k_before", "share_below_k_before", "suppressed_share", "utility_lost")
        return {"is_suppressed": False, **dict.fromkeys(names)}
    records = max(told["records"], 1)
    blanked = sum(told[f"blanked_{name}"] for name in QUASI_IDENTIFIERS)
    return {
        "is_suppressed": True,
        "min_k_before": told["min_k_before"],
        "share_below_k_before": _ratio(told["below_before"] / records),
        "suppressed_share": _ratio(told["suppressed"] / records),
        "utility_lost": _ratio(blanked / (records * len(QUASI_IDENTIFIERS))),
    }


PRIVACY_STATUS = OperationalTable(
    assurance.PRIVACY_STATUS,
    TABLES,
    lambda context: privacy_status(context.lake),
    {"risk_above_limit": breaks_limit},
)
