"""Who the patients are: birth, gender, chronic conditions, payer, home, and how often they come."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.synthetic.hospital import DAY, DrawTable, Flags, Floats, Hospital, Ints

YEAR = 365.25 * DAY


@dataclass(frozen=True)
class Population:
    """Patients by index; texts are indexes into a tuple of names."""

    genders: tuple[str, ...]
    payers: tuple[str, ...]
    gender: Ints
    birth: Ints  # days since 1970-01-01
    has: Flags  # patient * chronic condition
    payer: Ints
    given_name: Ints  # a random number, taken modulo the names of the gender
    family_name: Ints
    zip: Ints
    minutes_between: Floats  # mean time between encounters, readmissions apart

    def __len__(self) -> int:
        return len(self.gender)


def draw_population(hospital: Hospital, rng: np.random.Generator, count: int) -> Population:
    """As many patients as asked for."""
    constants = hospital.constants["population"]
    genders, payers = tuple(constants["genders"]), tuple(constants["payers_below_65"])
    birth, age = _births(rng, constants["ages"], hospital.first_minute // DAY, count)
    nobody_special = np.zeros(count, np.int64)
    has = _conditions(hospital.constants["conditions"], rng, age)
    arrivals = hospital.constants["arrivals"]
    per_year = (
        arrivals["encounters_per_year"] + arrivals["encounters_per_year_per_condition"] * has.sum(axis=1)
    ) * rng.gamma(2.0, 0.5, count)
    return Population(
        genders=genders,
        payers=payers,
        gender=_by_share(constants["genders"], genders).draw(rng, nobody_special),
        birth=birth,
        has=has,
        payer=_by_share(constants["payers_below_65"], payers, constants["payers_from_65"]).draw(
            rng, (age >= 64).astype(np.int64)
        ),
        given_name=rng.integers(0, 2**31, count),
        family_name=rng.integers(0, len(hospital.constants["names"]["family"]), count),
        zip=_zips(constants["zip3"], rng, count),
        minutes_between=YEAR / np.maximum(per_year, 0.05),
    )


def birth_dates(population: Population) -> pa.Array:
    """Birth dates in ISO form, as text."""
    return pc.cast(pa.array(population.birth.astype(np.int32)).cast(pa.date32()), pa.string())


def names_in_csv(hospital: Hospital, population: Population) -> pa.Array:
    """Full names as they stand in a CSV file: quoted where a comma or a quote asks for it."""
    names = hospital.constants["names"]
    family: list[str] = names["family"]
    every: list[str] = []
    first = np.zeros(len(population), np.int64)
    for index, gender in enumerate(population.genders):
        given: list[str] = names[gender]
        own = len(every) + population.given_name % len(given) * len(family) + population.family_name
        first = np.where(population.gender == index, own, first)
        every += [_in_csv(f"{one} {other}") for one in given for other in family]
    return pa.array(every).take(pa.array(first))


def _in_csv(text: str) -> str:
    if '"' in text or "," in text:
        return '"' + text.replace('"', '""') + '"'
    return text


def _by_share(first: dict[str, float], names: tuple[str, ...], *others: dict[str, float]) -> DrawTable:
    return DrawTable(np.array([[shares[name] for name in names] for shares in (first, *others)]))


def _births(rng: np.random.Generator, ages: list[list[float]], today: int, count: int) -> tuple[Ints, Floats]:
    """Day of birth, and age in years on the day `today`. Nobody is born on 29 February.

    Engines disagree on the day such a person comes of age, and a check of ages would tell nothing.
    """
    bands = DrawTable(np.array([[share for _, _, share in ages]])).draw(rng, np.zeros(count, np.int64))
    youngest, oldest = np.array([low for low, _, _ in ages]), np.array([high for _, high, _ in ages])
    age = youngest[bands] + rng.random(count) * (oldest - youngest + 1)[bands]
    born = today - 1 - np.floor(age * 365.25).astype(np.int64)
    days = born.astype("datetime64[D]")
    leap_day = (days - days.astype("datetime64[M]")).astype(np.int64) == 28
    february = days.astype("datetime64[M]").astype(np.int64) % 12 == 1
    return born - (leap_day & february), age


def _conditions(section: dict[str, Any], rng: np.random.Generator, age: Floats) -> Flags:
    shares = [np.interp(age, section["ages"], share) for share in section["prevalence"].values()]
    has: Flags = rng.random((len(age), len(shares))) < np.stack(shares, axis=1)
    return has


def _zips(shares: dict[str, float], rng: np.random.Generator, count: int) -> Ints:
    prefixes = np.array([int(prefix) for prefix in shares])
    drawn = DrawTable(np.array([list(shares.values())])).draw(rng, np.zeros(count, np.int64))
    return prefixes[drawn] * 100 + rng.integers(1, 100, count)
