"""A hospital that delivers its own ward lists, from the inbox to masked tables; prints what became of them as JSON."""

import datetime as dt
import json
import sys
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from mediflow_assets.contracts import TABLES, bronze, masked, silver
from mediflow_assets.contracts.gold import DEPARTMENT_COSTS
from mediflow_assets.definitions import defs
from mediflow_assets.pipeline import gold
from mediflow_assets.pipeline.reconciliation import reconcile
from mediflow_assets.sources.registry import sources
from mediflow_assets.storage import engine
from mediflow_assets_tests.house import RECEIVED, House
from mediflow_assets_tests.privacy.erasure.conftest import Hospital

GONE, STAYS = "W-700001", "W-700002"
WARD_LIST = f"""WARD LIST 1
person|{GONE}|Ada Example|1960-05-01|F
stay|{GONE}|CARDIOLOGY|2024-01-10|2024-01-15|I21.4|1200.00
person|{STAYS}|Bo Other|1970-02-03|M
stay|{STAYS}|ONCOLOGY|2024-02-10|2024-02-12|C50.9|much
what|is this
"""
PATCH = "_delivery_id,_record_number,price\n{},4,80.00\n"


def stays(house: House) -> list[list[Any]]:
    return [[row["patient_id"], str(row["cost_usd"]), row["gender"]] for row in house.rows(silver.ENCOUNTERS)]


def told(house: House) -> dict[str, Any]:
    hospital, found = Hospital(house), {}
    delivery = house.deliver(WARD_LIST, name="monday.txt")
    table = TABLES["bronze/ward_lists"]
    found["bronze"] = [[row["line"], row["person"]] for row in house.rows(table, "_record_number", "line", "person")]
    found["ledger"] = {name: house.row(bronze.DELIVERIES)[name] for name in ("source", "records", "bronze", "rejects")}
    house.make_silver()
    found["quarantine"] = [[number, reasons] for (_, number), reasons in house.reasons(silver.ENCOUNTERS).items()]
    found["silver"] = stays(house)
    house.deliver(PATCH.format(delivery), RECEIVED + dt.timedelta(days=1))
    house.make_silver()
    for build in (*gold.GOLD, *gold.MASKED):
        if build.contract in (DEPARTMENT_COSTS, masked.ENCOUNTERS):
            gold.make(house.context, build)
    found["gold"] = [str(row["total_cost_usd"]) for row in house.rows(DEPARTMENT_COSTS, "total_cost_usd")]
    found["mended"] = stays(house)
    found["status"] = house.row(silver.QUARANTINE)["status"]
    found["masked"] = sorted([row["department"], str(row["cost_usd"])] for row in house.rows(masked.ENCOUNTERS))
    found["unbalanced"] = [row for row in reconcile(house.lake) if not row["balanced"]]
    (house.folder / "dropped" / "monday.txt").unlink()
    proof = hospital.erase(GONE, is_refreshed=False)
    found["proof"] = [proof.patients, proof.records, proof.hits]
    found["left"] = [str(path) for path in hospital.left_of(GONE, house.key.pseudonym("patient", GONE))]
    found["after"] = stays(house)
    house.receive(WARD_LIST + f"stay|{STAYS}|ONCOLOGY|2024-05-01|2024-05-02|C50.9|5\n", RECEIVED, "tuesday.txt")
    hospital.land()
    house.make_silver()
    found["refused"] = [row["person"] for row in house.rows(table, "person")].count(GONE)
    found["unbalanced after"] = [row for row in reconcile(house.lake) if not row["balanced"]]
    return found


def graph() -> dict[str, Any]:
    nodes = {"/".join(node.key.path): node for node in defs.resolve_asset_graph().asset_nodes}
    return {
        "upstream": sorted("/".join(parent.path) for parent in nodes["silver/encounters"].parent_keys),
        "lineage": silver.ENCOUNTERS.by_name["age_at_admission"].derived_from,
        "told": sources()["ward_list"].told,
    }


if __name__ == "__main__":
    builder: Any = SparkSession.builder.remote(engine.embedded_url())
    session = builder.config("spark.sql.session.timeZone", "UTC").getOrCreate()
    print(json.dumps(told(House(Path(sys.argv[1]), session)) | graph()))
    session.stop()
    engine.stop_embedded()
