"""The OMOP tables are those that OHDSI defines: column by column, and a database under its definition takes them."""

import pytest
from pyspark.sql import functions as F

from mediflow_assets.contracts import omop
from mediflow_assets.contracts.masks import PSEUDONYM_DIGITS
from mediflow_assets.contracts.omop import concepts
from mediflow_assets.contracts.omop.ids import number_of
from mediflow_assets.contracts.table import Type
from mediflow_assets.transforms.omop.values import number
from mediflow_assets_tests.house import KEY
from mediflow_assets_tests.omop import definition

OFFICIAL = definition.tables()
TYPES = {"integer": (Type.INTEGER, Type.LONG), "date": (Type.DATE,), "timestamp": (Type.TIMESTAMP,),
         "numeric": (Type.MEASURE,), "text": (Type.STRING,)}  # fmt: skip


@pytest.mark.parametrize("contract", omop.TABLES, ids=lambda table: table.name)
def test_a_table_has_the_columns_of_the_model_in_its_order(contract):
    official = OFFICIAL[contract.key[1]]
    assert list(contract.column_names) == list(official)
    for name, field in official.items():
        column = contract.by_name[name]
        assert column.type in TYPES.get(field.type, (Type.STRING,)), name
        assert column.nullable is not field.is_required, name
    keys = tuple(name for name, field in official.items() if field.is_key)
    # death and cdm_source have none: one row a person, and one row
    assert keys in ((), contract.primary_key)


@pytest.mark.parametrize("contract", omop.TABLES, ids=lambda table: table.name)
def test_only_what_points_to_no_concept_is_wider_than_the_model(contract):
    wide = {column.name for column in contract.columns if column.type is Type.LONG}
    official = OFFICIAL[contract.key[1]]
    assert {name for name in wide if official[name].points_to == "concept"} == set()
    assert all(name.endswith("_id") for name in wide)


@pytest.mark.parametrize("contract", omop.TABLES, ids=lambda table: table.name)
def test_what_points_to_a_table_is_judged_to_find_it(contract):
    """No row of ours points anywhere else than to persons, visits, departments and concepts."""
    judged = " ".join(check.code for check in contract.checks)
    codes = {"person": "person_unknown", "visit_occurrence": "visit_unknown", "care_site": "care_site_unknown"}
    for name, field in OFFICIAL[contract.key[1]].items():
        if field.points_to in codes and contract.by_name[name].derived_from and "preceding" not in name:
            assert codes[field.points_to] in judged, name


def test_every_concept_that_is_fixed_has_a_name():
    mappings = (concepts.GENDERS, concepts.RACES, concepts.ETHNICITIES, concepts.VISITS, concepts.DISCHARGED_TO,
                concepts.DRUG_TYPES, concepts.OPERATORS)  # fmt: skip
    used = {concept for mapping in mappings for concept in mapping.values()}
    assert used | {concepts.EHR, concepts.PRIMARY, concepts.SECONDARY, concepts.CDM_VERSION_CONCEPT} == {
        *concepts.FIXED
    }


@pytest.mark.parametrize("digits", ["0" * 32, "7" + "f" * 31, "8" + "0" * 31, "f" * 32, KEY.pseudonym("patient", "P1")])
def test_a_pseudonym_is_one_number_in_python_and_in_the_engine(read_texts, digits):
    assert len(digits) == PSEUDONYM_DIGITS
    assert read_texts([digits], n=number(F.col("text")))[digits]["n"] == number_of(digits) < 2**63
