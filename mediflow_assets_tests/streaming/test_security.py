"""Kafka client properties: one file for both clients, and nothing in it passed over."""

from pathlib import Path

import pytest

from mediflow_assets.errors import SettingsInvalid
from mediflow_assets.streaming.security import java_options, python_options, read_properties

FILE = """
# of the hospital's brokers
security.protocol=SASL_SSL
sasl.mechanism=SCRAM-SHA-512
sasl.username=mediflow
sasl.password=a"b=c
ssl.ca.location=/etc/ca.pem
"""


def written(folder: Path, text: str) -> Path:
    (folder / "kafka.properties").write_text(text)
    return folder / "kafka.properties"


def test_one_file_is_understood_by_both_clients(tmp_path: Path) -> None:
    found = read_properties(written(tmp_path, FILE))
    assert python_options(found) == {
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "mediflow",
        "sasl_plain_password": 'a"b=c',
        "ssl_cafile": "/etc/ca.pem",
    }
    told = java_options(found)
    assert told["ssl.truststore.location"] == "/etc/ca.pem" and told["sasl.mechanism"] == "SCRAM-SHA-512"
    assert 'ScramLoginModule required username="mediflow" password="a\\"b=c";' in told["sasl.jaas.config"]


def test_a_certificate_of_ones_own_reaches_java_as_text(tmp_path: Path) -> None:
    (tmp_path / "own.pem").write_text("CERTIFICATE")
    (tmp_path / "own.key").write_text("KEY")
    named = {"ssl.certificate.location": str(tmp_path / "own.pem"), "ssl.key.location": str(tmp_path / "own.key")}
    told = java_options(named)
    assert (told["ssl.keystore.certificate.chain"], told["ssl.keystore.key"]) == ("CERTIFICATE", "KEY")
    with pytest.raises(SettingsInvalid, match=r"ssl\.key\.location"):
        java_options({"ssl.certificate.location": named["ssl.certificate.location"]})


@pytest.mark.parametrize("text", ["acks=all", "sasl.kerberos.service.name=kafka"])
def test_what_is_not_understood_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsInvalid, match="not understood"):
        read_properties(written(tmp_path, text))


def test_an_unknown_mechanism_and_a_missing_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match=r"sasl\.mechanism"):
        java_options({"sasl.mechanism": "GSSAPI", "sasl.username": "u"})
    with pytest.raises(SettingsInvalid, match="cannot be read"):
        read_properties(tmp_path / "none")
