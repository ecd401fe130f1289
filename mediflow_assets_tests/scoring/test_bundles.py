"""Served versions: whole or not at all, swapped in as they are promoted, explained so that the sums agree."""

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest

from mediflow_assets.contracts.served import MODELS
from mediflow_assets.contracts.served.readmission_risk import READMISSION_MODEL
from mediflow_assets.contracts.served.treatment_cost import COST_MODEL
from mediflow_assets.errors import BundleInvalid, InputInvalid
from mediflow_assets.ml.training import scores_of
from mediflow_assets.scoring import Bundle, Champions, load_bundle, point_to, read_champion, versions
from mediflow_assets.scoring.drivers import shapley
from mediflow_assets_tests.rehearsal import NOW, facts_of, kept, rehearse, trained, write

ROW = {
    "age_at_admission": 81,
    "gender": "F",
    "department": "CARDIOLOGY",
    "diagnosis_code": "I50.9",
    "admitting_diagnosis_code": "I50.9",
    "encounter_class": "inpatient",
    "length_of_stay_days": 9,
    "prior_admissions_12m": 3,
    "comorbidity_count": 2,
}


@pytest.fixture
def place(tmp_path: Path) -> str:
    """A folder of models: both promoted, in one version each."""
    for name in MODELS:
        rehearse(str(tmp_path), name)
    return str(tmp_path)


@pytest.fixture
def bundle(place: str, request: pytest.FixtureRequest) -> Bundle:
    return load_bundle(f"{place}/{getattr(request, 'param', COST_MODEL)}/1")


both = pytest.mark.parametrize("bundle", MODELS, indirect=True)


def test_cost_has_an_interval_and_risk_lies_between_0_and_1(place: str) -> None:
    cost = load_bundle(f"{place}/{COST_MODEL}/1").predict([ROW])
    assert cost.lower is not None and cost.upper is not None
    assert 0 < cost.lower[0] < cost.values[0] < cost.upper[0]
    risk = load_bundle(f"{place}/{READMISSION_MODEL}/1")
    assert 0 < risk.predict([ROW]).values[0] < 1
    assert [risk.status(p) for p in (0.0, risk.cutoffs["moderate"], risk.cutoffs["high"])] == [
        "Low",
        "Moderate",
        "High",
    ]


@both
def test_many_rows_are_answered_as_each_alone_and_in_order(bundle: Bundle) -> None:
    rows = [ROW | {"age_at_admission": age} for age in (20, 50, 90)]
    together = bundle.predict(rows).values
    assert np.allclose(together, [bundle.predict([row]).values[0] for row in rows])
    assert len(bundle.predict([])) == 0


@both
def test_the_chapter_follows_from_the_code(bundle: Bundle) -> None:
    with_chapter = ROW | {"diagnosis_chapter": "IX", "admitting_diagnosis_chapter": "IX"}
    assert bundle.predict([ROW]).values[0] == bundle.predict([with_chapter]).values[0]


@both
def test_optional_inputs_may_be_missing_required_ones_not(bundle: Bundle) -> None:
    required = {f.name: ROW[f.name] for f in bundle.features if not f.optional}
    assert math.isfinite(bundle.predict([required]).values[0])
    for name in required:
        with pytest.raises(InputInvalid, match=name):
            bundle.predict([{k: v for k, v in required.items() if k != name}])


@both
@pytest.mark.parametrize("value", ["eighty", True, float("inf"), 10**400, [80]])
def test_a_mistyped_input_is_named_and_its_value_not_told(bundle: Bundle, value: object) -> None:
    with pytest.raises(InputInvalid, match="age_at_admission") as told:
        bundle.predict([ROW | {"age_at_admission": value}])
    assert "eighty" not in str(told.value)


@both
def test_a_word_not_seen_in_training_counts_as_an_average_one_and_is_told(bundle: Bundle) -> None:
    strange = ROW | {"department": "XENOBIOLOGY"}
    known = [bundle.predict([ROW | {"department": name}]).values[0] for name in bundle_words(bundle, "department")]
    assert min(known) * 0.9 <= bundle.predict([strange]).values[0] <= max(known) * 1.1
    assert "XENO" not in bundle.warnings(strange)["department"]
    assert "department" not in bundle.warnings(ROW)


@both
def test_a_number_outside_the_versions_own_limits_is_named(bundle: Bundle) -> None:
    assert bundle.outside(ROW) == {}
    assert set(bundle.outside(ROW | {"age_at_admission": 121, "prior_admissions_12m": -1})) == {
        "age_at_admission",
        "prior_admissions_12m",
    }


def bundle_words(bundle: Bundle, name: str) -> tuple[str, ...]:
    return next(feature.allowed for feature in bundle.features if feature.name == name)


@both
def test_drivers_add_up_to_the_prediction(bundle: Bundle) -> None:
    explained = bundle.explain(ROW)
    assert explained.prediction == pytest.approx(bundle.predict([ROW]).values[0], rel=1e-6)
    total = explained.base + sum(driver.contribution for driver in explained.drivers)
    assert total == pytest.approx(explained.prediction, rel=1e-6)
    assert len(bundle.explain(ROW, most=3).drivers) == 3
    assert bundle.explain(dict(bundle.reference)).drivers == ()


def test_drivers_are_near_the_exact_shapley_values_of_the_forest(place: str) -> None:
    """All coalitions of the scikit-learn pipeline itself: the interventional values that TreeSHAP computes."""
    import pandas as pd

    bundle, model = load_bundle(f"{place}/{READMISSION_MODEL}/1"), trained(READMISSION_MODEL)
    # nine inputs differ from the reference row: 512 coalitions, above what is computed exactly
    names = [f.name for f in bundle.features]
    row = dict(bundle.reference) | {
        "age_at_admission": 91.0,
        "prior_admissions_12m": 4.0,
        "comorbidity_count": 3.0,
        "length_of_stay_days": 12.0,
        "department": "SURGERY",
        "gender": "M",
        "admission_type": "elective",
        "diagnosis_code": "K35.80",
        "systolic_mmhg": 149.0,
        "diastolic_mmhg": 88.0,
        "prior_emergency_6m": 3.0,
        "admission_month": 1.0,
    }
    row["diagnosis_chapter"] = bundle.reference["diagnosis_chapter"]
    players = [at for at, name in enumerate(names) if row[name] != bundle.reference[name]]
    coalitions = [set(c) for size in range(len(players) + 1) for c in itertools.combinations(players, size)]
    table = pd.DataFrame(
        [{n: row[n] if at in c else bundle.reference[n] for at, n in enumerate(names)} for c in coalitions]
    )
    table = table.astype({f.name: object if f.is_category else "float32" for f in bundle.features})
    worth = {frozenset(c): float(v) for c, v in zip(coalitions, model.fitted.answer(table), strict=True)}
    count, exact = len(players), dict.fromkeys(players, 0.0)
    for player, c in itertools.product(players, coalitions):
        if player not in c:
            weight = math.factorial(len(c)) * math.factorial(count - len(c) - 1) / math.factorial(count)
            exact[player] += weight * (worth[frozenset(c | {player})] - worth[frozenset(c)])
    assert count >= 9
    found = {driver.feature: driver.contribution for driver in bundle.explain(row).drivers}
    scale = max(abs(value) for value in exact.values())
    for player in players:
        assert found[names[player]] == pytest.approx(exact[player], abs=0.15 * scale)


def test_shapley_values_of_a_sum_are_its_parts() -> None:
    parts = np.arange(1.0, 13.0)
    found = shapley(lambda coalitions: coalitions @ parts, np.ones(12, np.bool_))
    assert np.allclose(found, parts)


@pytest.mark.parametrize("name", ["model.onnx", "bundle.json", "card.md", "card.json"])
def test_a_changed_file_is_never_served(place: str, name: str) -> None:
    file = Path(place) / COST_MODEL / "1" / name
    file.write_bytes(file.read_bytes() + b" ")
    champions = Champions(place)
    champions.refresh()
    assert champions.get(COST_MODEL) is None and COST_MODEL in champions.problems
    assert champions.get(READMISSION_MODEL) is not None


def test_a_version_of_the_older_format_answers_by_one_spread_and_asks_for_the_class(place: str) -> None:
    file = Path(place) / COST_MODEL / "1" / "bundle.json"
    facts = json.loads(file.read_text())
    one = {name: facts["response"][name] for name in ("kind", "smearing", "below", "above", "coverage")}
    file.write_text(json.dumps(facts | {"format": 1, "response": one}))
    older = load_bundle(f"{place}/{COST_MODEL}/1")
    found = older.predict([ROW, ROW | {"encounter_class": "outpatient"}])
    assert found.lower is not None and found.upper is not None
    widths = found.upper / found.lower
    assert widths[0] == pytest.approx(widths[1]) and older.classes == ("inpatient", "outpatient")


def test_a_class_without_a_finite_spread_is_never_served(place: str) -> None:
    file = Path(place) / COST_MODEL / "1" / "bundle.json"
    facts = json.loads(file.read_text())
    facts["response"]["groups"]["outpatient"]["smearing"] = float("nan")
    file.write_text(json.dumps(facts))
    with pytest.raises(BundleInvalid, match="does not answer"):
        load_bundle(f"{place}/{COST_MODEL}/1")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format": 99}'])
def test_a_bundle_that_makes_no_sense_is_told(place: str, content: bytes) -> None:
    (Path(place) / COST_MODEL / "1" / "bundle.json").write_bytes(content)
    with pytest.raises(BundleInvalid, match=f"{COST_MODEL}/1"):
        load_bundle(f"{place}/{COST_MODEL}/1")


def test_a_promotion_is_taken_up_and_a_broken_one_leaves_the_last_good_one(place: str) -> None:
    champions = Champions(place)
    assert set(champions.refresh()) == set(MODELS) and champions.refresh() == ()
    write(place, COST_MODEL, "2")
    point_to(place, COST_MODEL, "2", NOW)
    assert champions.refresh() == (COST_MODEL,)
    write(place, COST_MODEL, "3")
    point_to(place, COST_MODEL, "3", NOW)
    (Path(place) / COST_MODEL / "3" / "model.onnx").unlink()
    assert champions.refresh() == ()
    served = champions.get(COST_MODEL)
    assert served is not None and served.version == "2" and COST_MODEL in champions.problems
    assert versions(place, COST_MODEL) == ("1", "2", "3")


def test_what_cannot_be_loaded_is_not_promoted(place: str) -> None:
    write(place, COST_MODEL, "2")
    (Path(place) / COST_MODEL / "2" / "card.md").unlink()
    with pytest.raises(BundleInvalid):
        point_to(place, COST_MODEL, "2", NOW)
    champion = read_champion(place, COST_MODEL)
    assert champion is not None and champion.version == "1"


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_the_models_kept_for_tests_are_those_that_a_training_makes(name: str) -> None:
    """Otherwise `python -m mediflow_assets_tests.rehearsal` makes them again."""
    (facts, graph), made = kept(name), trained(name)
    assert figures_of(facts) == pytest.approx(figures_of(facts_of(made)), rel=1e-3, abs=1e-6)
    assert words_of(facts) == words_of(facts_of(made))
    rows = made.parts.test.inputs
    scores = scores_of(graph, made.fitted.features, rows)
    assert np.allclose(scores, scores_of(made.graph, made.fitted.features, rows), atol=1e-3)


def flat(value: object, at: str = "") -> dict[str, object]:
    """Each word and number of nested JSON by its path."""
    if isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        return {path: leaf for key, each in parts for path, leaf in flat(each, f"{at}/{key}").items()}
    return {at: value}


def figures_of(facts: object) -> dict[str, object]:
    return {path: leaf for path, leaf in flat(facts).items() if isinstance(leaf, float)}


def words_of(facts: object) -> dict[str, object]:
    return {path: leaf for path, leaf in flat(facts).items() if not isinstance(leaf, float)}


def test_a_bundle_is_plain_json_with_its_inputs(place: str) -> None:
    facts = json.loads((Path(place) / COST_MODEL / "1" / "bundle.json").read_text())
    assert {"features", "response", "reference", "distribution", "metrics", "sha256", "known_until"} <= set(facts)
    department = next(feature for feature in facts["features"] if feature["name"] == "department")
    assert department["allowed"] == ["CARDIOLOGY", "GENERAL MEDICINE", "SURGERY"] and not department["optional"]
