"""What a run may take of the memory, and what follows from it."""

import pytest

from mediflow_assets.settings import Settings
from mediflow_assets.storage.engine import MOST_ROWS_AT_ONCE, rows_at_once


def test_a_number_of_mebibytes_or_gibibytes_is_read():
    assert Settings(memory="3g").memory_bytes == 3 * 2**30
    assert Settings(memory="1500m").memory_bytes == 1500 * 2**20


@pytest.mark.parametrize("memory", ["0g", "3", "3 GB", "-1g", "half"])
def test_what_is_no_amount_of_memory_is_refused(memory):
    with pytest.raises(ValueError, match="memory"):
        Settings(memory=memory)


def test_without_a_setting_it_is_half_of_the_container(monkeypatch, tmp_path):
    limit = tmp_path / "memory.max"
    limit.write_text(f"{4 << 30}\n")
    monkeypatch.setattr("mediflow_assets.engine_settings._LIMIT_OF_CONTAINER", limit)
    assert Settings().memory_bytes == 2 << 30
    limit.write_text("max\n")
    assert Settings().memory_bytes > 0


def test_less_memory_makes_for_fewer_rows_at_once_down_to_a_least_number():
    asked = [rows_at_once(gibibytes << 30) for gibibytes in (1, 2, 3, 64)]
    assert asked == sorted(asked)
    assert asked[0] == 100_000 and asked[-1] == MOST_ROWS_AT_ONCE
