"""Silver holds what an independent reading of the delivered files says, whatever order they come in."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from mediflow_assets.contracts import silver
from mediflow_assets.sources import Feeds
from mediflow_assets_tests.end_to_end import planting, reading
from mediflow_assets_tests.house import House

pytestmark = pytest.mark.slow

ZONE = "America/New_York"
PEOPLE, DELIVERIES = 12, 4


@pytest.fixture(scope="module", params=[1, 2])
def hospital(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, session: Any
) -> tuple[House, dict[str, tuple[pd.DataFrame, pd.DataFrame]]]:
    """A lake made of planted deliveries in several runs, and what the independent reading says of them."""
    random_ = random.Random(request.param)
    flat = planting.flat(random_, PEOPLE, DELIVERIES)
    patients, encounters = planting.synthea(random_, PEOPLE)
    fhir = planting.fhir(random_, PEOPLE, DELIVERIES)
    folder: Path = tmp_path_factory.mktemp("hospital")
    toml = folder / "sources.toml"
    toml.write_text(f'[feeds.ward]\nmatch = ["patient_id", "encounter_id"]\ntimezone = "{ZONE}"\n')
    house = House(folder, session, Feeds.load(toml))
    arriving = [*flat, *patients, *encounters, *fhir]
    random_.shuffle(arriving)
    for number, delivery in enumerate(arriving):
        house.receive(delivery.content, delivery.received, delivery.name)
        if number % 3 == 2 or number == len(arriving) - 1:
            house.run()
    return house, {
        "mrn": reading.flat(flat, ZoneInfo(ZONE)),
        "synthea": reading.synthea(patients, encounters),
        "fhir": reading.fhir(fhir),
    }


def _held(house: House, contract: Any, namespace: str, key: str) -> dict[str, dict[str, Any]]:
    return {row[key]: row for row in house.rows(contract) if row["id_namespace"] == namespace}


def _said(frame: pd.DataFrame, *columns: str) -> dict[str, dict[str, Any]]:
    return {
        str(key): {name: None if pd.isna(row[name]) else row[name] for name in columns} for key, row in frame.iterrows()
    }


def _differing(
    found: dict[str, dict[str, Any]],
    said: dict[str, dict[str, Any]],
    names: dict[str, str],
    as_: Callable[[Any], Any] = str,
) -> list[tuple[str, str, Any, Any]]:
    """Each value of which the two say something else; keys that only one of them has as well."""
    differ: list[tuple[str, str, Any, Any]] = [
        (key, "is there", key in found, key in said) for key in found.keys() ^ said.keys()
    ]
    for key in found.keys() & said.keys():
        for theirs, ours in names.items():
            mine, other = found[key][ours], said[key][theirs]
            if (None if mine is None else as_(mine)) != (None if other is None else as_(other)):
                differ.append((key, ours, mine, other))
    return sorted(differ, key=str)


@pytest.mark.parametrize("namespace", ["mrn", "synthea", "fhir"])
def test_patients_are_the_newest_given_values(hospital: Any, namespace: str) -> None:
    house, said = hospital
    names = {
        "mrn": {"name": "full_name", "birth_date": "birth_date", "zip": "zip"},
        "synthea": {"family_name": "family_name", "birth_date": "birth_date", "gender": "gender"},
        "fhir": {"family_name": "family_name", "birth_date": "birth_date", "gender": "gender", "zip": "zip"},
    }[namespace]
    people = _said(said[namespace][0], *names)
    assert _differing(_held(house, silver.PATIENTS, namespace, "patient_id"), people, names) == []
    genders = {key: row["gender"] or "U" for key, row in _said(said[namespace][0], "gender").items()}
    held = _held(house, silver.PATIENTS, namespace, "patient_id")
    assert {key: row["gender"] for key, row in held.items()} == genders


@pytest.mark.parametrize("namespace", ["mrn", "synthea", "fhir"])
def test_encounters_are_the_newest_given_values(hospital: Any, namespace: str) -> None:
    house, said = hospital
    held = _held(house, silver.ENCOUNTERS, namespace, "encounter_id")
    stays = said[namespace][1]
    instants = {name: name for name in ("admitted_at", "discharged_at")}
    as_instant: Callable[[Any], Any] = lambda at: pd.Timestamp(at).tz_convert("UTC")  # noqa: E731
    assert _differing(held, _said(stays, *instants), instants, as_instant) == []
    words = {"mrn": {"patient_id": "patient_id", "department": "department"}, "synthea": {"patient_id": "patient_id"}}
    words["fhir"] = {"patient_id": "patient_id", "status": "status"}
    assert _differing(held, _said(stays, *words[namespace]), words[namespace]) == []
    if namespace != "fhir":
        cost = {"cost" if namespace == "mrn" else "TOTAL_CLAIM_COST": "cost_usd"}
        assert _differing(held, _said(stays, *cost), cost, lambda amount: f"{float(amount):.2f}") == []


def test_days_and_nights_are_those_of_the_house(hospital: Any) -> None:
    house, said = hospital
    held = _held(house, silver.ENCOUNTERS, "mrn", "encounter_id")
    names = {"admitted_on": "admitted_on", "discharged_on": "discharged_on", "nights": "length_of_stay_days"}
    assert _differing(held, _said(said["mrn"][1], *names), names, lambda value: str(value).removesuffix(".0")) == []


def test_nothing_is_quarantined_and_every_sum_holds(hospital: Any) -> None:
    house, _ = hospital
    assert [row["reasons"] for row in house.rows(silver.QUARANTINE) if row["status"] in ("open", "waiting")] == []
    house.assert_balanced()
