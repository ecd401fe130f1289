"""How each model is trained, one file each: a `SPEC` for the `MODEL` of the same file name in `contracts/served`."""

import importlib
import pkgutil

from mediflow_assets.ml.spec import ModelSpec


def _found() -> list[ModelSpec]:
    return [importlib.import_module(f"{__name__}.{module.name}").SPEC for module in pkgutil.iter_modules(__path__)]


SPECS: dict[str, ModelSpec] = {spec.name: spec for spec in _found()}
"""Every specification by its model's name."""
