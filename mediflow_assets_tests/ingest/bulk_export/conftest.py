"""A server that exports in bulk, and a house that pulls from it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from mediflow_assets.ingest.bulk_export.clients import Client, ClientKey
from mediflow_assets.ingest.bulk_export.kickoff import Export
from mediflow_assets.ingest.bulk_export.pull import Bounds, pull
from mediflow_assets.ingest.bulk_export.tokens import BackendTokens
from mediflow_assets.ingest.bulk_export.wire import Wire
from mediflow_assets.ingest.inbox import Inbox
from mediflow_assets.sources import Feeds
from mediflow_assets_tests.ingest.bulk_export.bulk_server import CLIENT, BulkServer, FakeClock

RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP384R1())


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def server(clock):
    """A server; a client that breaks the specification fails the test."""
    with BulkServer(clock.now) as served:
        yield served
    assert served.violations == []


@dataclass
class Puller:
    """A house that pulls from a server."""

    server: BulkServer
    clock: FakeClock
    inbox: Inbox
    client: Client | None = None

    def __call__(self, since: str | None = None, export: Export | None = None, **bounds: Any):
        hosts = self.client.token_hosts if self.client else frozenset()
        with Wire(self.server.base, None, hosts, clock=self.clock) as wire:
            if self.client:
                wire.tokens = BackendTokens(self.client, wire, (export or Export()).types)
            return pull(wire, export or Export(), self.inbox, since, Bounds(**bounds))

    def registered(self, key=RSA, algorithm="RS384", hosts=()):
        """The same, known to the server by a key."""
        self.client = Client(CLIENT, ClientKey(key, algorithm, "key-1"), None, frozenset(hosts))
        self.server.keys["key-1"] = (key.public_key(), algorithm)
        return self

    @property
    def files(self) -> dict[str, bytes]:
        """What lies in the inbox, by kind."""
        found = sorted(path for path in self.inbox.folder.iterdir() if path.is_file())
        return {path.name.split("-", 3)[3]: path.read_bytes() for path in found}


@pytest.fixture
def house_pulls(server: BulkServer, clock: FakeClock, tmp_path: Path):
    return Puller(server, clock, Inbox(tmp_path / "inbox", Feeds()))
