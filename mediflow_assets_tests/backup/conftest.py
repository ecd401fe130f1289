"""The hospital of the erasure tests, with secrets and a log in a database."""

from pathlib import Path

import pytest

from mediflow_assets.backup.backup import Kept
from mediflow_assets.identity.audit import AuditLog, Record
from mediflow_assets.secrets.secret_files import write_closed
from mediflow_assets.storage.delta import Lake
from mediflow_assets_tests.house import KEY
from mediflow_assets_tests.privacy.erasure.conftest import Hospital, hospital, made_hospital

__all__ = ["hospital", "made_hospital"]


@pytest.fixture
def whole(hospital: Hospital) -> Hospital:
    """A home with all its parts: tables, key, users' database, audit log, a delivery that waits."""
    secrets = hospital.root / "secrets"
    secrets.mkdir(mode=0o700)
    write_closed(secrets / "pseudonym.key", KEY.secret)
    log = AuditLog(hospital.place.database_url, hospital.root / "audit.head")
    log.append(*(Record("command", "eva", "run", "done", detail=str(number)) for number in range(3)))
    hospital.house.receive("patient_id,department,diagnosis_code,admission_date,cost\nP9,X,I10,2024-01-01,5\n")
    return hospital


def kept_of(root: Path) -> Kept:
    """What is backed up of a home whose lake lies in it."""
    return Kept(root, Lake(str(root / "lake")), root / "lake.lock")
