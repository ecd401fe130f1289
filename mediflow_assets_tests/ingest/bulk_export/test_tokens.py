"""Tokens are bought with a signed assertion, renewed before they end, and shown to the server alone."""

import json
import logging

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from mediflow_assets.errors import PullFailed, SecretMissing, SettingsInvalid
from mediflow_assets.ingest.bulk_export.clients import client_of, read_key, thumbprint
from mediflow_assets.ingest.bulk_export.kickoff import Export
from mediflow_assets_tests.ingest.bulk_export.bulk_server import BulkServer, not_now
from mediflow_assets_tests.ingest.bulk_export.conftest import EC, RSA
from mediflow_assets_tests.ingest.bulk_export.test_pull import E1, P1


def pem(key):
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "RS384"), (EC, "ES384")], ids=["RSA", "EC"])
@pytest.mark.parametrize("has_v2", [True, False])
def test_a_pull_says_who_it_is_as_the_specification_wants(server, house_pulls, key, algorithm, has_v2):
    server.has_v2 = has_v2
    server.file("output", P1, type="Patient")
    assert house_pulls.registered(key, algorithm)(export=Export(types=("Patient", "Encounter"))).is_complete
    assert len(server.paths("token")) == 1


def test_a_token_is_renewed_before_it_ends_and_where_it_is_refused(server, clock, house_pulls):
    server.lives = 100
    server.file("output", P1, type="Patient")
    server.file("output", E1, type="Encounter")
    refuse = lambda request: request.answer(401)  # noqa: E731
    server.planned["status"] = [not_now(202, server, 80), refuse]
    server.planned["file"] = [refuse]
    assert house_pulls.registered()().is_complete
    assert len(server.paths("token")) == len(server.jtis) == 4


def test_each_request_for_a_token_has_an_assertion_of_its_own(server, house_pulls):
    server.planned["token"] = [not_now(503), not_now(429, None, 20)]
    house_pulls.registered()()
    assert len(server.jtis) == 3


def test_a_client_that_the_server_does_not_know_is_told_so(server, house_pulls):
    server.planned["token"] = [lambda request: request.answer(400, {"error": "invalid_client"})]
    with pytest.raises(PullFailed, match="registered"):
        house_pulls.registered()()
    house_pulls.client = None
    with pytest.raises(PullFailed, match=r"fhir\.toml"):
        house_pulls()


def test_the_token_is_not_shown_where_files_need_none(server, house_pulls):
    server.is_token_needed = False
    server.file("output", P1, type="Patient")
    assert house_pulls.registered()().is_complete


def test_another_host_never_sees_the_token(server, clock, house_pulls):
    house_pulls.registered()
    server.file("output", P1, type="Patient")
    with BulkServer(clock.now) as foreign:
        away = lambda request: request.answer(302, Location=f"{foreign.origin}/elsewhere")  # noqa: E731
        server.planned["file"] = [away, away]
        with pytest.raises(PullFailed):
            house_pulls()
        server.files[0]["url"] = f"{foreign.origin}/files/0"
        with pytest.raises(PullFailed, match="token_hosts"):
            house_pulls()
        assert foreign.shown == [None, None]


def test_no_token_is_in_any_text_log_or_file(server, house_pulls, caplog, tmp_path):
    caplog.set_level(logging.DEBUG)
    server.file("output", P1, type="Patient")
    server.planned["file"] = [lambda request: request.answer(403, b"secret-token-0")]
    with pytest.raises(PullFailed) as refusal:
        house_pulls.registered()()
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for text in (str(refusal.value), caplog.text, kept.decode()):
        assert "secret-token" not in text and "files/0" not in text


@pytest.fixture
def secrets(tmp_path):
    """Writes the secrets of a client."""

    def write(toml, key=pem(RSA), mode=0o600):
        for name, content in (("fhir.toml", toml.encode()), ("ehr.key", key)):
            (tmp_path / name).write_bytes(content)
            (tmp_path / name).chmod(mode)
        return tmp_path

    return write


SECTION = '["https://ehr.example/fhir/"]\nclient_id = "c"\nkey = "ehr.key"\n'


def test_a_client_is_named_in_the_secrets_by_the_address_of_the_server(secrets):
    folder = secrets(SECTION + 'token_hosts = ["Files.example"]\nkey_id = "k"\n')
    client = client_of(folder, "https://ehr.example/fhir")
    assert (client.client_id, client.key.key_id, client.token_hosts) == ("c", "k", {"files.example"})
    assert "PrivateKey" not in repr(client)
    assert client_of(folder, "https://other.example/fhir") is None


@pytest.mark.parametrize(
    ("toml", "error"),
    [
        ("[", SettingsInvalid),
        ('["https://ehr.example/fhir"]\nclient_id = "c"\n', SettingsInvalid),
        (SECTION.replace("ehr.key", "../ehr.key"), SettingsInvalid),
        (SECTION + "secret = 1\n", SettingsInvalid),
        (SECTION.replace("ehr.key", "none.key"), SecretMissing),
    ],
)
def test_a_client_that_is_named_wrongly_is_refused(secrets, toml, error):
    with pytest.raises(error):
        client_of(secrets(toml), "https://ehr.example/fhir")


def test_a_key_that_others_can_read_is_refused(secrets):
    with pytest.raises(SecretMissing, match="chmod 600"):
        client_of(secrets(SECTION, mode=0o640), "https://ehr.example/fhir")


@pytest.mark.parametrize(("key", "kind"), [(RSA, RSAAlgorithm), (EC, ECAlgorithm)], ids=["RSA", "EC"])
def test_a_key_is_read_from_pem_a_jwk_and_a_set_of_them(key, kind):
    jwk = kind.to_jwk(key, as_dict=True) | {"kid": "k"}
    public = kind.to_jwk(key.public_key(), as_dict=True) | {"kid": "p"}
    found = [read_key(json.dumps(each).encode()) for each in (jwk, {"keys": [public, jwk]})]
    assert [each.key_id for each in found] == ["k", "k"]
    assert read_key(pem(key)).key_id == thumbprint(key.public_key())
    signed = jwt.encode({"a": 1}, found[0].private, found[0].algorithm)
    assert jwt.decode(signed, key.public_key(), [found[0].algorithm]) == {"a": 1}


def test_the_thumbprint_of_a_key_is_that_of_the_standard():
    # RFC 7638, 3.1
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknj"
        "hMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQ"
        "vRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzK"
        "nqDKgw"
    )

    public = RSAAlgorithm.from_jwk({"kty": "RSA", "n": modulus, "e": "AQAB"})
    assert thumbprint(public) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----",
        b'{"kty": "RSA"}',
        b"{",
        pem(rsa.generate_private_key(65537, 1024)),
        pem(ec.generate_private_key(ec.SECP256R1())),
    ],
)
def test_what_is_no_key_for_it_is_refused_without_showing_it(content):
    with pytest.raises(SecretMissing) as refusal:
        read_key(content)
    assert "secret" not in str(refusal.value)
