"""The settings, from the models that read them: name in the environment, default, meaning, who reads it."""

from collections.abc import Iterable
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from documents.markdown import code, page, table

_SOURCE = "`mediflow_assets/settings.py` and `dashboard/settings.py`"
_HEAD = """Settings come from the environment. MediFlow does not read a `.env` file itself; `docker compose` does, and
[.env.example](../../.env.example) shows how. A value that is not usable ends the command with exit code 2."""
Models = dict[str, type[BaseSettings]]
"""Who reads the settings → their model."""


def settings_page(models: Models) -> str:
    """Every setting of the models, each once, with those who read it."""
    rows: dict[str, list[Any]] = {}
    for reader, model in models.items():
        for name, field in fields_of(model):
            row = rows.setdefault(name, [code(name), _default(field), field.description or "", []])
            row[-1].append(reader)
    listed = [(*row[:-1], ", ".join(row[-1])) for row in rows.values()]
    return page(_SOURCE, "Settings", _HEAD, table(("setting", "default", "means", "read by"), listed))


def fields_of(model: type[BaseSettings]) -> Iterable[tuple[str, FieldInfo]]:
    """Each field by its name in the environment."""
    prefix = str(model.model_config.get("env_prefix", ""))
    for name, field in model.model_fields.items():
        alias = field.validation_alias
        yield (alias if isinstance(alias, str) else f"{prefix}{name}".upper()), field


def _default(field: FieldInfo) -> str:
    if field.default is None or field.default == "":
        return "none"
    return code(str(field.default).lower() if isinstance(field.default, bool) else field.default)
