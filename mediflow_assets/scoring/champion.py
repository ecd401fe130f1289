"""Which version answers: `champion.json` beside a model's versions, and the loaded champions of a process."""

import datetime as dt
import hashlib
import json
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from mediflow_assets.contracts.served import MODELS
from mediflow_assets.errors import BundleInvalid
from mediflow_assets.scoring import files
from mediflow_assets.scoring.bundle import FACTS, Bundle, load_bundle

CHAMPION = "champion.json"


@dataclass(frozen=True)
class Champion:
    """What `champion.json` says."""

    name: str
    version: str
    run_id: str
    bundle_sha256: str
    promoted_at: str


def models_uri(lake_root: str) -> str:
    """Where the models of a lake lie."""
    return files.join(lake_root, "models")


def read_champion(models: str, name: str) -> Champion | None:
    """The version that answers, or None where none was promoted yet. Raises BundleInvalid if it cannot be read."""
    try:
        given = json.loads(files.read(files.join(models, name, CHAMPION)))
        return Champion(**{field: str(given[field]) for field in Champion.__dataclass_fields__})
    except FileNotFoundError:
        return None
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise BundleInvalid(f"{name}: {CHAMPION} cannot be read ({type(error).__name__}). Promote a version.") from None


def point_to(models: str, name: str, version: str, at: dt.datetime) -> Champion:
    """Make a version the one that answers. It is loaded first: one that cannot be loaded never becomes it."""
    place = files.join(models, name, version)
    bundle = load_bundle(place)
    digest = hashlib.sha256(files.read(files.join(place, FACTS))).hexdigest()
    champion = Champion(name, version, bundle.run_id, digest, at.astimezone(dt.UTC).isoformat(timespec="seconds"))
    files.write(files.join(models, name, CHAMPION), json.dumps(asdict(champion), indent=2).encode())
    return champion


def load_champion(models: str, name: str) -> Bundle | None:
    """The bundle that answers, or None where none was promoted yet. Raises BundleInvalid."""
    champion = read_champion(models, name)
    if champion is None:
        return None
    return load_bundle(files.join(models, name, champion.version), champion.bundle_sha256)


def versions(models: str, name: str) -> tuple[str, ...]:
    """The versions whose bundles are kept, oldest first."""
    found = files.folders(files.join(models, name))
    return tuple(sorted((each for each in found if each.isdigit()), key=int))


class Champions:
    """The loaded champions of one process. `refresh` swaps in what was promoted since; one that cannot be loaded
    leaves the former in place and is told in `problems`."""

    def __init__(self, models: str, names: Iterable[str] = MODELS) -> None:
        self._models, self._names = models, tuple(names)
        self._loaded: dict[str, tuple[Champion, Bundle]] = {}
        self._lock = threading.Lock()
        self.problems: dict[str, str] = {}

    def get(self, name: str) -> Bundle | None:
        """The champion as of the last refresh."""
        found = self._loaded.get(name)
        return found[1] if found else None

    def refresh(self) -> tuple[str, ...]:
        """Look again; gives the names of the models whose champion changed. Cheap where nothing changed."""
        with self._lock:
            return tuple(name for name in self._names if self._refresh(name))

    def _refresh(self, name: str) -> bool:
        try:
            is_another = self._take(name)
        except BundleInvalid as problem:
            self.problems[name] = str(problem)
            return False
        self.problems.pop(name, None)
        return is_another

    def _take(self, name: str) -> bool:
        """Load the champion if it is another one than before."""
        champion, known = read_champion(self._models, name), self._loaded.get(name)
        if champion == (known[0] if known else None):
            return False
        if champion is None:
            del self._loaded[name]
            return True
        bundle = load_bundle(files.join(self._models, name, champion.version), champion.bundle_sha256)
        self._loaded[name] = (champion, bundle)
        return True
