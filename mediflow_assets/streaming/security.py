"""Kafka client properties, as every Kafka client writes them, for the two clients that are used here."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mediflow_assets.errors import SettingsInvalid

_OF_PYTHON = {
    "security.protocol": "security_protocol",
    "sasl.mechanism": "sasl_mechanism",
    "sasl.username": "sasl_plain_username",
    "sasl.password": "sasl_plain_password",
    "ssl.ca.location": "ssl_cafile",
    "ssl.certificate.location": "ssl_certfile",
    "ssl.key.location": "ssl_keyfile",
}
_MODULES = {
    "PLAIN": "org.apache.kafka.common.security.plain.PlainLoginModule",
    "SCRAM-SHA-256": "org.apache.kafka.common.security.scram.ScramLoginModule",
    "SCRAM-SHA-512": "org.apache.kafka.common.security.scram.ScramLoginModule",
}


def read_properties(path: Path | None) -> dict[str, str]:
    """The properties of a file, `name=value` a line. Raises SettingsInvalid for one that is not understood."""
    if path is None:
        return {}
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except OSError:
        raise SettingsInvalid("MEDIFLOW_KAFKA_PROPERTIES names a file that cannot be read.") from None
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    found = {name.strip(): value.strip() for name, _, value in pairs}
    if unknown := sorted(found.keys() - _OF_PYTHON.keys()):
        raise SettingsInvalid(f"MEDIFLOW_KAFKA_PROPERTIES: not understood: {', '.join(unknown)}.")
    return found


def python_options(properties: Mapping[str, str]) -> dict[str, Any]:
    """The properties as kafka-python takes them."""
    return {_OF_PYTHON[name]: value for name, value in properties.items()}


def java_options(properties: Mapping[str, str]) -> dict[str, str]:
    """The properties as the Java client, and so Spark, takes them."""
    found = {name: properties[name] for name in ("security.protocol", "sasl.mechanism") if name in properties}
    if "sasl.username" in properties:
        module = _MODULES.get(properties.get("sasl.mechanism", "PLAIN"))
        if module is None:
            raise SettingsInvalid(f"MEDIFLOW_KAFKA_PROPERTIES: sasl.mechanism is one of {', '.join(_MODULES)}.")
        user, password = (properties.get(name, "").replace('"', '\\"') for name in ("sasl.username", "sasl.password"))
        found["sasl.jaas.config"] = f'{module} required username="{user}" password="{password}";'
    if "ssl.ca.location" in properties:
        found |= {"ssl.truststore.type": "PEM", "ssl.truststore.location": properties["ssl.ca.location"]}
    if "ssl.certificate.location" in properties:
        found |= {
            "ssl.keystore.type": "PEM",
            "ssl.keystore.certificate.chain": _text(properties, "ssl.certificate"),
            "ssl.keystore.key": _text(properties, "ssl.key"),
        }
    return found


def _text(properties: Mapping[str, str], name: str) -> str:
    """What a file named by a property holds: the Java client takes certificate and key as texts."""
    try:
        return Path(properties[f"{name}.location"]).read_text(encoding="ascii")
    except (KeyError, OSError, ValueError):
        raise SettingsInvalid(f"MEDIFLOW_KAFKA_PROPERTIES: {name}.location names no file that can be read.") from None
