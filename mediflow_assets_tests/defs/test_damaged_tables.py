"""A run over damaged tables ends with the sentence that names the table and the way out."""

import pytest

from mediflow_assets.contracts import bronze
from mediflow_assets_tests.breaking import HIDDEN, PLAIN


@pytest.mark.parametrize("kind", ["a file cut short", *HIDDEN])
def test_the_error_of_a_run_names_the_damaged_table_and_the_way_out(older_home, kind):
    (PLAIN | HIDDEN)[kind](older_home.lake, bronze.ADMISSIONS)
    outcome = older_home.run()
    assert not outcome.is_success
    assert any(e.startswith("bronze/admissions is damaged") and "mediflow restore" in e for e in outcome.errors)
