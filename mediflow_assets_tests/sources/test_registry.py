"""The registry: what a contract promises, its source keeps, and what is wrong is told before a file is read."""

import dataclasses

import pytest

from mediflow_assets.contracts import TABLES, admissions, bronze
from mediflow_assets.contracts.source import PATIENTS, Target
from mediflow_assets.errors import SettingsInvalid
from mediflow_assets.sources.registry import load, sources


def test_a_source_that_is_not_installed_is_not_known():
    assert "ward_list" not in sources() and "bronze/ward_lists" not in TABLES


@pytest.mark.parametrize("source", sources().values(), ids=lambda source: source.contract.name)
def test_a_source_brings_its_records_into_each_table_that_its_contract_names(source):
    assert set(source.transforms()) == set(source.contract.by_target)


@pytest.mark.parametrize("code", ["no.such:module", "mediflow_assets.sources.admissions:FORM", "nothing at all"])
def test_a_contract_whose_source_is_not_there_is_told(code):
    with pytest.raises(SettingsInvalid, match=r"admissions.*install the package"):
        load(dataclasses.replace(bronze.SOURCES["admissions"], code=code))


def test_a_contract_that_names_a_column_its_table_lacks_is_told():
    with pytest.raises(ValueError, match="bronze/admissions has no column born"):
        dataclasses.replace(admissions.SOURCE, targets=(Target(PATIENTS, {"birth_date": "born"}),))


def test_a_run_says_which_source_is_not_installed_any_more(house, admissions):
    delivery = house.deliver(admissions({}))
    row = house.row(bronze.DELIVERIES, delivery_id=delivery)
    house.lake.overwrite_rows(bronze.DELIVERIES, [row | {"source": "ward_list"}])
    with pytest.raises(SettingsInvalid, match="'ward_list', of which there are deliveries, is not installed"):
        house.make_silver()
