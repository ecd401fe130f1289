"""A draft as the text of a section of `sources.toml`, each line with its evidence."""

import json
from collections.abc import Iterable, Mapping

from mediflow_assets.sources.drafting.draft import Column, Draft

_MEANT = {
    "gender": "M, F, O or U",
    "encounter_class": "inpatient, emergency, outpatient, …",
    "status": "finished, in-progress, planned or cancelled",
    "admission_type": "emergency, urgent, elective, newborn or trauma",
    "discharge_disposition": "home, transferred, expired, skilled_nursing, rehab, …",
}


def as_toml(draft: Draft, name: str, header: Iterable[str], file_keys: Mapping[str, object]) -> str:
    """The section of a feed of this name; `file_keys` say how its file is written."""
    lines = [f"[feeds.{name}]"]
    if draft.grain != "encounter":
        lines.append(f'grain = "{draft.grain}"')
    lines += [_key(key, value, draft) for key, value in {**file_keys, **draft.keys}.items()]
    lines += _dates(draft)
    lines += ["", f"[feeds.{name}.columns]"]
    lines += [_column(ours, column) for ours, column in draft.columns.items()]
    used = {theirs for column in draft.columns.values() for theirs in column.headers}
    if left := [text for text in header if text not in used]:
        lines.append(f"# kept as they are, {len(left)}: {', '.join(map(_text, left))}"[:2_000])
    for ours in draft.columns:
        lines += _values(draft, name, ours)
    lines += [f"# {note}" for note in draft.notes]
    return "\n".join(lines) + "\n"


def _key(key: str, value: object, draft: Draft) -> str:
    why = draft.why.get(key)
    return f"{key} = {_toml(value)}" + (f"  # {why}" if why else "")


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return _text(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _dates(draft: Draft) -> list[str]:
    if not draft.date_formats:
        return []
    why = draft.why.get("date_formats")
    told = f"  # {why}" if why else ""
    if len({*draft.date_formats.values()}) == 1:
        return [f"date_formats = {_toml(list(next(iter(draft.date_formats.values()))))}{told}"]
    parts = ", ".join(f"{ours} = {_toml(list(forms))}" for ours, forms in draft.date_formats.items())
    return [f"date_formats = {{ {parts} }}{told}"]


def _column(ours: str, column: Column) -> str:
    if not column.headers:
        made = f"{{ value = {_text(column.value or '')} }}"
    elif column.between is None:
        made = _text(column.headers[0])
    else:
        joined = f"{{ join = {_toml(list(column.headers))}"
        made = joined + (" }" if column.between == " " else f", with = {_text(column.between)} }}")
    return f"{ours} = {made}  # {column.why}"


def _values(draft: Draft, name: str, ours: str) -> list[str]:
    told, unknown = draft.values.get(ours, {}), draft.unmapped_words.get(ours, [])
    if not told and not unknown:
        return []
    lines = ["", f"[feeds.{name}.values.{ours}]"]
    why = draft.why.get(f"values.{ours}")
    lines += [f"{_text(theirs)} = {_text(meant)}" + (f"  # {why}" if why else "") for theirs, meant in told.items()]
    # of a status it is not for a draft to say that it says nothing: a stay may be cancelled by it
    mark = "# " if ours == "status" else ""
    lines += [f'{mark}{_text(theirs)} = ""  # check: says nothing, or {_MEANT[ours]}' for theirs in unknown]
    return lines
