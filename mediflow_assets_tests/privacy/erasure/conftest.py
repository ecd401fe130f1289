"""A hospital with patients to erase, in every source and every zone, and the search for what is left of them."""

import gzip
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from mediflow_assets.defs.operational import OPERATIONAL
from mediflow_assets.ingest.tombstones import Tombstones
from mediflow_assets.pipeline import operational_tables
from mediflow_assets.privacy.byte_search import Identifiers, files_of, search
from mediflow_assets.privacy.erasure.erase import Request, begin, finish
from mediflow_assets.privacy.erasure.premises import Premises
from mediflow_assets.privacy.erasure.proof import Proof
from mediflow_assets_tests.samples import ADMISSION, csv_text

GONE, STAYS = "PAT-7000001", "PAT-7000002"
"""One patient of flat admissions who is erased, and one who is not."""
SYNTHEA_GONE, FHIR_GONE = "5a1c0f3e-aaaa-4444-8888-0123456789ab", "fhir-patient-77"
PREDICTIONS = "CREATE TABLE predictions (request_id TEXT, patient_key TEXT, score REAL)"


@dataclass(frozen=True)
class Hospital:
    """A house whose folder is a whole home."""

    house: Any

    @property
    def root(self) -> Path:
        return self.house.folder

    @property
    def place(self) -> Premises:
        house = self.house
        return Premises(self.root, house.lake, house.inbox, f"sqlite:///{self.root / 'ops.db'}", house.key)

    def refresh(self) -> None:
        """Everything a run makes."""
        self.house.make_silver()
        self.house.make_gold()
        for table in OPERATIONAL:
            assert not operational_tables.make(self.house.context, table).has_failed

    def land(self) -> None:
        from mediflow_assets.ingest.landing import land_all

        land_all(self.house.lake, self.house.inbox, Tombstones.load(self.root))

    def begin(self, *ids: str, unknown: bool = False) -> None:
        begin(self.place, Request(ids or (GONE,), "consent_withdrawn", "T-1", "eva", unknown))

    def finish(self, is_refreshed: bool = True) -> Proof:
        return finish(self.place, self.refresh if is_refreshed else lambda: None, lambda _: None)

    def erase(self, *ids: str, unknown: bool = False, is_refreshed: bool = True) -> Proof:
        self.begin(*ids, unknown=unknown)
        return self.finish(is_refreshed)

    def left_of(self, *names: str) -> dict[Path, int]:
        """The files in which a name still stands, by a search of their bytes."""
        return search(files_of(self.root), Identifiers(names)).hits

    def copy(self, name: str) -> "Hospital":
        return replace(self, house=self.house.copy(name))

    def insert(self, *keys: str) -> None:
        """Log predictions."""
        database = sa.create_engine(self.place.database_url)
        with database.begin() as connection:
            connection.exec_driver_sql(PREDICTIONS)
            for key in keys:
                connection.execute(sa.text("INSERT INTO predictions VALUES ('r', :key, 0.5)"), {"key": key})
        database.dispose()

    def keys_in_predictions(self) -> list[str]:
        database = sa.create_engine(self.place.database_url)
        with database.connect() as connection:
            found = [row[0] for row in connection.execute(sa.text("SELECT patient_key FROM predictions"))]
        database.dispose()
        return found


@pytest.fixture(scope="session")
def made_hospital(tmp_path_factory: pytest.TempPathFactory, open_house: Callable[[Path], Any]) -> Hospital:
    """Two patients of flat admissions: accepted, quarantined and rejected records of both, and a run's tables."""
    house = open_house(tmp_path_factory.mktemp("erasure") / "home")
    gone, stays = {"patient_id": GONE}, {"patient_id": STAYS, "name": "Bo Other"}
    rows = (
        gone | {"encounter_id": "ENC-900001"},
        gone | {"encounter_id": "ENC-900002", "cost": "much"},
        gone | {"encounter_id": "ENC-900001", "cost": "2000.00", "patient_id": f" {GONE.lower()} "},
        {"patient_id": "", "encounter_id": "ENC-900001"},
        stays | {"encounter_id": "ENC-900003", "note": "see PAT-7000001"},
        stays | {"encounter_id": "ENC-900004", "cost": "?"},
    )
    text = csv_text(ADMISSION, rows) + f'{GONE},"broken\n' + f'{STAYS},"broken too\n'
    house.deliver(text, name=f"{GONE}.csv")
    return refreshed(Hospital(house))


@pytest.fixture
def hospital(made_hospital: Hospital, tmp_path: Path) -> Hospital:
    """The two patients, in a home of the test's own."""
    folder = Path(shutil.copytree(made_hospital.root, tmp_path / "home"))
    return Hospital(replace(made_hospital.house, folder=folder))


@pytest.fixture(scope="session")
def erased_hospital(made_hospital: Hospital, tmp_path_factory: pytest.TempPathFactory) -> tuple[Hospital, Proof]:
    """The same after the one patient was erased, with two models: to be looked at only."""
    folder = Path(shutil.copytree(made_hospital.root, tmp_path_factory.mktemp("erased") / "home"))
    hospital = Hospital(replace(made_hospital.house, folder=folder))
    for version, trained in (("1", "2024-06-02"), ("3", "2024-07-02")):
        (bundle := folder / "lake" / "models" / "cost" / version / "bundle.json").parent.mkdir(parents=True)
        bundle.write_text(json.dumps({"trained_at": f"{trained}T00:00:00+00:00"}))
    return hospital, hospital.erase(GONE)


@pytest.fixture
def full(hospital: Hospital, synthea_patients: Any, synthea_encounters: Any, synthea_conditions: Any) -> Hospital:
    """As `hospital`, with Synthea's tables, FHIR resources, corrections, files and logged predictions besides."""
    house = hospital.house
    house.deliver(synthea_patients({"Id": SYNTHEA_GONE, "SSN": "999-77-1234"}, {"Id": "synthea-stays"}))
    encounter = {"Id": "synthea-enc-1", "PATIENT": SYNTHEA_GONE}
    house.deliver(synthea_encounters(encounter, {"Id": "synthea-enc-2", "PATIENT": "synthea-stays"}))
    house.deliver(synthea_conditions({"PATIENT": SYNTHEA_GONE, "ENCOUNTER": "synthea-enc-1"}))
    about = {"subject": {"reference": f"Patient/{FHIR_GONE}"}}
    resources = (
        {"resourceType": "Patient", "id": FHIR_GONE, "gender": "female", "birthDate": "1950-01-01"},
        {"resourceType": "Encounter", "id": "fhir-enc-88", "period": {"start": "2024-01-02"}} | about,
        {"resourceType": "Observation", "id": "o1", "encounter": {"reference": "Encounter/fhir-enc-88"}},
        {"resourceType": "Patient", "id": "fhir-stays", "gender": "male"},
        {"resourceType": "Observation", "id": "o2", "subject": {"reference": "Patient/fhir-stays"}},
    )
    house.deliver("\n".join(map(json.dumps, resources)) + "\n", name="some.ndjson")
    return refreshed(hospital)


def refreshed(hospital: Hospital) -> Hospital:
    """The same hospital after a run, without the files that were handed over to it."""
    hospital.refresh()
    shutil.rmtree(hospital.root / "dropped")
    return hospital


def pack(path: Path, text: str) -> None:
    """Write a gzip file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode()))
