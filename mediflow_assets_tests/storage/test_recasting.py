"""A table is rewritten by its contract, or left as it is with a sentence that names the column."""

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from mediflow_assets.contracts import operational
from mediflow_assets.errors import UpgradeNeeded
from mediflow_assets.storage import recasting
from mediflow_assets.storage.delta import Lake
from mediflow_assets.storage.schemas import arrow_schema

TABLE = operational.CHECK_RESULTS


def stored(lake: Lake, values: pa.Array) -> Lake:
    """The table with one column of another type."""
    schema = arrow_schema(TABLE)
    at = schema.get_field_index("rows")
    rows = pa.Table.from_pylist([{}] * len(values), schema=schema)
    write_deltalake(lake.uri(TABLE), rows.set_column(at, pa.field("rows", values.type), values))
    return lake


@pytest.fixture
def lake(tmp_path) -> Lake:
    return Lake(str(tmp_path / "lake"))


def test_numbers_that_were_stored_as_texts_are_numbers_again(lake):
    recasting.recast(stored(lake, pa.array(["5", None])), TABLE, keep_beyond=False)
    assert [row["rows"] for row in lake.read(TABLE).to_pylist()] == [5, None]


@pytest.mark.parametrize("values", [pa.array(["x"]), pa.array([[1]])], ids=["a value", "no way at all"])
def test_what_cannot_be_cast_is_named_and_nothing_is_changed(lake, values):
    with pytest.raises(UpgradeNeeded, match="values of rows do not fit"):
        recasting.recast(stored(lake, values), TABLE, keep_beyond=False)
    assert lake.version(TABLE) == 0


def test_an_interruption_stays_one_whatever_did_not_fit(lake, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    def write(_, reader, **__):
        with pytest.raises(pa.ArrowInvalid):
            reader.read_all()
        interrupted()

    monkeypatch.setattr(recasting, "write_deltalake", write)
    with pytest.raises(KeyboardInterrupt):
        recasting.recast(stored(lake, pa.array(["x"])), TABLE, keep_beyond=False)
