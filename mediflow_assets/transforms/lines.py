"""Charge lines → versions: the lines that one delivery has of a key are one version, with the sum of what they cost.

Arrow in, Arrow out, as the fold that follows. Of a diagnosis the first line that gives one decides, of all else the
newest that gives it.
"""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.transforms.arrow_keys import codes_of, in_order, starts_of, taken
from mediflow_assets.transforms.each_version import ARRIVED, KIND, LINES
from mediflow_assets.transforms.fold import OUTCOME, ROW, Fold

IS_LINE = "_is_line"
_COST = "cost_usd"
_PRINCIPAL = "diagnosis_code"
_OF_PRINCIPAL = (
    _PRINCIPAL,
    "diagnosis_system",
    "listed_codes",
    "diagnosis_text",
    "admitting_diagnosis_code",
    "admitting_diagnosis_at",
)


def added_up(versions: pa.Table, fold: Fold) -> pa.Table:
    """The versions, with `_lines`, where the arrived lines of one delivery and key are one."""
    is_line = pc.and_(versions[IS_LINE], versions[ARRIVED])
    lines, others = versions.filter(is_line), versions.filter(pc.invert(is_line))
    others = others.append_column(LINES, pa.nulls(others.num_rows, pa.int64()))
    if not lines.num_rows:
        return others
    return pa.concat_tables([others, _sums(lines, replace(fold, key=(*fold.key, "_delivery_id"), oldest=None))])


def _sums(lines: pa.Table, fold: Fold) -> pa.Table:
    folded = fold(lines)
    made = folded.filter(pc.equal(folded[KIND], ROW)).drop_columns([KIND, OUTCOME])
    made = in_order(made, fold.key)
    lines = in_order(lines, (*fold.key, "_record_number"))
    begins = starts_of([codes_of(lines[name]) for name in fold.key])
    ends = np.append(begins[1:], lines.num_rows)
    is_given = codes_of(lines[_PRINCIPAL]) >= 0
    places = np.minimum.reduceat(np.where(is_given, np.arange(lines.num_rows), lines.num_rows), begins)
    first = np.where(places < ends, places, -1)
    key_of = pa.array(np.repeat(np.arange(len(begins)), ends - begins))
    sums = pa.table({"key": key_of, _COST: lines[_COST]}).group_by("key").aggregate([(_COST, "sum")]).sort_by("key")
    columns = {name: taken(lines[name], first) for name in _OF_PRINCIPAL}
    columns[_COST] = sums[f"{_COST}_sum"].cast(lines[_COST].type)
    for name, column in columns.items():
        made = made.set_column(made.schema.get_field_index(name), name, column)
    kind = pa.array([lines[KIND][0].as_py()] * made.num_rows, lines[KIND].type)
    return (
        made.append_column(KIND, kind)
        .append_column(LINES, pa.array(ends - begins, pa.int64()))
        .select([*lines.column_names, LINES])
    )
