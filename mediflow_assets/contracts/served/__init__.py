"""The models, one file each: a module of this folder with a `MODEL` is a model everywhere. Standard library only.

How a model is trained stands in the file of the same name in `ml/specs`.
"""

import importlib
import pkgutil

from mediflow_assets.contracts.model import ModelContract


def _found() -> list[ModelContract]:
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    models: list[ModelContract] = [importlib.import_module(f"{__name__}.{name}").MODEL for name in names]
    return sorted(models, key=lambda model: (model.position, model.name))


MODELS: dict[str, ModelContract] = {model.name: model for model in _found()}
"""Every model by its name, in the order in which they are listed."""
