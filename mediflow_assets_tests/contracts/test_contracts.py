"""What holds for every contract: each column decided, each name and each reference right."""

import dataclasses
import re

import polars as pl
import pytest

from mediflow_assets.contracts import (
    TABLES,
    assurance,
    bronze,
    erasure,
    events,
    gold,
    masked,
    models,
    operational,
    silver,
)
from mediflow_assets.contracts.masks import Mask, Verb, age_band, drop, keep, pseudonym, redact, year, zip3
from mediflow_assets.contracts.table import (
    Audience,
    Column,
    Privacy,
    RowCheck,
    Severity,
    TableContract,
    Type,
)
from mediflow_assets.contracts.versions import OUTCOMES, contradicts

COLUMNS = [(table, column) for table in TABLES.values() for column in table.columns]
DERIVED = [(table, column) for table, column in COLUMNS if table.key[0] in ("silver", "gold", "masked")]


def column(privacy=Privacy.CLINICAL, mask=None, name="x", type_=Type.STRING):
    return Column(name, type_, "for this test", privacy, mask or drop())


def table(*columns, **more):
    return TableContract(("gold", "t"), "for this test", Audience.PIPELINE, columns, **more)


def test_rows_about_people_that_are_open_have_a_pseudonym_as_their_first_key():
    """They are stored in its order, which must tell nothing."""
    for table in TABLES.values():
        if table.audience is Audience.ANALYST and table.names_people:
            assert table.by_name[table.primary_key[0]].privacy is Privacy.PSEUDONYM, table.name


def test_a_column_without_a_decision_cannot_be_made():
    with pytest.raises(TypeError):
        Column("x", Type.STRING, "undecided")
    with pytest.raises(TypeError):
        Column("x", Type.STRING, "half decided", Privacy.CLINICAL)
    undecided = {f.name for f in dataclasses.fields(Column) if f.default is dataclasses.MISSING}
    assert {"privacy", "mask"} <= undecided


@pytest.mark.parametrize("privacy", [p for p in Privacy if p.identifies], ids=lambda p: p.name)
def test_what_identifies_may_not_be_kept(privacy):
    with pytest.raises(ValueError, match="may not be kept"):
        column(privacy, keep())
    for mask in (drop(), year(), age_band(), zip3(), redact(), pseudonym("patient")):
        assert column(privacy, mask).mask == mask


def test_the_eighteen_classes_identify_and_the_others_do_not():
    assert [p.value[0] for p in Privacy if p.identifies] == list("ABCDEFGHIJKLMNOPQR")
    assert not Privacy.CLINICAL.identifies and not Privacy.PSEUDONYM.identifies and not Privacy.QUASI.identifies


def test_every_column_has_a_privacy_class_and_a_mask():
    assert all(isinstance(c.privacy, Privacy) and isinstance(c.mask, Mask) for _, c in COLUMNS)
    assert all(c.mask.domain for _, c in COLUMNS if c.mask.verb is Verb.PSEUDONYM)


def test_every_column_and_table_says_what_it_holds():
    assert [f"{t.name}.{c.name}" for t, c in COLUMNS if not c.description.strip()] == []
    assert [t.name for t in TABLES.values() if not t.description.strip()] == []


@pytest.mark.parametrize("contract", masked.TABLES, ids=lambda t: t.name)
def test_a_masked_table_holds_nothing_that_identifies(contract):
    assert [c.name for c in contract.columns if c.privacy.identifies] == []
    assert {c.mask.verb for c in contract.columns} == {Verb.KEEP}
    assert contract.audience is Audience.ANALYST


@pytest.mark.parametrize("contract", gold.TABLES, ids=lambda t: t.name)
def test_a_gold_table_holds_no_identifier_and_people_are_not_for_analysts(contract):
    allowed = (Privacy.DATE, Privacy.PSEUDONYM, Privacy.QUASI, Privacy.CLINICAL, Privacy.PERIOD, Privacy.TECHNICAL)
    assert [c.name for c in contract.columns if c.privacy not in allowed] == []
    assert not [c.name for c in contract.columns if c.name.endswith("_id")]
    assert contract.audience is not Audience.ANALYST


def test_analysts_open_masked_tables_and_those_without_people():
    opened = {t.name for t in TABLES.values() if t.audience is Audience.ANALYST}
    assert opened == {
        t.name for t in (*masked.TABLES, *operational.TABLES, *models.HOUSE, *assurance.TABLES, *events.HOUSE)
    }


RENAMED = {
    ("patient_id", pseudonym("patient")): "patient_key",
    ("encounter_id", pseudonym("encounter")): "encounter_key",
    ("admitted_at", year()): "admitted_year",
    ("death_date", year()): "death_year",
    ("birth_date", age_band()): "age_band",
    ("age_at_admission", age_band()): "age_band",
    ("zip", zip3()): "zip3",
    ("diagnosis_text", redact()): "diagnosis_text",
    ("department", keep()): "department",
}


@pytest.mark.parametrize(("name", "mask"), RENAMED, ids=lambda part: str(part))
def test_masking_renames(name, mask):
    assert masked.masked_name(column(mask=mask, name=name)) == RENAMED[name, mask]


def test_two_columns_may_not_share_a_masked_name():
    with pytest.raises(ValueError, match="twice"):
        masked.masked(table(column(mask=age_band(), name="age_a"), column(mask=age_band(), name="age_b")))


def test_a_masked_table_has_the_source_columns_that_are_not_dropped():
    for copy, source in masked.COPIES.items():
        wanted = [masked.masked_name(c) for c in source.columns if c.mask.verb is not Verb.DROP]
        assert [c for c in copy.column_names if c != "is_suppressed"] == wanted, copy.name
        assert ("is_suppressed" in copy.by_name) == (source.small_cells is not None)


def test_every_aggregate_that_counts_people_has_small_cells():
    for contract in masked.TABLES:
        if "patients" in contract.by_name:
            cells = contract.small_cells
            assert cells is not None and cells.people == "patients", contract.name
            numbers = {c.name for c in contract.columns if c.type in (Type.LONG, Type.MONEY, Type.TOTAL, Type.RATIO)}
            assert numbers <= {cells.people, *cells.measures, *cells.counts}, contract.name


def test_primary_keys_are_columns_that_are_never_null():
    for contract in TABLES.values():
        for name in contract.primary_key:
            assert not contract.by_name[name].nullable, f"{contract.name}.{name}"


def test_a_primary_key_of_no_column_cannot_be_made():
    with pytest.raises(ValueError, match="names no column"):
        table(column(), primary_key=("y",))


def test_a_column_twice_cannot_be_made():
    with pytest.raises(ValueError, match="twice"):
        table(column(), column())


def test_rows_of_judged_and_gold_tables_have_a_primary_key():
    without = {t.name for t in (*silver.TABLES, *gold.TABLES, *masked.TABLES) if not t.primary_key}
    assert without == {silver.PROCESSED.name}


@pytest.mark.parametrize("prefix", ["bronze", "silver", "gold"])
def test_lineage_names_only_columns_that_exist(prefix):
    wrong = []
    for contract, derived in DERIVED:
        for upstream in derived.derived_from:
            name, _, of = upstream.rpartition(".")
            if name.startswith(f"{prefix}/") and of not in getattr(TABLES.get(name), "by_name", {}):
                wrong.append(f"{contract.name}.{derived.name} <- {upstream}")
    assert wrong == []


def test_lineage_leads_back_to_what_was_delivered():
    made = {
        "id_namespace",
        "source_system",
        "is_suppressed",
        "cost_model_version",
        "cost_run_id",
        "readmission_model_version",
        "readmission_run_id",
        "baseline_version",
        "alerted_at",
        "mode",
    }
    validated = [
        (t, c)
        for t, c in DERIVED
        if t
        not in (
            silver.QUARANTINE,
            silver.PROCESSED,
            *operational.TABLES,
            *models.HOUSE,
            *erasure.TABLES,
            *assurance.TABLES,
            *events.HOUSE,
        )
    ]
    assert [f"{t.name}.{c.name}" for t, c in validated if not c.derived_from and c.name not in made] == []


ENDINGS = {
    "_at": {Type.TIMESTAMP},
    "_date": {Type.DATE},
    "_key": {Type.STRING},
    "_code": {Type.STRING},
    "_days": {Type.INTEGER},
    "_mmhg": {Type.INTEGER},
    "_usd": {Type.MONEY, Type.TOTAL},
    "_year": {Type.INTEGER},
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_end_of_a_name_tells_its_type(ending):
    typed = [(t, c) for t, c in COLUMNS if t.key[0] != "bronze" and c.name.endswith(ending)]
    assert [f"{t.name}.{c.name}" for t, c in typed if c.type not in ENDINGS[ending]] == []


def test_names_tell_their_types():
    own = (*operational.TABLES, *assurance.TABLES)
    # OMOP's columns have the names of the model
    typed = [(t, c) for t, c in COLUMNS if t.key[0] not in ("bronze", "omop") and t not in own]
    assert [c.name for _, c in typed if c.type is Type.TIMESTAMP and not c.name.endswith("_at")] == []
    assert [c.name for _, c in typed if c.type is Type.BOOLEAN and not re.match("(is|has)_", c.name)] == []
    assert [c.name for _, c in typed if c.unit in ("USD", "mmHg") and c.unit.lower() not in c.name] == []
    assert [c.name for _, c in COLUMNS if not re.fullmatch("[a-z_][a-z0-9_]*", c.name)] == []


def test_every_bronze_table_says_where_its_records_come_from():
    provenance = {"_delivery_id", "_record_number", "_ingested_at"}
    for contract in bronze.TABLES:
        if contract is not bronze.DELIVERIES:
            assert provenance <= set(contract.column_names), contract.name
    assert {c.mask.verb for t in bronze.TABLES for c in t.columns} == {Verb.DROP}


def test_codes_of_checks_are_not_given_twice_and_silver_rules_quarantine_but_few():
    for contract in TABLES.values():
        codes = [check.code for check in contract.checks]
        assert len(codes) == len(set(codes)), contract.name
    rules = [check for table in silver.VALIDATED for check in table.checks]
    others = {check.code: check.severity for check in rules if check.severity is not Severity.QUARANTINE}
    warnings = (
        *("version_claimed_in_future", "in_progress_with_an_end", "link_unreadable", "listed_code_unread"),
        "left_before_entered",
    )
    assert others == dict.fromkeys(warnings, Severity.WARN)
    assert RowCheck("code", "true").severity is Severity.ERROR


def test_tables_are_known_by_their_names():
    assert all(name == contract.name == "/".join(contract.key) for name, contract in TABLES.items())
    assert {contract.key[0] for contract in TABLES.values()} == {"bronze", "silver", "gold", "masked", "omop"}


@pytest.mark.parametrize(("new", "conflicting", "wanted"), [(90, 2, False), (90, 3, True), (0, 0, False)])
def test_a_delivery_contradicts_by_one_rule_in_numbers_and_in_columns(new, conflicting, wanted):
    counts = dict.fromkeys(OUTCOMES, 0) | {"new": new, "same": 10 - conflicting, "conflicting": conflicting}
    column = contradicts({outcome: pl.lit(count) for outcome, count in counts.items()})
    assert (contradicts(counts), pl.select(column).item()) == (wanted, wanted)
