"""What MediFlow stands on, checked piece by piece: what `mediflow doctor` shows."""

import os
import platform
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec

from mediflow_assets.errors import MediFlowError
from mediflow_assets.operations.service_health import services
from mediflow_assets.settings import Settings

PYTHON = ((3, 11), (3, 13))
LEAST_FREE_BYTES = 2 << 30
"""A run writes new files beside the old ones before the old ones go."""


class Problem(Exception):
    """Something is not as it has to be; the text says what to do."""


@dataclass(frozen=True)
class Finding:
    """One piece, and how it is."""

    name: str
    is_ok: bool
    says: str


def examine(settings: Settings) -> Iterator[Finding]:
    """Check every piece; one that fails does not keep the others from being checked."""
    pieces: dict[str, Callable[[Settings], str]] = {
        "python": _python,
        "home": _home,
        "secrets": _secrets,
        "users": _users,
        "lake": _lake,
        "sources.toml": _sources,
        "lease": _lease,
        "engine": _engine,
        "models": _models,
        "disk": _disk,
    }
    for name, check in (pieces | services(settings)).items():
        try:
            yield Finding(name, True, check(settings))
        except (Problem, MediFlowError) as problem:
            yield Finding(name, False, str(problem))
        except Exception as error:
            yield Finding(name, False, f"cannot be checked: {type(error).__name__}.")


def read_tables(settings: Settings, tell: Callable[[str, int, int], None]) -> list[Finding]:
    """Read every file of every table: one finding for each that is damaged, or one that none is."""
    from mediflow_assets.pipeline.damage import damaged_tables
    from mediflow_assets.storage.delta import Lake

    found = damaged_tables(Lake(settings.lake_root), deep=True, tell=tell)
    return [Finding(f"table {table.contract.name}", False, str(table)) for table in found] or [
        Finding("tables", True, "every file was read to its end")
    ]


def _models(settings: Settings) -> str:
    """The registry's champions are the ones that are served; asked only where a model was trained."""
    from mediflow_assets.operations import model_registry
    from mediflow_assets.storage.delta import Lake

    standing = model_registry.read_status(Lake(settings.lake_root))
    if not standing:
        return "none trained yet"
    registry = model_registry.registry(settings)
    for model in standing:
        champion = registry.aliases(model["name"]).get("champion")
        if champion != model["champion"]:
            raise Problem(
                f"{model['name']}: the registry's champion is version {champion or 'none'}, version "
                f"{model['champion'] or 'none'} is served. Run 'mediflow models promote {model['name']} VERSION'."
            )
    return ", ".join(f"{model['name']} {model['champion'] or 'without a champion'}" for model in standing)


def _python(_: Settings) -> str:
    oldest, newest = PYTHON
    if not oldest <= sys.version_info[:2] <= newest:
        raise Problem(f"this is Python {platform.python_version()}. Install MediFlow under Python 3.11, 3.12 or 3.13.")
    return platform.python_version()


def _home(settings: Settings) -> str:
    home = settings.root
    if not home.is_dir():
        raise Problem("there is no home folder. Run 'mediflow init'.")
    if not os.access(home, os.W_OK | os.X_OK):
        raise Problem(f"{home} cannot be written to. Give it to this user, or set MEDIFLOW_HOME.")
    return str(home)


def _secrets(settings: Settings) -> str:
    key = settings.pseudonym_key()
    if stat.S_IMODE(settings.secrets.stat().st_mode) & 0o077:
        raise Problem(f"others may look into {settings.secrets}. Run 'chmod 700' on it.")
    return f"key {key.key_id}, readable by its owner only"


def _users(settings: Settings) -> str:
    from mediflow_assets.identity.users import Users

    users = [user for user in Users(settings.ops_url).list() if not user.is_disabled]
    if not any("admin" in user.roles for user in users):
        raise Problem("there is no admin. Run 'mediflow init'.")
    return f"{len(users)} active"


def _lake(settings: Settings) -> str:
    from mediflow_assets.contracts import TABLES
    from mediflow_assets.pipeline.damage import require_readable
    from mediflow_assets.pipeline.upgrade import plan
    from mediflow_assets.storage.delta import FORMAT, Lake

    lake = Lake(settings.lake_root)
    require_readable(lake)
    tables = sum(lake.seen(contract) is not None for contract in TABLES.values())
    if tasks := plan(lake):
        told = "; ".join(f"{task.place}: {task.says}" for task in tasks)
        command = "upgrade" if any(task.needs_asking for task in tasks) else "run"
        raise Problem(f"an older MediFlow wrote it. Run 'mediflow {command}'. To be done: {told}.")
    return f"{tables} of {len(TABLES)} tables, format {FORMAT}"


def _sources(settings: Settings) -> str:
    from mediflow_assets.sources import Feeds

    return f"{len(Feeds.load(settings.sources_file).feeds)} feeds"


def _lease(settings: Settings) -> str:
    from mediflow_assets.storage.lease import held_by

    holder = held_by(settings.lock)
    return f"held by {holder}" if holder else "free"


def _engine(settings: Settings) -> str:
    if settings.spark_remote:
        from mediflow_assets.storage.engine import check_computes

        check_computes(settings.spark_remote)
        return "a Spark Connect server answers, and its workers compute"
    if missing := [name for name in ("pyspark", "pysail") if find_spec(name) is None]:
        raise Problem(f"{' and '.join(missing)} not installed. Run 'make setup', or set MEDIFLOW_SPARK_REMOTE.")
    return "embedded"


def _disk(settings: Settings) -> str:
    folder = next(path for path in (settings.root, *settings.root.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE_BYTES:
        raise Problem(f"{free >> 20} MiB are free. Make room: a run needs {LEAST_FREE_BYTES >> 30} GiB at least.")
    return f"{free >> 30} GiB free"
