"""Lakes of analyst tables only, for tests: Bronze and Silver are not there at all."""

import datetime as dt
import json
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import write_deltalake

from mediflow_assets.contracts import assurance, events, masked, models, operational
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.storage.schemas import arrow_schema

Row = dict[str, Any]


def store(home: Path, contract: TableContract, rows: list[Row]) -> None:
    """Replace a table's rows; columns that are not given are null."""
    schema = pa.schema([field.with_nullable(True) for field in arrow_schema(contract)])
    write_deltalake(str(home / "lake" / contract.name), pa.Table.from_pylist(rows, schema=schema), mode="overwrite")


def now() -> dt.datetime:
    """The moment at which a lake is filled: tests may start long after this file was read."""
    return dt.datetime.now(dt.UTC)


def encounters(count: int = 900, seed: int = 1) -> list[Row]:
    """Encounters of two departments and two years, a third of them inpatient; one small group of five people."""
    dice = random.Random(seed)
    made = [
        {
            "encounter_key": f"e{at}",
            "patient_key": f"p{at % (360 + 40 * seed)}",
            "status": "finished",
            "gender": dice.choice("FM"),
            "encounter_class": dice.choice(["inpatient", "outpatient", "emergency"]),
            "department": dice.choice(["CARDIOLOGY", "SURGERY"]),
            "age_band": dice.choice(["40-44", "65-69"]),
            "admitted_year": dice.choice([2023, 2024]),
            "cost_usd": Decimal(dice.randint(100, 9000)),
        }
        for at in range(count)
    ]
    small = {
        "status": "finished",
        "gender": "F",
        "encounter_class": "inpatient",
        "department": "HOSPICE",
        "age_band": "90+",
        "admitted_year": 2024,
        "cost_usd": Decimal(777),
    }
    return [*made, *({"encounter_key": f"s{at}", "patient_key": f"small{at}"} | small for at in range(5))]


def fill(home: Path, seed: int = 1) -> None:
    """Every table that the pages read."""
    fill_people(home, seed)
    fill_house(home, seed)
    fill_models(home, seed)
    fill_stream(home, seed)


def age(home: Path, days: int) -> None:
    """Make every table so many days older than it is, in its own log."""
    for log in (home / "lake").glob("*/*/_delta_log/*.json"):
        entries = [json.loads(line) for line in log.read_text().splitlines()]
        for entry in entries:
            if "commitInfo" in entry:
                entry["commitInfo"]["timestamp"] -= days * 86_400_000
        log.write_text("\n".join(json.dumps(entry) for entry in entries))


def fill_people(home: Path, seed: int = 1) -> None:
    """Masked tables: rows and aggregates."""
    rows = encounters(seed=seed)
    store(home, masked.ENCOUNTERS, rows)
    stays = [
        row
        | {
            "discharged_year": row["admitted_year"],
            "length_of_stay_days": 1 + at % 7,
            "is_readmitted": at % (3 + seed) == 0,
        }
        for at, row in enumerate(rows)
    ]
    names = set(masked.READMISSIONS.column_names)
    store(home, masked.READMISSIONS, [{k: v for k, v in row.items() if k in names} for row in stays])
    store(
        home,
        masked.COST_ANOMALIES,
        [
            {
                "encounter_key": row["encounter_key"],
                "patient_key": row["patient_key"],
                "department": row["department"],
                "admitted_year": row["admitted_year"],
                "encounter_class": row["encounter_class"],
                "diagnosis_code": "I10",
                "cost_usd": Decimal(9000),
                "expected_cost_usd": Decimal(3000),
                "limit_usd": Decimal(8000),
                "peer_group": "department_class",
            }
            for row in rows[: 500 + seed]
        ],
    )
    store(home, masked.MONTHLY_ACTIVITY, [
        {"month": dt.date(year, month, 1), "department": department, "encounter_class": "inpatient",
         "encounters": 20 * seed + month, "patients": 20,
         "cost_usd": Decimal(1000 * month * seed), "is_suppressed": False}
        for year in (2023, 2024) for month in (1, 2) for department in ("CARDIOLOGY", "SURGERY")]
        + [{"month": dt.date(2024, 1, 1), "department": "HOSPICE", "encounter_class": "inpatient",
            "is_suppressed": True}])  # fmt: skip
    store(home, masked.ACTIVITY_TOTALS, activity_totals(seed))
    store(
        home,
        masked.DEPARTMENT_COSTS,
        [
            {
                "department": "SURGERY",
                "gender": "F",
                "diagnosis_code": "I10",
                "encounters": 30 + seed,
                "patients": 30,
                "total_cost_usd": Decimal(900),
                "is_suppressed": False,
            }
        ],
    )
    store(
        home,
        masked.MONTHLY_CENSUS,
        [
            {
                "month": dt.date(2024, 1, 1),
                "department": "SURGERY",
                "patients": 40,
                "admissions": 40,
                "discharges": 39,
                "average_census": Decimal("12.5") + seed,
                "is_suppressed": False,
            }
        ],
    )
    store(
        home,
        masked.COST_PEERS,
        [
            {
                "department": "SURGERY",
                "diagnosis_code": "I10",
                "encounters": 50,
                "patients": 40,
                "is_suppressed": False,
                "lower_quartile_cost_usd": Decimal(10),
                "median_cost_usd": Decimal(20),
                "upper_quartile_cost_usd": Decimal(30),
            }
        ],
    )


def activity_totals(seed: int = 1) -> list[Row]:
    """Totals that are more than the shown cells come to; of the small group's department none is shown."""
    made = []
    for period in ("all", "2023", "2024", *(f"{year}-{month:02}" for year in (2023, 2024) for month in (1, 2))):
        for department, count in (("*", 100), ("CARDIOLOGY", 48), ("SURGERY", 47), ("HOSPICE", None)):
            shown = None if count is None else count * seed * (2 if period == "all" else 1)
            made.append(
                {
                    "period": period,
                    "department": department,
                    "encounters": shown,
                    "cost_usd": None if shown is None else Decimal(70 * seed * shown),
                    "is_suppressed": shown is None,
                }
            )
    return made


def fill_house(home: Path, seed: int = 1) -> None:
    """Checks, sums, quarantine, privacy."""
    store(
        home,
        operational.CHECK_RESULTS,
        [
            {
                "checked_at": now(),
                "run_id": "r",
                "table": "silver/encounters",
                "check_name": f"rule{at}",
                "severity": "error",
                "passed": at >= seed,
                "failing": 5 if at < seed else 0,
                "rows": 100,
                "version": 1,
            }
            for at in range(4)
        ],
    )
    store(home, operational.RECONCILIATION, [
        {"table": "bronze/admissions", "delivery": "abcdefabcdef", "source": "admissions", "records": 1010,
         "accepted": 1000, "newest": None, "quarantined": 10, "erased": 0, "balanced": True},
        {"table": "silver/encounters", "delivery": "abcdefabcdef", "source": "admissions", "records": 1000,
         "accepted": 950, "newest": 871, "quarantined": 50, "erased": 0, "balanced": True,
         "new": 850, "newer": 30, "older": 20, "same": 28, "conflicting": 20, "ended": 2},
        {"table": "bronze/admissions", "delivery": "123456123456", "source": "admissions", "records": 20 * seed,
         "accepted": 20 * seed, "newest": None, "quarantined": 0, "erased": 0, "balanced": True},
        {"table": "silver/encounters", "delivery": "123456123456", "source": "admissions", "records": 20 * seed,
         "accepted": 15 * seed, "newest": 9 * seed, "quarantined": 4 * seed, "erased": seed, "balanced": True,
         "new": 9 * seed, "newer": 0, "older": 0, "same": 4 * seed, "conflicting": 2 * seed, "ended": 0}])  # fmt: skip
    store(
        home,
        operational.QUARANTINE_REASONS,
        [
            {
                "table": "silver/encounters",
                "source": "bronze/admissions",
                "reason": "age_impossible",
                "status": "open",
                "records": 50 + seed,
            },
            {
                "table": "silver/encounters",
                "source": "bronze/encounter_events",
                "reason": "patient_unknown",
                "status": "waiting",
                "records": 6 * seed,
            },
        ],
    )
    store(
        home,
        operational.QUARANTINE_SAMPLES,
        [
            {
                "table": "silver/encounters",
                "source": "bronze/admissions",
                "reason": "age_impossible",
                "sample": at,
                "status": "open",
                "delivery": "abcdefabcdef",
                "record": at * seed,
                "fields": "age: ###, name: (kept back)",
            }
            for at in (1, 2)
        ],
    )
    store(
        home,
        assurance.LEAK_SCANS,
        [
            {
                "scanned_at": now(),
                "run_id": "r",
                "kind": "full",
                "identifiers": 1000,
                "files": 70,
                "bytes": 9,
                "hits": seed - 1,
                "files_hit": 0,
            }
        ],
    )
    store(
        home,
        assurance.PRIVACY_STATUS,
        [
            {
                "table": "masked/encounters",
                "quasi_identifiers": "age_band",
                "records": 905,
                "people": 405,
                "min_k": 11,
                "share_below_k": Decimal(0),
                "mean_risk": Decimal(0),
                "is_suppressed": True,
                "version": 1,
            }
        ],
    )


def fill_models(home: Path, seed: int = 1) -> None:
    """Two versions of a model, the second not promoted, and its drift."""
    begun = now()
    store(home, models.MODEL_METRICS, [
        {"trained_at": begun + dt.timedelta(hours=version), "model": "treatment-cost", "version": str(version),
         "run_id": "r", "estimator": estimator, "group": group, "metric": metric,
         "value": Decimal("0.5") + seed + version, "lower": Decimal("0.4") + seed, "upper": Decimal(9), "rows": 61,
         "is_promoted": version == 1, "reason": "better" if version == 1 else "no better"}
        for version in (1, 2) for estimator in ("random_forest", "mean")
        for group, metric in (("all", "r2"), ("all", "mae"), ("all", "calibration_01"), ("gender=F", "r2"))
    ])  # fmt: skip
    store(
        home,
        models.DRIFT,
        [
            {
                "model": "treatment-cost",
                "version": "1",
                "input": "gender",
                "measure": "jensen_shannon",
                "rows": 60,
                "value": Decimal("0.3") + seed,
                "limit": Decimal("0.2"),
                "has_drifted": True,
            }
        ],
    )


def fill_stream(home: Path, seed: int = 1) -> None:
    """A topic of two partitions, and alerts of which one group is small."""
    store(
        home,
        events.STREAM_STATUS,
        [
            {
                "partition": f"kafka/encounter-events/{at}",
                "landing": "batch",
                "alerts_mode": "run",
                "landed_through": 90 + seed,
                "judged_through": 80,
                "lag": seed + at,
                "records": 90 + at,
                "quarantined": 3 * seed,
                "alerts": 40,
                "to_bronze_p50_ms": 5,
                "to_bronze_p99_ms": 20 * seed,
                "rows_per_second": 100 * seed,
                "last_landed_at": now(),
            }
            for at in (0, 1)
        ],
    )
    store(
        home,
        masked.STREAM_ALERTS,
        [
            {
                "alert_id": f"a{at}-{seed}",
                "encounter_key": f"e{at}",
                "patient_key": f"p{at}",
                "department": "SURGERY" if at < 30 * seed else "HOSPICE",
                "rule": "cost_above_limit",
                "value": Decimal(9123),
                "expected_high": Decimal(8000),
                "peer_group": "class",
                "mode": "run",
            }
            for at in range(30 * seed + 4)
        ],
    )
