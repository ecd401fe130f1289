"""A small hospital to which things happen, and whose Gold tables follow what changed: they must be what they would be,
made whole."""

import datetime as dt
import random
import shutil
from dataclasses import replace
from typing import Any

from mediflow_assets.contracts import bronze, silver
from mediflow_assets.contracts.links import PATIENT_LINKS
from mediflow_assets.contracts.table import TableContract
from mediflow_assets.pipeline import affected, increment, merged, rebuild, renewal
from mediflow_assets.pipeline import gold as steps
from mediflow_assets.pipeline import silver as silver_steps
from mediflow_assets.privacy import key_rotation
from mediflow_assets.privacy.erasure.erase import Request, begin, finish
from mediflow_assets.privacy.erasure.premises import Premises
from mediflow_assets.secrets.pseudonym_key import PseudonymKey
from mediflow_assets.storage.maintenance import maintain
from mediflow_assets.storage.tables import conform
from mediflow_assets_tests.house import RECEIVED, House
from mediflow_assets_tests.samples import ADMISSION, MERGE, csv_text

BUILDS = [build for build in steps.GOLD if build.contract in (*affected.BY_PERSON, *affected.BY_MONTH)]
MADE = [build for build in steps.GOLD if build in BUILDS or build.contract in renewal.STANDING]
NEEDED = (PATIENT_LINKS, silver.PATIENTS, silver.ENCOUNTERS)
PEOPLE = 12
KINDS = ("stay", "stay", "older", "correction", "cancelled", "merge", "unmerge", "death", "open", "rebuild", "maintain")
OF_PRIVACY = ("erasure", "rotation")
Row = dict[str, Any]


def stay(person: int, number: int = 0, **more: str) -> Row:
    """A stay of a person, told by its day."""
    day = f"2024-01-{1 + (person * 7 + number * 5) % 28:02}"
    plain = {"patient_id": f"P{person}", "encounter_id": f"E{person}-{number}", "admission_date": day}
    return plain | {"discharge_date": day, "cost": f"{person + 1}00.00"} | more


def begun(house: House) -> House:
    """A hospital of a few people, all of whose tables are made, under a key of its own."""
    own = replace(house, key=PseudonymKey.create(house.folder / "secrets"))
    own.deliver(csv_text(ADMISSION, [stay(n) for n in range(PEOPLE)]))
    follow(own)
    return own


def follow(house: House) -> dict[TableContract, dict[str, Any]]:
    """Make the tables; gives the figures of each that was made of the people or the months affected."""
    tables = [table for table in silver_steps.ALL if table.contract in NEEDED]
    house.make_silver(*(table for table in tables if not table.have_owners))
    merged.make(house.context)
    house.make_silver(*(table for table in tables if table.have_owners))
    results = [steps.make(house.context, build) for build in MADE]
    assert not [each.contract.name for each in results if each.has_failed]
    of = {increment.PEOPLE, increment.MONTHS}
    return {each.contract: dict(each.figures) for each in results if of.intersection(each.figures)}


def bring(house: House, *rows: Row, defaults: Row = ADMISSION) -> dict[TableContract, dict[str, Any]]:
    """Deliver records, later than all before them, and follow them; whatever came, the tables are what they would be,
    made whole."""
    at = RECEIVED + dt.timedelta(days=house.lake.rows(bronze.DELIVERIES))
    house.deliver(csv_text(defaults, rows), at)
    shutil.rmtree(house.folder / "dropped")
    found = follow(house)
    assert_as_made_whole(house)
    return found


def assert_as_made_whole(house: House) -> None:
    """Each table is what its transform makes of all rows."""
    for build in BUILDS:
        names = list(build.contract.column_names)
        whole = conform(steps._rows(house.context, build), build.contract).toArrow()
        stored = house.rows(build.contract)
        rows = whole.select(names).cast(house.lake.read(build.contract).schema).to_pylist()
        assert stored == sorted(rows, key=lambda row: [str(value) for value in row.values()]), build.contract.name


def happens(kind: str, chance: random.Random, house: House) -> tuple[House, int]:
    """One thing that may happen to a hospital; gives the hospital, and how many tables followed without being made
    whole."""
    if kind == "erasure":
        erase(chance, house)
    elif kind == "rotation":
        house = rotated(house)
    elif kind == "maintain":
        maintain(house.lake, 1)
    else:
        if kind == "rebuild":
            rebuild.ask(house.lake, silver.ENCOUNTERS)
        rows, defaults = records(kind, chance)
        return house, len(bring(house, *rows, defaults=defaults))
    assert_as_made_whole(house)
    return house, 0


def records(kind: str, chance: random.Random) -> tuple[list[Row], Row]:
    """What a delivery of this kind holds."""
    person, number, day = chance.randrange(PEOPLE + 2), chance.randrange(3), 1 + chance.randrange(28)
    if kind in ("merge", "unmerge"):
        told = {"surviving_patient_id": f"P{person}", "merged_patient_id": f"P{(person + 1) % PEOPLE}"}
        return [told | {"merged_at": f"2024-05-{day:02} 08:00", "action": kind}], MERGE
    more = {
        "older": {"updated_at": f"2024-05-{day:02} 08:00", "cost": "777.00"},
        "correction": {"cost": f"{chance.randrange(1, 90)}00.00", "diagnosis_code": chance.choice(("I50.9", "C34.1"))},
        "cancelled": {"status": "cancelled"},
        "death": {"discharge_disposition": "expired"},
        "open": {"discharge_date": "", "status": "in-progress"},
    }.get(kind, {"admission_date": f"2024-0{chance.randrange(1, 5)}-{day:02}", "discharge_date": ""})
    return [stay(person, each, **more) for each in range(number + 1)], ADMISSION


def erase(chance: random.Random, house: House) -> None:
    """Erase a person; the tables follow, and nobody in them is that one."""
    row = chance.choice(house.rows(silver.PATIENTS))
    place = Premises(house.folder, house.lake, house.inbox, f"sqlite:///{house.folder / 'ops.db'}", house.key)
    begin(place, Request((row["patient_id"],), "consent_withdrawn", "T-1", "eva"))
    finish(place, lambda: follow(house) and None, lambda _: None)
    named = [build.contract for build in BUILDS if "patient_key" in build.contract.by_name]
    assert not any(row["patient_key"] in house.lake.read(each)["patient_key"].to_pylist() for each in named)


def rotated(house: House) -> House:
    """The hospital under another key; the tables follow."""

    def now() -> House:
        return replace(house, key=PseudonymKey.load(house.folder / "secrets"))

    database = f"sqlite:///{house.folder / 'ops.db'}"
    key_rotation.rotate(house.folder, house.lake, database, lambda: follow(now()) and None, lambda _: None)
    return now()


def assert_whatever_happens(house: House, seed: int, kinds: list[str]) -> None:
    """After each of these the tables are what they would be, made whole; and not all of them were made so."""
    chance, taken = random.Random(seed), 0
    for kind in kinds:
        house, followed = happens(kind, chance, house)
        taken += followed
    assert taken, "everything was made whole"


def sequence(seed: int, number: int) -> list[str]:
    """So many kinds of what may happen, drawn at random, with an erasure and a rotation among them."""
    chance = random.Random(seed)
    drawn = chance.choices(KINDS, k=number - len(OF_PRIVACY))
    for kind in OF_PRIVACY:
        drawn.insert(chance.randrange(len(drawn)), kind)
    return drawn
