"""Features know nothing of what came later: cut off at the moment of prediction, the deliveries give the same row."""

import datetime as dt
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mediflow_assets.contracts import gold
from mediflow_assets.pipeline import gold as steps
from mediflow_assets_tests.house import House

START = dt.datetime(2022, 1, 1, tzinfo=dt.UTC)
FEATURES = next(build for build in steps.GOLD if build.contract is gold.ADMISSION_FEATURES)
NOT_FEATURES = {"cost_usd"}
"""The target is known at the end only."""
Record = dict[str, str]


def history(seed: int) -> list[tuple[dt.datetime, Record]]:
    """Versions of encounters, each when its fact came to be known: at admission, and whole at discharge."""
    rng, found = random.Random(seed), []
    for patient in range(6):
        at = START + dt.timedelta(hours=rng.randrange(2_000))
        for visit in range(rng.randrange(2, 6)):
            left = at + dt.timedelta(hours=rng.randrange(1, 200))
            known = {
                "encounter_id": f"E{patient}-{visit}",
                "patient_id": f"P{patient}",
                "encounter_class": rng.choice(["inpatient", "emergency", "outpatient"]),
                "admission_date": at.isoformat(),
                "diagnosis_code": rng.choice(["I50.9", "E11.9", "J44.1"]),
                "cost": "",
                "status": "in-progress",
                "discharge_date": "",
                "updated_at": at.isoformat(),
            }
            whole = known | {
                "diagnosis_code": rng.choice(["I21.4", "N18.5", "C50.9"]),
                "cost": f"{rng.randrange(100, 9_000)}.00",
                "status": "finished",
                "discharge_date": left.isoformat(),
                "updated_at": left.isoformat(),
            }
            found += [(at, known), (left, whole)]
            # the next visit may begin while this one lasts
            at += dt.timedelta(hours=rng.randrange(1, 1_500))
    return sorted(found, key=lambda version: version[0])


def features(house: House, csv: str) -> dict[str, dict[str, Any]]:
    house.deliver(csv)
    house.make_silver()
    steps.make(house.context, FEATURES)
    return {row["encounter_key"]: row for row in house.rows(gold.ADMISSION_FEATURES)}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_later_records_do_not_change_a_feature(
    open_house: Callable[[Path], House], admissions: Callable[..., str], tmp_path: Path, seed: int
) -> None:
    versions = history(seed)
    whole = features(open_house(tmp_path / "whole"), admissions(*(record for _, record in versions)))
    begun = [at for at, record in versions if record["status"] == "in-progress"]
    for number, moment in enumerate(random.Random(seed).sample(begun[len(begun) // 2 :], 2)):
        seen = [record for at, record in versions if at <= moment]
        then = features(open_house(tmp_path / f"cut{number}"), admissions(*seen))
        asked = [row for row in then.values() if row["admitted_at"] == moment]
        assert asked
        for row in asked:
            for name, value in row.items():
                if name not in NOT_FEATURES:
                    assert value == whole[row["encounter_key"]][name], name
