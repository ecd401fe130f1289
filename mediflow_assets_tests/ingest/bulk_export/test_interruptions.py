"""Whatever breaks and wherever a pull dies: in the end every file is in the inbox, and nothing of another pull."""

import os
import random
import ssl
import subprocess

import pytest

from mediflow_assets.errors import PullFailed
from mediflow_assets.ingest.inbox import Inbox
from mediflow_assets.sources import Feeds
from mediflow_assets_tests.ingest.bulk_export.bulk_server import BulkServer, not_now
from mediflow_assets_tests.ingest.bulk_export.test_pull import DELETED, E1, P1, P2, asked

FILES = 5


class Killed(BaseException):
    """The process is gone."""


def fill(server):
    server.file("output", P1, P2, type="Patient", count=2)
    server.file("output", E1, type="Encounter")
    server.file("output", {**E1, "id": "e2"}, type="Encounter")
    server.file("deleted", DELETED)
    server.file("error", {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "processing"}]})


def deliveries(house_pulls):
    """What a run takes, by content."""
    house_pulls.inbox.take_in()
    return sorted(house_pulls.inbox.file_of(each).read_bytes() for each in house_pulls.inbox.waiting())


def whole(server):
    return sorted(each["body"] for each in server.files)


@pytest.mark.slow
@pytest.mark.parametrize("pages", [1, 3])
def test_a_pull_that_is_killed_at_any_moment_is_gone_on_with(server, house_pulls, tmp_path, monkeypatch, pages):
    fill(server)
    server.pages = pages
    left, fsync = [], os.fsync

    def dying(descriptor):
        if left and left.pop():
            raise Killed
        fsync(descriptor)

    monkeypatch.setattr("os.fsync", dying)
    for moment in range(1000):
        house_pulls.inbox = Inbox(tmp_path / f"inbox-{moment}", Feeds())
        server.asked.clear()
        # so many things are put on disk, and the next one is the last
        left[:] = [True, *[False] * moment]
        try:
            house_pulls()
            break
        except Killed:
            left.clear()
        had, kicks = len(house_pulls.files), len(server.paths("kick"))
        if moment % 3 == 0:
            # a run comes in between
            deliveries(house_pulls)
        house_pulls()
        assert deliveries(house_pulls) == whole(server)
        # only where all had come is the next pull another one; else what had come is asked for once more at most
        is_another = [each.get("_since") for each in asked(server)[kicks:]] == [server.at]
        assert had == FILES if is_another else len(server.paths("file")) <= FILES + 1
    assert moment >= 3 * FILES


@pytest.mark.parametrize("seed", range(12))
def test_whatever_a_server_answers_first_every_file_comes_once_it_answers_well(server, house_pulls, clock, seed):
    chance = random.Random(seed)
    fill(server)
    server.pages = 1 + seed % 3
    if seed % 2:
        house_pulls.registered()
        server.lives = chance.choice([40, 100, 300])
    bad = [
        not_now(503),
        not_now(429, server, 5),
        not_now(202, server, 50),
        lambda request: request.answer(401),
        lambda request: request.answer(404),
        lambda request: request.answer(400),
    ]
    cuts = [lambda request: request.cut(chance.randrange(40)), lambda request: request.cut(9, False), *bad[:2]]
    of_files = [*cuts, *bad[3:]]
    of_steps = {"kick": bad[:2], "status": bad, "page": bad, "file": of_files, "token": bad[:2]}
    for step, kinds in of_steps.items():
        server.planned[step] = [chance.choice([*kinds, None, None]) for _ in range(12)]
    for _ in range(60):
        try:
            house_pulls()
        except PullFailed:
            continue
        break
    assert deliveries(house_pulls) == whole(server)
    # nothing was left out of what the next pull takes for known
    assert all(each.get("_since") is None for each in asked(server))


def test_a_server_whose_certificate_nobody_vouches_for_is_not_asked(house_pulls, server, tmp_path, monkeypatch):
    make = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 9999 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run(
        [*make.split(), "-keyout", "key.pem", "-out", "cert.pem"], cwd=tmp_path, check=True, capture_output=True
    )
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    with BulkServer(tls=tls) as closed:
        house_pulls.server = closed
        with pytest.raises(PullFailed, match="cannot be reached"):
            house_pulls()
        assert closed.asked == []
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        assert house_pulls().is_complete
