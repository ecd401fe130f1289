"""The card of a version: the 31 source attributes that 45 CFR 170.315(b)(11)(iv)(B) (HTI-1) asks of a predictive
decision support intervention, each filled or "not applicable, because"; and its figures. As JSON and Markdown."""

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from mediflow_assets.ml.examples import CALIBRATION_PATIENTS, EMBARGO_DAYS, TEST_PATIENTS, TEST_TIME
from mediflow_assets.ml.figures import ALL, FEWEST_IN_GROUP, Figure
from mediflow_assets.ml.gate import Decision
from mediflow_assets.ml.measures import OF_AMOUNT, OF_PROBABILITY
from mediflow_assets.ml.training import SERVED, Trained

PROVISIONAL = (
    "**This version is provisional**: it answers because there was none before it, and beats its baselines "
    "by what may be chance. Weigh its answers so. A version that passes the gate replaces it."
)


def card(
    trained: Trained, version: str, run_id: str, decision: Decision, inputs: Mapping[str, int], trained_at: dt.datetime
) -> dict[str, Any]:
    """All of the card as plain data. Raises KeyError if an attribute is left out."""
    parts = trained.parts
    return {
        "model": trained.spec.name,
        "version": version,
        "mlflow_run": run_id,
        "trained_at": trained_at.astimezone(dt.UTC).isoformat(timespec="seconds"),
        "gate": {"promoted": decision.is_promoted, "provisional": decision.is_provisional, "reason": decision.reason},
        "input_tables": dict(inputs),
        "rows": {"train": len(parts.train), "calibration": len(parts.calibration), "test": len(parts.test)},
        "features": [feature.name for feature in trained.fitted.features],
        "left_out_as_constant": list(trained.constant),
        "figures": [_figure(f) for f in trained.figures if f.group in (ALL, "with_anomalies")],
        "groups": [_figure(f) for f in trained.figures if f.group not in (ALL, "with_anomalies")],
        "importance": trained.importance,
        "graph_agrees_within": trained.agreement,
        "source_attributes": source_attributes(trained),
    }


def _figure(f: Figure) -> dict[str, Any]:
    ends = {} if f.lower is None else {"lower": f.lower, "upper": f.upper}
    return {"estimator": f.estimator, "group": f.group, "metric": f.metric, "value": f.value, "rows": f.rows} | ends


def source_attributes(trained: Trained) -> dict[str, str]:
    """The 31 attributes, by their names in the rule."""
    contract, names = trained.spec.contract, {f.name for f in trained.fitted.features}
    words, answer = contract.card, contract.answer
    used = [word for word, name in (("sex", "gender"), ("age", "age_at_admission")) if name in names]
    value = f"{answer.unit}, with a 90 % interval"
    if answer.is_probability:
        value = "a probability from 0 to 1, with a status Low, Moderate or High"
    no_outside = "not applicable, because the model is trained and judged on this hospital's own data only"
    return {
        "1.i developer": "trained by this installation of MediFlow; contact the team named as owner of its assets",
        "1.ii funding": "not applicable, because the hospital runs it itself; no one funds the model",
        "1.iii output": f"{value}: {contract.target}",
        "1.iv kind of output": "prediction",
        "2.i intended use": words.purpose,
        "2.ii intended population": words.population,
        "2.iii intended users": "the hospital's clinicians, data scientists and planners",
        "2.iv role in decisions": "informs; it replaces no judgement",
        "3.i out of scope": words.out_of_scope,
        "3.ii known risks and limits": "learned from billing data, whose gaps and habits it repeats; rare diagnoses "
        "and unseen departments count as average ones; no causes can be read from its drivers",
        "4.i inclusion and exclusion": words.exclusions,
        "4.ii use of race, ethnicity, language, orientation, identity, sex, birth, social factors, health status":
        f"of these: {' and '.join(used) or 'none'}; race, ethnicity, language, sexual orientation, gender identity, "
        "social determinants and health status assessments are not used",
        "4.iii representativeness": _mix(trained),
        "4.iv relevance to the setting": "trained on the very hospital that uses it",
        "5.i approach to fairness": "figures by gender, age band, department and class stand in this card; the "
        "release of a version is a person's to review",
        "5.ii approach to bias": words.bias,
        "6.i external data": no_outside,
        "6.ii external validator": no_outside,
        "6.iii external representativeness": no_outside,
        "6.iv external process": "the same code is run on public data by 'mediflow evaluate'; that validates the "
        "method, not this version",
        "7.i validity, same source": _headline(trained),
        "7.ii fairness, same source": _spread(trained),
        "7.iii validity, external": no_outside,
        "7.iv fairness, external": no_outside,
        "7.v outcomes of use": "not applicable, because no study of its use was made",
        "8.i monitoring of validity": "gold/drift, with every refresh: inputs, answers and calibration on later labels",
        "8.ii local validity": _headline(trained),
        "8.iii monitoring of fairness": "the figures by group of every new version, in gold/model_metrics",
        "8.iv local fairness": _spread(trained),
        "9.i updates": "trained again each week, on drift and on enough new labels; promoted only through the gate",
        "9.ii corrections": "'mediflow models rollback' at any time, by one command",
    }  # fmt: skip


def _mix(trained: Trained) -> str:
    gender = trained.parts.train.groups.get("gender")
    if gender is None:
        return "not applicable, because the data hold no groups"
    shares = {word: float((gender == word).mean()) for word in sorted(set(gender))}
    common = {word: share for word, share in shares.items() if share * len(gender) >= FEWEST_IN_GROUP}
    return "training rows by gender: " + ", ".join(f"{word} {share:.1%}" for word, share in common.items())


def _headline(trained: Trained) -> str:
    found = trained.figure(trained.spec.headline)
    if found is None:
        return "not applicable, because it could not be computed"
    ends = f" ({found.lower:.3f} to {found.upper:.3f})" if found.lower is not None else ""
    return (
        f"{found.metric.upper()} {found.value:.3f}{ends} on {found.rows} rows of patients and months not learned from"
    )


def _spread(trained: Trained) -> str:
    metric = trained.spec.headline
    found = {
        f.group: f.value for f in trained.figures if f.estimator == SERVED and f.metric == metric and "=" in f.group
    }
    parts = []
    for kind in dict.fromkeys(group.split("=")[0] for group in found):
        values = [value for group, value in found.items() if group.startswith(f"{kind}=")]
        parts.append(f"{metric.upper()} by {kind} {min(values):.3f} to {max(values):.3f}")
    return "; ".join(parts) or "not applicable, because no group has enough rows"


def as_json(data: Mapping[str, Any]) -> str:
    """The card for programs."""
    return json.dumps(data, indent=1, sort_keys=True, allow_nan=False)


def as_markdown(data: Mapping[str, Any]) -> str:
    """The card for people."""
    rows = data["rows"]
    gate = data["gate"]
    return "\n".join(
        [
            f"# {data['model']}, version {data['version']}",
            "",
            f"Trained {data['trained_at']} (MLflow run {data['mlflow_run']}). "
            f"{'Promoted' if gate['promoted'] else 'Not promoted'}: {gate['reason']}",
            *(["", PROVISIONAL] if gate["provisional"] else []),
            "",
            f"Rows: {rows['train']:,} to learn from, {rows['calibration']:,} to calibrate on, {rows['test']:,} to be "
            f"judged on. {TEST_PATIENTS:.0%} of the patients are kept for tests and {CALIBRATION_PATIENTS:.0%} for "
            f"calibration, in this and in every version; tests are the last {TEST_TIME:.0%} of time, and training ends "
            f"{EMBARGO_DAYS} days before them. A version with AUC above {OF_PROBABILITY.most} or R² above "
            f"{OF_AMOUNT.most} is refused as a leak.",
            "",
            "## Figures on held-out rows",
            "",
            *_table(data["figures"]),
            "",
            "## By group",
            "",
            *_table(data["groups"]),
            "",
            "## Inputs",
            "",
            ", ".join(f"`{name}`" for name in data["features"]),
            "",
            "## Source attributes",
            "",
            *(f"- **{name}**: {text}" for name, text in data["source_attributes"].items()),
            "",
        ]
    )


def _table(figures: list[dict[str, Any]]) -> list[str]:
    metrics = list(dict.fromkeys(f["metric"] for f in figures))
    by_row: dict[tuple[str, str, int], dict[str, float]] = {}
    for f in figures:
        by_row.setdefault((f["estimator"], f["group"], f["rows"]), {})[f["metric"]] = f["value"]
    lines = [f"| estimator | group | rows | {' | '.join(metrics)} |", "|---" * (3 + len(metrics)) + "|"]
    for (estimator, group, rows), values in by_row.items():
        cells = (_shown(values.get(metric)) for metric in metrics)
        lines.append(f"| {estimator} | {group} | {rows} | {' | '.join(cells)} |")
    return lines


def _shown(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}" if abs(value) >= 100 else f"{value:.4f}"
