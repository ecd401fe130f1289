"""Versions of rows as they come to be folded: each once."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mediflow_assets.contracts.versions import PLACE
from mediflow_assets.transforms.arrow_keys import codes_of, order_of, starts_of

KIND, ARRIVED, LINES = "_kind", "_arrived", "_lines"


def each_once(versions: pa.Table, key: tuple[str, ...]) -> pa.Table:
    """Each version once: as it is kept, else as it arrived. A run cut short has stored what it then reads."""
    if pc.all(versions[ARRIVED]).as_py() is not False:
        return versions
    of_version = (*key, *PLACE[:2])
    known = order_of(versions, (*of_version, ARRIVED, KIND))
    rows = versions.take(pa.array(known))
    starts = starts_of([codes_of(rows[name]) for name in of_version])
    first = rows.take(pa.array(starts))
    # stored ones come first: the last of each tells what has arrived again
    last = rows.select([ARRIVED, LINES]).take(pa.array(np.append(starts[1:], rows.num_rows) - 1))
    for name in (ARRIVED, LINES):
        first = first.set_column(first.schema.get_field_index(name), name, last[name])
    return first
