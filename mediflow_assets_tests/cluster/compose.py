"""docker-compose.yml, read: its services as they would be started."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


@dataclass(frozen=True)
class Service:
    """One service: what is started, with what environment, after which others, and how its health is asked."""

    name: str
    said: Mapping[str, Any]

    @property
    def image(self) -> str:
        """The name of the image, without its place and tag: `mediflow/spark:0.1.0` is `spark`."""
        return str(self.said["image"]).split("@")[0].split(":")[0].rpartition("/")[2]

    @property
    def command(self) -> list[str]:
        return [str(word) for word in self.said["command"]]

    @property
    def environment(self) -> dict[str, str]:
        return {name: str(value) for name, value in self.said.get("environment", {}).items()}

    @property
    def needs(self) -> dict[str, str]:
        """Service → the condition it has to meet first."""
        return {name: each["condition"] for name, each in self.said.get("depends_on", {}).items()}

    @property
    def health(self) -> list[str] | None:
        """The command that asks its health; None for what is run once."""
        check = self.said.get("healthcheck")
        return None if check is None else [str(word) for word in check["test"][1:]]

    @property
    def is_once(self) -> bool:
        return self.said.get("restart") == "no"

    @property
    def mounts(self) -> dict[str, str]:
        """Folder in the container → volume, with the folder within it."""
        found = {}
        for mount in self.said.get("volumes", []):
            if isinstance(mount, str):
                volume, target = mount.split(":")[:2]
                found[target] = volume
            else:
                within = mount.get("volume", {}).get("subpath")
                found[mount["target"]] = mount["source"] + (f"/{within}" if within else "")
        return found


def read(environment: Mapping[str, str] | None = None, file: Path = FILE) -> dict[str, Any]:
    """The file, its variables filled in from the environment or their defaults."""
    given = environment or {}

    def filled(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: filled(value) for key, value in node.items()}
        if isinstance(node, list):
            return [filled(value) for value in node]
        return _VARIABLE.sub(lambda m: given.get(m[1]) or m[2] or "", node) if isinstance(node, str) else node

    whole: dict[str, Any] = filled(yaml.safe_load(file.read_text()))
    return whole


def services(profile: str, environment: Mapping[str, str] | None = None) -> dict[str, Service]:
    """The services of a profile, by name."""
    found = read(environment)["services"]
    return {name: Service(name, said) for name, said in found.items() if profile in said["profiles"]}
