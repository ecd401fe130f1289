"""Files whose texts are stored as string views, which delta-rs' own UPDATE, DELETE and MERGE write.

Arrow has no comparison of a string with a string view, so a filter over such a file fails. Read as a dictionary, the
same column compares with any text, and comes out as the plain string of the table's schema.
"""

from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds


def without_views(dataset: ds.FileSystemDataset) -> ds.FileSystemDataset:
    """The same rows, in a dataset that can be filtered by any column of texts, whoever wrote its files."""
    fragments = list(dataset.get_fragments())
    viewed = [_viewed(fragment.physical_schema) for fragment in fragments]
    if not any(viewed):
        return dataset
    read = [
        _as_dictionaries(fragment, columns) if columns else fragment
        for fragment, columns in zip(fragments, viewed, strict=True)
    ]
    return ds.FileSystemDataset(read, dataset.schema, dataset.format, dataset.filesystem)


def _viewed(schema: pa.Schema) -> list[str]:
    return [field.name for field in schema if pa.types.is_string_view(field.type)]


def _as_dictionaries(fragment: Any, columns: list[str]) -> Any:
    form = ds.ParquetFileFormat(read_options=ds.ParquetReadOptions(dictionary_columns=columns))
    return form.make_fragment(fragment.path, fragment.filesystem, fragment.partition_expression)
