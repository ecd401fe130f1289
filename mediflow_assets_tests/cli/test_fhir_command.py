"""`mediflow fhir pull`: what a server exports is in the inbox, what it deletes ends in Silver, a kill loses nothing."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from mediflow_assets.contracts import bronze, silver
from mediflow_assets.ingest.inbox import Inbox
from mediflow_assets.pipeline.reconciliation import reconcile
from mediflow_assets_tests.cli.test_ingest_command import Run
from mediflow_assets_tests.house import House
from mediflow_assets_tests.ingest.bulk_export.bulk_server import CLIENT, BulkServer
from mediflow_assets_tests.ingest.bulk_export.conftest import EC
from mediflow_assets_tests.ingest.bulk_export.test_pull import DELETED, P1, P2, outcome


@pytest.fixture
def server() -> Iterator[BulkServer]:
    """A server; a client that breaks the specification fails the test."""
    with BulkServer() as served:
        yield served
    assert served.violations == []


def test_a_pull_tells_what_came_and_from_when_the_next_one_asks(
    mediflow: Run, inbox: Inbox, server: BulkServer
) -> None:
    server.file("output", P1, P2, type="Patient")
    server.file("deleted", DELETED)
    pulled = mediflow("fhir", "pull", "--server", f"{server.base}/")
    assert pulled.exit_code == 0, pulled.output
    assert "of all times: 1 of resources, 1 of deletions" in pulled.stdout
    assert f"up to {server.at}" in pulled.stdout
    assert len(inbox.take_in()[0]) == 2
    again = mediflow("fhir", "pull", "--server", server.base)
    assert f"changed since {server.at}" in again.stdout
    # what came before is in the inbox, and comes in once
    assert len(inbox.take_in()[0]) == 2 and len(inbox.waiting()) == 2


def test_a_search_is_asked_for_in_a_body_where_one_says_so(mediflow: Run, server: BulkServer) -> None:
    search = "Encounter?date=ge2026-01-01"
    asked = mediflow("fhir", "pull", "--server", server.base, "--post", "--type-filter", search)
    assert asked.exit_code == 0, asked.output
    assert server.wanted == [{"_typeFilter": [search]}] and server.paths("kick") == ["/fhir/Patient/$export"]


def test_an_incomplete_export_fails_and_shows_no_word_of_the_server(mediflow: Run, server: BulkServer) -> None:
    server.file("error", outcome("error"), type="OperationOutcome")
    pulled = mediflow("fhir", "pull", "--server", server.base)
    assert pulled.exit_code == 1 and "1 error" in pulled.stderr and "Secret" not in pulled.output
    assert mediflow("fhir", "pull", "--server", server.base, "--past-errors").exit_code == 0


@pytest.mark.parametrize(
    "options",
    [
        ("http://ehr.example/fhir",),
        ("ehr.example",),
        ("https://me:secret@ehr.example/fhir",),
        ("https://ehr.example/fhir", "--since", "yesterday"),
        ("https://ehr.example/fhir", "--group", "../x"),
        ("https://ehr.example/fhir", "--group", "x", "--system"),
        ("https://ehr.example/fhir", "--type", "patient"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(mediflow: Run, options: tuple[str, ...]) -> None:
    refused = mediflow("fhir", "pull", "--server", *options)
    assert refused.exit_code in (1, 2) and "internal" not in refused.stderr and "secret" not in refused.output


def test_a_registered_client_pulls_with_the_key_of_the_secrets(
    mediflow: Run, home: Path, inbox: Inbox, server: BulkServer
) -> None:
    secrets = home / "secrets"
    secrets.mkdir(parents=True)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    text = f'["{server.base}"]\nclient_id = "{CLIENT}"\nkey = "ehr.pem"\nkey_id = "k"\n'
    for name, content in (("fhir.toml", text.encode()), ("ehr.pem", EC.private_bytes(*form))):
        (secrets / name).write_bytes(content)
        (secrets / name).chmod(0o600)
    server.keys["k"] = (EC.public_key(), "ES384")
    server.file("output", P1, type="Patient")
    pulled = mediflow("fhir", "pull", "--server", server.base)
    assert pulled.exit_code == 0 and "secret-token" not in pulled.output
    assert len(inbox.take_in()[0]) == 1


def test_a_pull_that_is_killed_goes_on_with_the_files_that_have_not_come(
    mediflow: Run, home: Path, inbox: Inbox, server: BulkServer
) -> None:
    for patient in (P1, P2):
        server.file("output", patient, type="Patient")
    is_asked, is_over = threading.Event(), threading.Event()

    def held(request: object) -> None:
        is_asked.set()
        is_over.wait(60)

    server.planned["file"] = [None, held]
    command = [sys.executable, "-m", "mediflow_assets.cli", "fhir", "pull", "--server", server.base]
    killed = subprocess.Popen(command, env=os.environ | {"MEDIFLOW_HOME": str(home)}, stderr=subprocess.DEVNULL)
    assert is_asked.wait(60)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait(20) == -signal.SIGKILL
    is_over.set()
    assert len(inbox.dropped()) == 1
    assert mediflow("fhir", "pull", "--server", server.base).exit_code == 0
    assert (len(server.paths("kick")), server.paths("file").count("/files/0")) == (1, 1)
    assert len(inbox.take_in()[0]) == 2


def test_deletions_end_what_they_name_and_count_in_the_sums(
    house: House, mediflow: Run, server: BulkServer, home: Path
) -> None:
    server.file("output", P1, P2, type="Patient")
    server.file("error", outcome("warning"), type="OperationOutcome")
    _pull_into(house, mediflow, server, home)
    assert _ended(house) == {"p1": False, "p2": False}
    server.files.clear()
    server.file("output", type="Patient")
    server.file("deleted", json.dumps(DELETED))
    _pull_into(house, mediflow, server, home)
    assert _ended(house) == {"p1": False, "p2": True}
    kinds = sorted(row["resource_type"] for row in house.rows(bronze.FHIR_RESOURCES))
    assert kinds == ["OperationOutcome", "Patient", "Patient", "Patient"]


def _pull_into(house: House, mediflow: Run, server: BulkServer, home: Path) -> None:
    """Pull, and make Silver of what has come."""
    assert mediflow("fhir", "pull", "--server", server.base).exit_code == 0
    for path in Inbox(home / "inbox", house.feeds).dropped():
        house.receive(path.read_bytes(), name=path.name)
        path.unlink()
    house.land()
    house.make_silver()
    assert [row for row in reconcile(house.lake) if not row["balanced"]] == []


def _ended(house: House) -> dict[str, bool]:
    """Which patients have been deleted."""
    return {row["patient_id"]: bool(row["is_ended"]) for row in house.rows(silver.PATIENTS)}
