"""Where the things of a container lie on this machine: each service has a loopback address of its own, so that ports
stay as they are; its folders lie below one scratch folder, or are the ones that the images are built from."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mediflow_assets_tests.cluster.compose import ROOT, Service

CACHE = Path.home() / ".cache" / "mediflow"
"""Where `make test-cluster` puts what it fetches."""
JARS = CACHE / "jars"
_OWN = re.compile(r"(?<![\d.])(?:0\.0\.0\.0|127\.0\.0\.1)(?![\d.])|(?<![\w.-])localhost(?=:\d)")
_HOST_OPTIONS = ("--host", "-h", "host:")


@dataclass(frozen=True)
class Places:
    """The scratch folder, and each service's address."""

    folder: Path
    addresses: Mapping[str, str]

    @classmethod
    def of(cls, folder: Path, names: Iterable[str], net: int) -> "Places":
        """Addresses 127.`net`.0.2 and on."""
        return cls(folder, {name: f"127.{net}.0.{number}" for number, name in enumerate(sorted(names), start=2)})

    def command(self, service: Service, words: list[str]) -> list[str]:
        """A command of a service, as it is run here."""
        found = []
        for before, word in zip(["", *words], words, strict=False):
            is_host = before in _HOST_OPTIONS and word in self.addresses
            found.append(self.addresses[word] if is_host else self.text(service, word))
        return found

    def environment(self, service: Service) -> dict[str, str]:
        """A service's environment, as it is here."""
        return {
            name: self.addresses[value] if value in self.addresses else self.text(service, value)
            for name, value in service.environment.items()
        }

    def text(self, service: Service, text: str) -> str:
        """A text with the service's folders and addresses replaced."""
        paths = self._paths(service)
        pattern = "|".join(re.escape(path) for path in sorted(paths, key=len, reverse=True))
        text = re.sub(rf"(?<![\w.])({pattern})(?![\w-])", lambda m: str(paths[m[1]]), text)
        names = "|".join(map(re.escape, sorted(self.addresses, key=len, reverse=True)))
        text = re.sub(rf"(?<![\w.+/-])({names})(?=:\d)|(?<=[/@])({names})(?=:\d)", self._address, text)
        return _OWN.sub(self.addresses[service.name], text)

    def configured(self, service: Service) -> Path:
        """The settings files of the images, as they are here; made on first use."""
        folder = self.folder / "conf" / service.name
        folder.mkdir(parents=True, exist_ok=True)
        source = ROOT / "deploy" / "conf"
        for file in (path for path in source.rglob("*") if path.is_file()):
            names = "|".join(map(re.escape, sorted(self.addresses, key=len, reverse=True)))
            lines = (
                re.sub(rf"(?<=\s)({names})$", self._address, self.text(service, line))
                for line in file.read_text().splitlines()
            )
            target = folder / file.relative_to(source)
            target.parent.mkdir(exist_ok=True)
            target.write_text("\n".join(lines) + "\n")
        return folder

    def scratch(self, service: Service) -> Path:
        """The service's `/tmp`."""
        return self.folder / "tmp" / service.name

    def make(self, service: Service) -> None:
        """The service's folders."""
        self.scratch(service).mkdir(parents=True, exist_ok=True)
        for volume in service.mounts.values():
            (self.folder / "volumes" / volume).mkdir(parents=True, exist_ok=True)

    def _address(self, found: "re.Match[str]") -> str:
        return self.addresses[found[1] or found[2]]

    def _paths(self, service: Service) -> dict[str, Path]:
        mounted = {target: self.folder / "volumes" / volume for target, volume in service.mounts.items()}
        return {
            "/tmp": self.scratch(service),
            "/var/lib/spark": self.scratch(service) / "spark",
            "/opt/mediflow/conf": self.folder / "conf" / service.name,
            "/opt/mediflow/home": Path.home(),
            "/opt/mediflow/bin": ROOT / "deploy" / "bin",
            "/opt/mediflow/jars": JARS / "spark",
            "/opt/kafka/jars": JARS / "kafka",
        } | mounted
