"""The policy: what breaks it is found, and what it says can be read without the code."""

import dataclasses
import json

import pytest
from typer.testing import CliRunner

from mediflow_assets.contracts import TABLES, masked, policy, silver
from mediflow_assets.contracts.masks import Verb, drop, keep, year, zip3
from mediflow_assets.contracts.table import Audience, Column, Privacy, TableContract, Type


def forged(column, **changed):
    """A column as no constructor would make it."""
    twin = dataclasses.replace(column)
    for name, value in changed.items():
        object.__setattr__(twin, name, value)
    return twin


def table(zone, *columns, name="t"):
    return TableContract((zone, name), "for this test", Audience.PIPELINE, columns)


PLAIN = Column("x", Type.STRING, "plain", Privacy.CLINICAL, keep())
NAME = Column("full_name", Type.STRING, "a name", Privacy.NAME, drop())


def derived(*sources, **changed):
    return dataclasses.replace(PLAIN, derived_from=sources, **changed)


def test_the_contracts_keep_the_policy():
    assert policy.violations(TABLES.values()) == []


@pytest.mark.parametrize("nothing", [None, "", "keep"])
def test_an_undecided_column_breaks_it(nothing):
    found = policy.violations([table("silver", forged(PLAIN, mask=nothing))])
    assert found == ["silver/t.x: its mask verb is undecided"]
    assert "privacy class is undecided" in policy.violations([table("silver", forged(PLAIN, privacy=nothing))])[0]


@pytest.mark.parametrize("privacy", [p for p in Privacy if p.identifies], ids=lambda p: p.name)
def test_an_identifier_that_is_kept_breaks_it(privacy):
    assert "may not be kept" in policy.violations([table("silver", forged(NAME, privacy=privacy, mask=keep()))])[0]


@pytest.mark.parametrize("privacy", [p for p in Privacy if p.is_direct], ids=lambda p: p.name)
def test_gold_from_a_direct_identifier_breaks_it(privacy):
    source = table("silver", dataclasses.replace(NAME, privacy=privacy), name="s")
    found = policy.violations([source, table("gold", derived("silver/s.full_name"))])
    assert found == ["gold/t.x: it comes from the direct identifier silver/s.full_name"]


def test_a_direct_identifier_in_gold_and_any_identifier_in_a_masked_table_breaks_it():
    day = Column("d", Type.DATE, "a day", Privacy.DATE, year())
    assert policy.violations([table("gold", day)]) == []
    assert policy.violations([table("masked", day)]) == [
        f"masked/t.d: class '{Privacy.DATE}' may not stand in a masked table"
    ]
    assert "may not stand in gold" in policy.violations([table("gold", NAME)])[0]


def test_a_masked_copy_by_a_verb_keeps_it_and_one_of_a_dropped_column_does_not():
    code = Column("zip", Type.STRING, "postal code", Privacy.GEOGRAPHY, zip3())
    for source, wanted in ((code, 0), (dataclasses.replace(code, mask=drop()), 1)):
        tables = [table("silver", source, name="s"), table("masked", derived("silver/s.zip"))]
        assert len(policy.violations(tables)) == wanted


def test_a_column_from_nowhere_breaks_it():
    assert "which no contract has" in policy.violations([table("gold", derived("silver/s.gone"))])[0]


def test_what_is_broken_is_named_and_stops_the_build():
    with pytest.raises(ValueError, match=r"policy is broken: gold/t\.full_name: .*may not stand"):
        policy.require([table("gold", NAME)])


def test_every_column_of_every_table_is_told_with_its_class_and_verb():
    told = {(t["table"], c["column"]): c for t in policy.as_data(TABLES)["tables"] for c in t["columns"]}
    assert set(told) == {(t.name, c.name) for t in TABLES.values() for c in t.columns}
    assert told["silver/patients", "ssn"]["verb"] == "drop" and told["silver/patients", "ssn"]["identifies"]
    assert told["silver/encounters", "admitted_at"]["in_limited_exports"] == "shift"
    page = policy.as_markdown(TABLES)
    assert all(f"## {name}\n" in page for name in TABLES)
    assert all(f"| {c.name} | {c.description} | {c.privacy} | {c.mask} |" in page for c in silver.PATIENTS.columns)


def test_every_verb_has_a_meaning():
    assert set(policy.MEANING) == set(Verb)


def test_the_command_prints_the_page_or_the_data():
    from mediflow_assets.cli import build

    page = CliRunner().invoke(build(), ["policy"])
    data = CliRunner().invoke(build(), ["policy", "--format", "json"])
    assert page.exit_code == data.exit_code == 0
    assert page.stdout == policy.as_markdown(TABLES)
    assert json.loads(data.stdout) == json.loads(json.dumps(policy.as_data(TABLES)))


def test_the_version_changes_with_a_verb():
    columns = tuple(forged(each, mask=drop()) for each in silver.PATIENTS.columns)
    changed = dataclasses.replace(silver.PATIENTS, columns=columns)
    assert policy.policy_version([silver.PATIENTS]) != policy.policy_version([changed])
    assert masked.PATIENTS.name in TABLES
