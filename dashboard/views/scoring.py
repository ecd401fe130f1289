"""The forms of page 4: one patient, or a CSV of many, scored by the gateway with the user's token."""

from functools import partial
from itertools import cycle
from typing import Any

import polars as pl
import streamlit as st

from dashboard import charts, gateway
from dashboard.cells import rounded
from dashboard.downloads import csv_bytes, harmless
from dashboard.figures import uploads
from dashboard.gateway import SignedIn
from mediflow_assets.contracts import vocabulary as v
from mediflow_assets.contracts.model import Amount, ModelContract
from mediflow_assets.contracts.served import MODELS

PROVISIONAL = (
    "This model is provisional: it beats its baselines by what may be chance, and answers until one passes "
    "the gate. Weigh its answer so."
)
_SCORED = "scored file"


def _needed() -> dict[str, str]:
    """Inputs without whose word a model does not answer → what they are for."""
    return {model.by: f"the {model.answer.noun}" for model in MODELS.values() if model.by}


def form(user: SignedIn) -> None:
    """One patient's inputs, and the answer with interval or cut-offs, drivers and the model's version."""
    st.subheader("Predict for one patient", help="Nothing of what is entered is kept in the lake or in the URL.")
    kinds = _answering(user)
    if not kinds:
        return
    known = [_allowed(user, model.name) for model in kinds.values()]
    with st.form("predict"):
        model = kinds[st.radio("What to predict", list(kinds), horizontal=True)]
        patient = _inputs(next((words for words in known if words), {}))
        is_sent = st.form_submit_button("Predict")
    if is_sent:
        _answer(model, gateway.ask(user, "POST", f"{model.path}?explain=true", patient))


def _answering(user: SignedIn) -> dict[str, ModelContract]:
    """What can be predicted: a model without a champion is left out, and said so."""
    models = gateway.ask(user, "GET", "/models")["models"]
    versions = {each["name"]: each["version"] for each in models}
    for model in MODELS.values():
        if not versions.get(model.name):
            st.info(
                f"{model.title}: no version of {model.name} answers yet. 'mediflow run --select models' trains it, "
                "and says why where it cannot."
            )
    return {model.title: model for model in MODELS.values() if versions.get(model.name)}


def _inputs(allowed: dict[str, list[str]]) -> dict[str, Any]:
    left, right = st.columns(2)
    codes = allowed.get("admitting_diagnosis_code") or allowed.get("diagnosis_code", [])
    fields = uploads.fields()
    patient: dict[str, Any] = {
        "age": int(left.number_input("Age, years", *v.AGE_LIMITS_YEARS, value=67, step=1)),
        "gender": right.selectbox("Gender", sorted(set(v.GENDERS.values()))),
        "department": left.selectbox("Department", allowed.get("department", []), accept_new_options=True),
        "diagnosis_code": right.selectbox("Diagnosis code", codes, accept_new_options=True),
    }
    for name, what in _needed().items():
        if words := allowed.get(name):
            patient[name] = left.selectbox(f"{fields[name].label.capitalize()} (for {what})", words)
    further = {name: label for model in MODELS.values() for name, label in model.form.items()}
    for (name, label), column in zip(further.items(), cycle((right, left)), strict=False):
        most = int(fields[name].maximum or 0)
        value = column.number_input(f"{label} (optional)", 0, most, value=None, step=1)
        if value is not None:
            patient[name] = int(value)
    return {name: value for name, value in patient.items() if value is not None}


def _allowed(user: SignedIn, model: str) -> dict[str, list[str]]:
    """The words that the champion has learned, for each input."""
    inputs = gateway.ask(user, "GET", f"/models/{model}")["inputs"]
    return {each["name"]: list(each["allowed"]) for each in inputs if each.get("allowed")}


def _answer(model: ModelContract, told: dict[str, Any]) -> None:
    if isinstance(model.answer, Amount):
        _amount(model.label, model.answer, told)
    else:
        _probability(model, told)
    if told.get("provisional"):
        st.warning(PROVISIONAL)
    for warning in told.get("warnings", []):
        st.warning(warning)
    st.caption(f"{told['model']}, version {told['model_version']}, request {told['request_id']}")
    drivers = told.get("drivers") or []
    if drivers:
        frame = pl.DataFrame(drivers).select("label", "contribution")
        charts.show(
            "What drove the answer",
            "How far each input moved it from an average patient's, in its unit.",
            frame,
            charts.bars(frame, "label", "contribution", is_flat=True, label="input"),
        )


def _amount(label: str, answer: Amount, told: dict[str, Any]) -> None:
    ends, shown = told["interval"], _money if answer.unit == "USD" else partial(_with_unit, answer.unit)
    st.metric(label, shown(told[answer.field]), help=f"{_sentence(answer.described)}, {answer.unit}.")
    # a pair of dollars would begin a formula
    lower, upper = (shown(ends[name]).replace("$", "\\$") for name in ("lower", "upper"))
    st.write(f"{ends['coverage']:.0%} of such {answer.plural} lie between {lower} and {upper}.")
    if peer := told.get("peer"):
        st.write(
            f"Peers (about {rounded(peer['patients']):,} people): half cost \\${peer['lower_quartile']:,.2f} "
            f"to \\${peer['upper_quartile']:,.2f}, median \\${peer['median']:,.2f}."
        )


def _probability(model: ModelContract, told: dict[str, Any]) -> None:
    answer = model.answer
    cutoffs = ", ".join(f"{name} from {value:.1%}" for name, value in told["cutoffs"].items())
    st.metric(
        model.label,
        f"{told[answer.field]:.1%}",
        told["status"],
        delta_color="off",
        help=f"{_sentence(answer.described)}. {cutoffs}.",
    )
    st.write(f"{told['status']} {answer.noun} ({cutoffs}).")


def _money(value: float) -> str:
    return f"${value:,.2f}"


def _with_unit(unit: str, value: float) -> str:
    return f"{value:,.1f} {unit}"


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def upload(user: SignedIn) -> None:
    """A CSV, scored in batches with a progress bar, and the answers as a CSV."""
    needed = "".join(f", for {what} {name}" for name, what in _needed().items())
    st.subheader(
        "Score a file",
        help=f"CSV with {', '.join(uploads.NEEDED)}{needed}; further: {', '.join(uploads.fields())}.",
    )
    most = uploads.MOST_ROWS if _may_batch(user) else uploads.MOST_ROWS_ONE_BY_ONE
    st.caption(f"Up to {most:,} rows." + ("" if _may_batch(user) else " With the role scorer as well, 100,000."))
    kinds = _answering(user)
    if not kinds:
        return
    model = kinds[st.radio("What to predict for each row", list(kinds), horizontal=True, key="upload kind")]
    given = st.file_uploader("CSV file", type="csv")
    if given is None:
        return
    of = (given.file_id, model.name)
    if st.button("Score the file"):
        try:
            rows = uploads.patients(given.getvalue(), most)
        except uploads.UploadRefused as refused:
            st.error(str(refused))
            return
        # kept in this session: asking for the download runs the page again, in which no button is pressed
        st.session_state[_SCORED] = of, rows.hstack(uploads.answers(model, _score(user, model.path, rows)))
    known, scored = st.session_state.get(_SCORED, (None, None))
    if known == of and scored is not None:
        st.success(f"{scored.height:,} rows scored.")
        st.dataframe(harmless(scored.head(100)), hide_index=True, width="stretch")
        charts.offer("Download the answers", lambda: csv_bytes(scored), "scored.csv", "text/csv")


def _may_batch(user: SignedIn) -> bool:
    return bool(user.roles & {"scorer", "admin"})


def _score(user: SignedIn, path: str, rows: pl.DataFrame) -> list[dict[str, Any]]:
    bar, answers = st.progress(0.0, "Scoring"), list[dict[str, Any]]()
    # the gateway takes batches of scorers only; a clinician's rows go one by one, as from the form
    is_batch = _may_batch(user)
    for patients in uploads.chunks(rows, uploads.CHUNK if is_batch else 1):
        if is_batch:
            answers += gateway.ask(user, "POST", f"{path}/batch", {"patients": patients})["predictions"]
        else:
            answers.append(gateway.ask(user, "POST", path, patients[0]))
        bar.progress(len(answers) / rows.height, f"{len(answers):,} of {rows.height:,}")
    return answers
