"""Comorbidities agree with a package that others wrote, on lists of codes drawn at random."""

import random
from functools import cache

import polars as pl
import pycomorb
import pytest

from mediflow_assets.contracts.code_systems import icd9
from mediflow_assets.contracts.diagnosis_codes import icd10cm, is_concept
from mediflow_assets.transforms.charlson import CHARLSON
from mediflow_assets.transforms.comorbidities import counterparts
from mediflow_assets.transforms.elixhauser import ELIXHAUSER

PATIENTS = 800
UNASSIGNED = ("497", "498", "499")
"""Within a range of Quan's, though ICD-9-CM has no such codes."""


@cache
def every_code():
    return sorted(icd10cm())


def drawn(rng, system, groups):
    """A code: one that a group begins with, lengthened at random, or any other of the system."""
    if rng.random() < 0.6:
        starts = [start for of, start in groups._places if of == system and start not in UNASSIGNED]
        code = rng.choice(starts)
        code += "".join(rng.choice("0123456789") for _ in range(rng.randrange(6 - len(code))))
    elif system == "icd10":
        code = rng.choice(every_code())
    else:
        code = rng.choice((f"{rng.randrange(1, 1000):03}", f"V{rng.randrange(1, 92):02}")) + f"{rng.randrange(100):02}"
    return code if system == "icd10" else (icd9(code) if code[:3] not in UNASSIGNED else None) or "V700"


@pytest.mark.parametrize("system", ["icd9", "icd10"])
@pytest.mark.parametrize(
    ("groups", "score", "weights"),
    [(CHARLSON, "charlson", "charlson"), (ELIXHAUSER, "elixhauser", "van_walraven")],
    ids=["charlson", "elixhauser"],
)
def test_groups_and_scores_are_those_of_another_package(system, groups, score, weights):
    rng = random.Random(11)
    lists = {n: [drawn(rng, system, groups) for _ in range(rng.randrange(1, 9))] for n in range(PATIENTS)}
    rows = [(n, code.replace(".", "")) for n, codes in lists.items() for code in codes]
    frame = pl.DataFrame(rows, ["id", "code"], orient="row").with_columns(age=pl.lit(40))
    theirs = pycomorb.comorbidity(
        score, frame, icd_version=system, implementation="quan", weights=weights, return_categories=True
    )
    found = {n: {place for code in codes for place in groups.of(code, system)} for n, codes in lists.items()}
    columns = [name for name in theirs.columns if name not in ("id", "Age")]
    categories, total = columns[: len(groups.names)], columns[len(groups.names)]
    for row in theirs.iter_rows(named=True):
        assert groups.score(found[row["id"]]) == row[total]
        # of two degrees of one illness, theirs has the graver one alone
        graver = {milder for severe, milder in groups.instead if groups.names.index(severe) in found[row["id"]]}
        mine = {place for place in found[row["id"]] if groups.names[place] not in graver}
        assert mine == {
            place for place, name in enumerate(categories) if row[name] and groups.names[place] not in graver
        }
    assert len(set.union(*found.values())) == len(groups.names)


@pytest.mark.parametrize(
    ("concept", "group"),
    [
        ("44054006", "diabetes without complication"),
        ("368581000119106", "diabetes with complication"),
        ("22298006", "myocardial infarction"),
        ("88805009", "congestive heart failure"),
        ("87433001", "chronic pulmonary disease"),
        ("46177005", "renal disease"),
        ("26929004", "dementia"),
        ("62479008", "AIDS"),
        ("94260004", "metastatic solid tumour"),
        ("230690007", "cerebrovascular disease"),
    ],
)
def test_common_concepts_of_snomed_are_of_the_group_of_their_disease(concept, group):
    assert [CHARLSON.names[place] for place in CHARLSON.of(concept, "snomed")] == [group]


def test_a_concept_without_a_counterpart_is_of_no_group():
    assert CHARLSON.of("15777000", "snomed") == () and CHARLSON.of("44054006", "icd10") == ()


def test_every_concept_has_its_check_digit_and_is_of_some_group():
    for concept, code in counterparts().items():
        assert is_concept(concept), concept
        is_common = code in ("G45.9", "K76.0", "N18.1", "N18.2")
        assert CHARLSON.of(code, "icd10") or ELIXHAUSER.of(code, "icd10") or is_common, (concept, code)
