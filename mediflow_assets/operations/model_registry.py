"""The models of a home: what is registered, what answers, and how one takes the other's place."""

import datetime as dt
from decimal import Decimal
from typing import Any

from mediflow_assets.contracts import models
from mediflow_assets.contracts.served import MODELS
from mediflow_assets.errors import TrainingRefused
from mediflow_assets.scoring import files, load_bundle, models_uri, point_to, read_champion
from mediflow_assets.settings import Settings
from mediflow_assets.storage.delta import Lake

Row = dict[str, Any]


def require_known(name: str) -> None:
    """Raise TrainingRefused where there is no such model."""
    if name not in MODELS:
        raise TrainingRefused(f"There is no model of this name. Models: {', '.join(MODELS)}.")


def registry(settings: Settings) -> Any:
    """The registry. Raises RegistryUnreachable."""
    from mediflow_assets.ml.registry import Registry

    return Registry(settings.tracking_uri, settings.artifacts_uri)


def registered(settings: Settings) -> list[Row]:
    """Each registered version: its aliases, when it was made, what the gate said, and whether it is what is served."""
    found, rows = registry(settings), []
    for name in MODELS:
        aliases = found.aliases(name)
        served = read_champion(models_uri(settings.lake_root), name)
        for version in found.versions(name):
            number = str(version.version)
            made = dt.datetime.fromtimestamp(version.creation_timestamp / 1000, dt.UTC)
            rows.append(
                {
                    "model": name,
                    "version": number,
                    "alias": ", ".join(sorted(alias for alias, of in aliases.items() if of == number)),
                    "served": served is not None and served.version == number,
                    "trained_at": f"{made:%Y-%m-%d %H:%M}",
                    "gate": version.tags.get("gate", ""),
                }
            )
    return rows


def promote(settings: Settings, name: str, version: str) -> None:
    """Make a version champion, in the registry and in the lake. Raises BundleInvalid where it cannot be loaded."""
    require_known(name)
    place = models_uri(settings.lake_root)
    load_bundle(files.join(place, name, version))
    registry(settings).promote(name, version)
    point_to(place, name, version, dt.datetime.now(dt.UTC))


def rollback(settings: Settings, name: str) -> str:
    """Make the champion before this one champion again; gives its version."""
    require_known(name)
    previous = registry(settings).aliases(name).get("previous")
    if previous is None:
        raise TrainingRefused(f"{name} has no version before its champion to go back to.")
    promote(settings, name, str(previous))
    return str(previous)


def card(settings: Settings, name: str, version: str | None) -> str:
    """The card of a version, the champion's unless one is named, as Markdown."""
    require_known(name)
    place = models_uri(settings.lake_root)
    if version is None:
        champion = read_champion(place, name)
        if champion is None:
            raise TrainingRefused(f"{name} has no champion yet. Train it with 'mediflow run --select models'.")
        version = champion.version
    return load_bundle(files.join(place, name, version)).card


def read_status(lake: Lake) -> list[Row]:
    """Of each model the version that answers, and the newest that does not; from the lake alone."""
    newest: dict[str, Row] = {}
    columns = ["trained_at", "model", "version", "is_promoted"]
    for row in lake.read(models.MODEL_METRICS, columns).sort_by("trained_at").to_pylist():
        newest[row["model"]] = row
    found = []
    for name in MODELS:
        champion = read_champion(models_uri(lake.root), name)
        last = newest.get(name)
        version = champion.version if champion else None
        challenger = last["version"] if last and last["version"] != version and not last["is_promoted"] else None
        if version or challenger:
            found.append({"name": name, "champion": version, "challenger": challenger})
    return found


def compared(lake: Lake) -> list[Row]:
    """The champions' figures on all held-out rows beside those they had to beat."""
    rows = lake.read(models.MODEL_METRICS).to_pylist()
    found = []
    for name in MODELS:
        champion = read_champion(models_uri(lake.root), name)
        mine = [row for row in rows if champion and row["model"] == name and row["version"] == champion.version]
        whole = [row for row in mine if row["group"] == "all" and not row["metric"].startswith("calibration_0")]
        for estimator in dict.fromkeys(row["estimator"] for row in whole):
            figures = {row["metric"]: row["value"] for row in whole if row["estimator"] == estimator}
            found.append({"model": name, "estimator": estimator} | {m: _shown(figures.get(m)) for m in _SHOWN})
    return found


_SHOWN = (
    "auc",
    "average_precision",
    "brier",
    "calibration_error",
    "r2",
    "mae",
    "predicted_to_actual",
    "interval_coverage",
)


def _shown(value: Decimal | None) -> str:
    return "" if value is None else f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3f}"
